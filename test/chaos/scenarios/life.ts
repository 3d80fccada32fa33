import { SMALL_IMAGE } from '../../support/lab.ts';
import {
  fileOf,
  IDLE,
  keeper,
  type Names,
  QUICK,
  rev,
  running,
  type Scenario,
  stackFile,
} from '../scenario.ts';

const chain = (first: string) =>
  `
services:
  a: {${IDLE}, ${QUICK}, environment: {REV: "${first}"}}
  b: {${IDLE}, ${QUICK}, depends_on: [a]}
  c: {${keeper()}, ${QUICK}, depends_on: [b]}
  d: {${IDLE}, ${QUICK}, depends_on: {c: {condition: service_started, restart: true}}}
  e: {${IDLE}, ${QUICK}, depends_on: {d: {condition: service_healthy}}}
volumes: {data: {}}`.replace('d: {', 'd: {healthcheck: {test: [CMD, "true"], interval: 500ms}, ');
const chained = ({ stack }: Names, first: string) => ({
  name: stack,
  containers: {
    'a-1': rev(first),
    'b-1': running,
    'c-1': running,
    'd-1': { health: 'healthy' as const },
    'e-1': running,
  },
  networks: ['default'],
  volumes: ['data'],
});
const job = (words: string) => `
services:
  job:
    image: ${SMALL_IMAGE}
    command: [sh, -c, "echo ${words} >> /data/tokens"]
    restart: "no"
    environment: {REV: ${words}}
    volumes: [data:/data]
  web: {${IDLE}, ${QUICK}, depends_on: {job: {condition: service_completed_successfully}}}
volumes: {data: {}}`;
const withJob = ({ stack }: Names, words: string) => ({
  name: stack,
  containers: { 'job-1': { state: 'exited' as const, env: { REV: words } }, 'web-1': running },
  networks: ['default'],
  volumes: ['data'],
});
const scaled = (count: number) => `
services:
  web: {${IDLE}, ${QUICK}, scale: ${count}}
  db: {${keeper()}, ${QUICK}}
volumes: {data: {}}`;
const scale = (name: string, from: number, to: number): Scenario => ({
  name,
  before: (names) => stackFile(names, scaled(from)),
  change: ({ write }, names) => write(stackFile(names, scaled(to))),
  wanted: ({ stack }) => [
    {
      name: stack,
      containers: {
        ...Object.fromEntries(Array.from({ length: to }, (_, index) => [`web-${index + 1}`, running])),
        'db-1': running,
      },
      networks: ['default'],
      volumes: ['data'],
    },
  ],
  untouched: ({ stack }) => [`${stack}-web-1`, `${stack}-db-1`],
  writes: 4,
});
const one = (key: string, value: string) => `
services:
  ${key}: {${keeper()}, ${QUICK}, environment: {REV: "${value}"}}
volumes: {data: {}}`;
const hooked = (value: string) => `
services:
  web:
    image: ${SMALL_IMAGE}
    command: [sh, -c, "echo $$HOSTNAME >> /data/tokens; exec sleep 100000"]
    stop_signal: SIGKILL
    environment: {REV: "${value}"}
    volumes: [data:/data]
    post_start: [{command: [sh, -c, "echo began >> /data/began"]}]
    pre_stop: [{command: [sh, -c, "echo ends >> /data/ends"]}]
    deploy: {update_config: {monitor: 100ms}}
volumes: {data: {}}`;

