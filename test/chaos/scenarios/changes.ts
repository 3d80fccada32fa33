import { SMALL_IMAGE } from '../../support/lab.ts';
import {
  CANARY,
  IDLE,
  keeper,
  type Names,
  QUICK,
  rev,
  running,
  type Scenario,
  stackFile,
  type WantedStack,
} from '../scenario.ts';

/** A stack of `web` and of `db`, which has data; only `web` and what stands below it is said. */
const shop = (web: string, rest = '') => `
services:
  web: {${web}, ${QUICK}}
  db: {${keeper()}, ${QUICK}}
volumes: {data: {}}
${rest}`;
const ofShop = ({ stack }: Names, web: WantedStack['containers'][string]): WantedStack => ({
  name: stack,
  containers: { 'web-1': web, 'db-1': running },
  networks: ['default'],
  volumes: ['data'],
});
const dbOf = ({ stack }: Names) => [`${stack}-db-1`];
/** A change of `web` alone. */
const ofWeb = (
  name: string,
  from: (names: Names) => string,
  to: (names: Names) => string,
  seen: (names: Names) => WantedStack['containers'][string],
): Scenario => ({
  name,
  before: (names) => stackFile(names, shop(from(names))),
  change: ({ write }, names) => write(stackFile(names, shop(to(names)))),
  wanted: (names) => [ofShop(names, seen(names))],
  untouched: dbOf,
  writes: 6,
});

