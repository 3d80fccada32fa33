import { SMALL_IMAGE } from '../../support/lab.ts';
import { tagAs } from '../images.ts';
import { IDLE, keeper, type Names, QUICK, type Scenario, type Seen, stackFile } from '../scenario.ts';

const manifest = ({ subnet }: Names, web: string) => `
services:
  web: {${web}, ${QUICK}, mem_limit: 64m, networks: {front: {ipv4_address: ${subnet}10, aliases: [site]}, back: {}}}
  db: {${keeper()}, ${QUICK}, networks: [back]}
  other: {${IDLE}, ${QUICK}, networks: [front]}
networks: {front: {ipam: {config: [{subnet: ${subnet}0/24}]}}, back: {internal: true}}
volumes: {data: {}}
`;
const wanted = ({ stack, subnet }: Names, web: Seen = {}) => ({
  name: stack,
  containers: {
    'web-1': {
      networks: [`${stack}_back`, `${stack}_front`],
      addresses: { [`${stack}_front`]: `${subnet}10` },
      memoryBytes: 64 * 1024 * 1024,
      ...web,
    },
    'db-1': { networks: [`${stack}_back`] },
    'other-1': { networks: [`${stack}_front`] },
  },
  networks: ['back', 'front'],
  volumes: ['data'],
  internal: { back: true, front: false },
});
const only =
  (...services: readonly string[]) =>
  ({ stack }: Names) =>
    services.map((service) => `${stack}-${service}-1`);

/** Something that somebody does behind the daemon's back, and that is undone. */
const drift = (
  name: string,
  untouched: NonNullable<Scenario['untouched']>,
  writes: number,
  change: Scenario['change'],
): Scenario => ({
  name,
  before: (names) => stackFile(names, manifest(names, IDLE)),
  change,
  wanted: (names) => [wanted(names)],
  untouched,
  writes,
});
const allOthers = only('web', 'other');
const everyone = only('web', 'db', 'other');

/** Heals of each kind of drift. */
export const DRIFT: readonly Scenario[] = [
  drift('rm -f', allOthers, 2, ({ docker }, { stack }) =>
    docker.getContainer(`${stack}-db-1`).remove({ force: true }),
  ),
  drift('stop', allOthers, 1, ({ docker }, { stack }) => docker.getContainer(`${stack}-db-1`).stop({ t: 0 })),
  drift('kill', allOthers, 1, ({ docker }, { stack }) => docker.getContainer(`${stack}-db-1`).kill()),
  drift('pause', everyone, 1, ({ docker }, { stack }) => docker.getContainer(`${stack}-db-1`).pause()),
  drift('rename', everyone, 1, ({ docker }, { stack }) =>
    docker.getContainer(`${stack}-web-1`).rename({ name: `${stack}-mine` }),
  ),
  drift('network disconnect', everyone, 1, ({ docker }, { stack }) =>
    docker.getNetwork(`${stack}_front`).disconnect({ Container: `${stack}-web-1`, Force: true }),
  ),
  drift('network connect of one too many', everyone, 1, ({ docker }, { stack, foreignNetwork }) =>
    docker.getNetwork(foreignNetwork).connect({ Container: `${stack}-db-1` }),
  ),
  drift('network rm', everyone, 4, async ({ docker }, { stack }) => {
    const network = docker.getNetwork(`${stack}_front`);
    for (const service of ['web', 'other'])
      await network.disconnect({ Container: `${stack}-${service}-1`, Force: true });
    // The daemon may have been quicker: then this is refused, and that is as good.
    await network.remove().catch(() => undefined);
  }),
  drift('docker update', everyone, 1, ({ docker }, { stack }) =>
    docker.getContainer(`${stack}-web-1`).update({ Memory: 32 * 1024 * 1024, MemorySwap: 64 * 1024 * 1024 }),
  ),
  drift(
    'everything removed',
    () => [],
    9,
    async ({ docker }, { stack }) => {
      for (const service of ['web', 'db', 'other'])
        await docker
          .getContainer(`${stack}-${service}-1`)
          .remove({ force: true })
          .catch(() => undefined);
    },
  ),
  {
    ...drift('a tag that means another image', only('db', 'other'), 6, ({ docker }, names) =>
      tagAs(docker, names.otherImage, names.ownTag),
    ),
    before: (names) => stackFile(names, manifest(names, IDLE.replace(SMALL_IMAGE, names.ownTag))),
    wanted: (names) => [wanted(names, { image: names.otherImage })],
  },
  {
    name: 'what is unhealthy is restarted',
    before: (names) => stackFile(names, UNHEALTHY),
    change: async ({ docker }, { stack }) => {
      const exec = await docker
        .getContainer(`${stack}-web-1`)
        .exec({ Cmd: ['rm', '/tmp/good'], AttachStdout: true });
      await exec.start({});
      // Long enough for two probes: then it is the daemon's turn.
      await new Promise((resolve) => setTimeout(resolve, 1500));
    },
    wanted: ({ stack }) => [
      {
        name: stack,
        containers: { 'web-1': { health: 'healthy', file: ['/tmp/good', ''] }, 'db-1': {} },
        networks: ['default'],
        volumes: ['data'],
      },
    ],
    untouched: only('db'),
    writes: 1,
  },
];

const UNHEALTHY = `services:
  web:
    image: ${SMALL_IMAGE}
    command: [sh, -c, "touch /tmp/good; exec sleep 100000"]
    stop_signal: SIGKILL
    healthcheck: {test: [CMD, test, -e, /tmp/good], interval: 500ms, retries: 1}
  db: {${keeper()}, ${QUICK}}
volumes: {data: {}}`;