/** The life of services: they come, go, are renamed, are scaled, run once. */
export const SERVICES: readonly Scenario[] = [
  {
    name: 'first deployment',
    change: ({ write }, names) =>
      write(
        stackFile(
          names,
          `
services:
  web: {${IDLE}, ${QUICK}, depends_on: [db], ports: ["80"], configs: [{source: page, target: /page}], networks: [front, back]}
  db: {${keeper()}, ${QUICK}, networks: [back]}
  cache: {${IDLE}, ${QUICK}, volumes: [/cache], networks: [back]}
networks: {front: {}, back: {internal: true}}
volumes: {data: {}}
configs: {page: {content: hello}}`,
        ),
      ),
    wanted: ({ stack }) => [
      {
        name: stack,
        containers: {
          'web-1': {
            networks: [`${stack}_back`, `${stack}_front`],
            file: ['/page', 'hello'],
            ports: ['80/tcp'],
          },
          'db-1': { networks: [`${stack}_back`] },
          'cache-1': { networks: [`${stack}_back`], mounts: ['/cache'] },
        },
        networks: ['back', 'front'],
        volumes: ['cache_1_*', 'data'],
      },
    ],
    writes: 13,
  },
  {
    name: 'first deployment of a chain of five',
    change: ({ write }, names) => write(stackFile(names, chain('1'))),
    wanted: (names) => [chained(names, '1')],
    writes: 12,
  },
  {
    name: 'a change at the beginning of a chain of five',
    before: (names) => stackFile(names, chain('1')),
    change: ({ write }, names) => write(stackFile(names, chain('2'))),
    wanted: (names) => [chained(names, '2')],
    untouched: ({ stack }) => [`${stack}-c-1`, `${stack}-e-1`],
    writes: 6,
  },
  {
    name: 'a service more',
    before: (names) => stackFile(names, one('db', '1')),
    change: ({ write }, names) =>
      write(stackFile(names, one('db', '1').replace('services:', `services:\n  web: {${IDLE}}`))),
    wanted: ({ stack }) => [
      {
        name: stack,
        containers: { 'web-1': running, 'db-1': rev('1') },
        networks: ['default'],
        volumes: ['data'],
      },
    ],
    untouched: ({ stack }) => [`${stack}-db-1`],
    writes: 2,
  },
  {
    name: 'a service less',
    before: (names) => stackFile(names, one('db', '1').replace('services:', `services:\n  web: {${IDLE}}`)),
    change: ({ write }, names) => write(stackFile(names, one('db', '1'))),
    wanted: ({ stack }) => [
      { name: stack, containers: { 'db-1': rev('1') }, networks: ['default'], volumes: ['data'] },
    ],
    untouched: ({ stack }) => [`${stack}-db-1`],
    writes: 2,
  },
  {
    name: 'what has data is called otherwise',
    before: (names) => stackFile(names, one('db', '1')),
    change: ({ write }, names) => write(stackFile(names, one('store', '1'))),
    wanted: ({ stack }) => [
      { name: stack, containers: { 'store-1': rev('1') }, networks: ['default'], volumes: ['data'] },
    ],
    writes: 4,
  },
  scale('more replicas', 1, 4),
  scale('fewer replicas', 4, 1),
  {
    name: 'a job runs once more',
    before: (names) => stackFile(names, job('one')),
    change: ({ write }, names) => write(stackFile(names, job('two'))),
    wanted: (names) => [withJob(names, 'two')],
    writes: 5,
  },
  {
    name: 'first deployment with a job before it',
    change: ({ write }, names) => write(stackFile(names, job('one'))),
    wanted: (names) => [withJob(names, 'one')],
    writes: 6,
  },
  {
    name: 'hooks after the start and before the stop',
    before: (names) => stackFile(names, hooked('1')),
    change: ({ write }, names) => write(stackFile(names, hooked('2'))),
    wanted: ({ stack }) => [
      { name: stack, containers: { 'web-1': rev('2') }, networks: ['default'], volumes: ['data'] },
    ],
    writes: 10,
  },
];