/** Changes of one service's settings. */
export const CHANGES: readonly Scenario[] = [
  ofWeb(
    'environment',
    () => `${IDLE}, environment: {REV: "1"}`,
    () => `${IDLE}, environment: {REV: "2"}`,
    () => rev('2'),
  ),
  ofWeb(
    'image',
    () => IDLE,
    ({ otherImage }) => IDLE.replace(SMALL_IMAGE, otherImage),
    ({ otherImage }) => ({ image: otherImage }),
  ),
  ofWeb(
    'port',
    () => `${IDLE}, ports: ["80"]`,
    () => `${IDLE}, ports: ["81"]`,
    () => ({ ports: ['81/tcp'] }),
  ),
  ofWeb(
    'healthcheck',
    () => IDLE,
    () => `${IDLE}, healthcheck: {test: [CMD, "true"], interval: 1s}`,
    () => ({ health: 'healthy' }),
  ),
  ofWeb(
    'labels and a tmpfs',
    () => `${IDLE}, labels: {color: red}`,
    () => `${IDLE}, labels: {color: blue}, tmpfs: [/scratch], environment: {REV: "2"}`,
    () => rev('2'),
  ),
  {
    name: 'mount in another place',
    before: (names) =>
      stackFile(names, shop(`${keeper('/srv', 'files')}`, '').replace('{data: {}}', '{data: {}, files: {}}')),
    change: ({ write }, names) =>
      write(
        stackFile(
          names,
          shop(`${keeper('/opt', 'files')}`, '').replace('{data: {}}', '{data: {}, files: {}}'),
        ),
      ),
    wanted: (names) => [{ ...ofShop(names, { mounts: ['/opt'] }), volumes: ['data', 'files'] }],
    untouched: dbOf,
    writes: 6,
  },
  {
    name: 'a volume more',
    before: (names) => stackFile(names, shop(IDLE)),
    change: ({ write }, names) =>
      write(stackFile(names, shop(keeper('/srv', 'files')).replace('{data: {}}', '{data: {}, files: {}}'))),
    wanted: (names) => [{ ...ofShop(names, { mounts: ['/srv'] }), volumes: ['data', 'files'] }],
    untouched: dbOf,
    writes: 7,
  },
  {
    name: 'what has the data is replaced',
    before: (names) => stackFile(names, shop(IDLE)),
    change: ({ write }, names) =>
      write(stackFile(names, shop(IDLE).replace('db: {', 'db: {environment: {REV: "2"}, '))),
    wanted: (names) => [{ ...ofShop(names, running), containers: { 'web-1': running, 'db-1': rev('2') } }],
    untouched: ({ stack }) => [`${stack}-web-1`],
    writes: 6,
  },
  {
    name: 'anonymous volume of what is replaced',
    before: (names) =>
      stackFile(names, `services: {web: {${keeper('/cache').replace('"data:/cache"', '/cache')}, ${QUICK}}}`),
    change: ({ write }, names) =>
      write(
        stackFile(
          names,
          `services: {web: {${keeper('/cache').replace('"data:/cache"', '/cache')}, environment: {REV: "2"}, ${QUICK}}}`,
        ),
      ),
    wanted: ({ stack }) => [
      { name: stack, containers: { 'web-1': rev('2') }, networks: ['default'], volumes: ['web_1_*'] },
    ],
    writes: 6,
  },
  {
    name: 'content of a config',
    before: (names) =>
      stackFile(
        names,
        shop(`${IDLE}, configs: [{source: page, target: /page}]`, 'configs: {page: {content: one}}'),
      ),
    change: ({ write }, names) =>
      write(
        stackFile(
          names,
          shop(`${IDLE}, configs: [{source: page, target: /page}]`, 'configs: {page: {content: two}}'),
        ),
      ),
    wanted: (names) => [ofShop(names, { file: ['/page', 'two'] })],
    untouched: dbOf,
    writes: 7,
  },
  {
    name: 'content of a secret',
    before: (names) => ({
      ...stackFile(names, shop(`${IDLE}, secrets: [key]`, 'secrets: {key: {file: ./key}}')),
      key: `${CANARY}-1`,
    }),
    change: ({ write }) => write({ key: `${CANARY}-2` }),
    wanted: (names) => [ofShop(names, { file: ['/run/secrets/key', `${CANARY}-2`] })],
    untouched: dbOf,
    writes: 7,
  },
  {
    name: 'start-first',
    before: (names) =>
      stackFile(
        names,
        shop(`${IDLE}, environment: {REV: "1"}`).replace(
          '{update_config: {',
          '{update_config: {order: start-first, ',
        ),
      ),
    change: ({ write }, names) =>
      write(
        stackFile(
          names,
          shop(`${IDLE}, environment: {REV: "2"}`).replace(
            '{update_config: {',
            '{update_config: {order: start-first, ',
          ),
        ),
      ),
    wanted: (names) => [ofShop(names, rev('2'))],
    untouched: dbOf,
    writes: 9,
  },
  {
    name: 'a revision that cannot run is taken back',
    before: (names) => stackFile(names, shop(`${IDLE}, environment: {REV: "1"}`)),
    change: ({ write }, names) =>
      write(
        stackFile(names, shop(`${IDLE}, environment: {REV: "2"}`).replace('[sleep, "100000"]', '["false"]')),
      ),
    wanted: (names) => [{ ...ofShop(names, rev('1')), says: 'BadRevision' }],
    untouched: dbOf,
    writes: 8,
  },
  {
    name: 'a manifest that breaks',
    before: (names) => stackFile(names, shop(`${IDLE}, environment: {REV: "1"}`)),
    change: ({ write }, names) => write(stackFile(names, shop(`${IDLE}, environment: {REV: "2"}, [`))),
    wanted: (names) => [{ ...ofShop(names, rev('1')), says: 'ManifestInvalid' }],
    untouched: ({ stack }) => [`${stack}-web-1`, `${stack}-db-1`],
    writes: 1,
  },
  {
    name: 'there and back again',
    before: (names) => stackFile(names, shop(`${IDLE}, environment: {REV: "1"}`)),
    change: async ({ write }, names) => {
      await write(stackFile(names, shop(`${IDLE}, environment: {REV: "2"}`)));
      await new Promise((resolve) => setTimeout(resolve, 700));
      await write(stackFile(names, shop(`${IDLE}, environment: {REV: "1"}`)));
    },
    wanted: (names) => [ofShop(names, rev('1'))],
    untouched: dbOf,
    writes: 8,
  },
];