/** The life of stacks. */
export const STACKS: readonly Scenario[] = [
  {
    name: 'a stack is called otherwise',
    before: (names) => stackFile(names, one('db', '1')),
    change: ({ write }, names) =>
      write({ [fileOf(names.stack)]: undefined, [fileOf(names.other)]: one('db', '2') }),
    wanted: ({ stack, other }) => [
      // Whatever it is called now: the data of the old one is not ours to remove.
      { name: stack, says: 'Gone', containers: {}, networks: [], volumes: ['data'] },
      { name: other, containers: { 'db-1': rev('2') }, networks: ['default'], volumes: ['data'] },
    ],
    writes: 7,
  },
  {
    name: 'a manifest that goes away',
    before: (names) => ({ ...stackFile(names, one('db', '1')), [fileOf(names.other)]: one('db', '2') }),
    change: ({ write }, names) => write({ [fileOf(names.stack)]: undefined }),
    wanted: ({ stack, other }) => [
      { name: stack, says: 'Gone', containers: {}, networks: [], volumes: ['data'] },
      { name: other, containers: { 'db-1': rev('2') }, networks: ['default'], volumes: ['data'] },
    ],
    untouched: ({ other }) => [`${other}-db-1`],
    writes: 3,
  },
  {
    name: 'delete',
    applied: () => one('db', '1'),
    change: ({ ctl }, { stack }) => ctl('delete', stack, '--ignore-not-found', '--timeout', '20s'),
    isCommand: true,
    wanted: ({ stack }) => [{ name: stack, says: 'Gone', containers: {}, networks: [], volumes: ['data'] }],
    writes: 3,
  },
  {
    name: 'delete with volumes',
    applied: () => one('db', '1'),
    change: ({ ctl }, { stack }) =>
      ctl('delete', stack, '--volumes', '--ignore-not-found', '--timeout', '20s'),
    isCommand: true,
    wanted: ({ stack }) => [{ name: stack, says: 'Gone', containers: {}, networks: [], volumes: [] }],
    writes: 4,
  },
  {
    name: 'delete in the middle of the first deployment',
    change: async ({ apply, ctl }, { stack }) => {
      await apply(stack, chain('1'));
      await new Promise((resolve) => setTimeout(resolve, 300));
      await ctl('delete', stack, '--volumes', '--ignore-not-found', '--timeout', '20s');
    },
    isCommand: true,
    wanted: ({ stack }) => [{ name: stack, says: 'Gone', containers: {}, networks: [], volumes: [] }],
    writes: 10,
  },
  {
    name: 'apply',
    applied: () => one('db', '1'),
    change: ({ apply }, { stack }) => apply(stack, one('db', '2')),
    isCommand: true,
    wanted: ({ stack }) => [
      { name: stack, containers: { 'db-1': rev('2') }, networks: ['default'], volumes: ['data'] },
    ],
    writes: 6,
  },
  {
    name: 'rollback',
    applied: () => one('db', '1'),
    appliedThen: () => one('db', '2'),
    change: ({ ctl }, { stack }) => ctl('rollback', stack, '--to-revision', '1', '--wait=false'),
    isCommand: true,
    wanted: ({ stack }) => [
      { name: stack, containers: { 'db-1': rev('1') }, networks: ['default'], volumes: ['data'] },
    ],
    writes: 6,
  },
  {
    name: 'what is suspended is let be',
    before: (names) => stackFile(names, one('db', '1')),
    change: async ({ ctl, write, docker }, names) => {
      await ctl('suspend', names.stack);
      await write(stackFile(names, one('db', '2')));
      await docker.getContainer(`${names.stack}-db-1`).restart({ t: 0 });
    },
    isCommand: true,
    wanted: ({ stack }) => [
      {
        name: stack,
        says: 'Suspended',
        containers: { 'db-1': {} },
        networks: ['default'],
        volumes: ['data'],
      },
    ],
    writes: 1,
  },
  {
    name: 'a project of docker compose is taken over',
    needs: 'compose',
    prepare: ({ composeUp }, { stack }) => composeUp(stack, one('db', '1')),
    change: ({ ctl }, { stack }) => ctl('adopt', stack, '--yes', '--wait=false'),
    isCommand: true,
    wanted: ({ stack }) => [
      { name: stack, containers: { 'db-1': rev('1') }, networks: ['default'], volumes: ['data'] },
    ],
    untouched: ({ stack }) => [`${stack}-db-1`],
    writes: 1,
  },
];
