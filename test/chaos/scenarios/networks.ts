import { IDLE, keeper, type Names, QUICK, type Scenario, stackFile, type WantedStack } from '../scenario.ts';

const both = (front: string, back: string, web = '') => `
services:
  web: {${IDLE}, ${QUICK}, networks: {front: {}, back: {aliases: [inner]}${web}}}
  db: {${keeper()}, ${QUICK}, networks: [back]}
networks: {front: {${front}}, back: {${back}}}
volumes: {data: {}}
`;
const seen = ({ stack }: Names): WantedStack => ({
  name: stack,
  containers: {
    'web-1': { networks: [`${stack}_back`, `${stack}_front`] },
    'db-1': { networks: [`${stack}_back`] },
  },
  networks: ['back', 'front'],
  volumes: ['data'],
});
const everyone = ({ stack }: Names) => [`${stack}-web-1`, `${stack}-db-1`];

/** Changes of networks. */
export const NETWORKS: readonly Scenario[] = [
  {
    name: 'an option of a network, under running containers',
    before: (names) => stackFile(names, both('', '')),
    change: ({ write }, names) => write(stackFile(names, both('', 'internal: true'))),
    wanted: (names) => [{ ...seen(names), internal: { back: true, front: false } }],
    untouched: everyone,
    writes: 7,
  },
  {
    name: 'the subnet of a network',
    before: (names) => stackFile(names, both(`ipam: {config: [{subnet: ${names.subnet}0/26}]}`, '')),
    change: ({ write }, names) =>
      write(stackFile(names, both(`ipam: {config: [{subnet: ${names.subnet}64/26}]}`, ''))),
    wanted: (names) => [{ ...seen(names), subnets: { front: [`${names.subnet}64/26`] } }],
    untouched: everyone,
    writes: 6,
  },
  {
    name: 'IPv6 and its subnet',
    before: (names) => stackFile(names, both('', '')),
    change: ({ write }, names) =>
      write(
        stackFile(
          names,
          both(
            `enable_ipv6: true, ipam: {config: [{subnet: ${names.subnet}0/26}, {subnet: "${names.subnet6}:/64"}]}`,
            '',
          ),
        ),
      ),
    wanted: (names) => [
      { ...seen(names), subnets: { front: [`${names.subnet}0/26`, `${names.subnet6}:/64`] } },
    ],
    untouched: everyone,
    writes: 6,
  },
  {
    name: 'one network more, with a fixed address',
    before: (names) => stackFile(names, both(`ipam: {config: [{subnet: ${names.subnet}0/26}]}`, '')),
    change: ({ write }, names) =>
      write(
        stackFile(
          names,
          both(
            `ipam: {config: [{subnet: ${names.subnet}0/26}]}`,
            '',
            `, side: {ipv4_address: ${names.subnet}140}`,
          ).replace(
            'networks: {front: {ipam',
            `networks: {side: {ipam: {config: [{subnet: ${names.subnet}128/26}]}}, front: {ipam`,
          ),
        ),
      ),
    wanted: (names) => [
      {
        ...seen(names),
        containers: {
          'web-1': {
            networks: ['back', 'front', 'side'].map((key) => `${names.stack}_${key}`),
            addresses: { [`${names.stack}_side`]: `${names.subnet}140` },
          },
          'db-1': { networks: [`${names.stack}_back`] },
        },
        networks: ['back', 'front', 'side'],
      },
    ],
    untouched: everyone,
    writes: 2,
  },
  {
    name: 'a network that is no longer wanted',
    before: (names) => stackFile(names, both('', '')),
    change: ({ write }, names) =>
      write(
        stackFile(
          names,
          both('', '')
            .replace('front: {}, back: {aliases', 'back: {aliases')
            .replace('front: {}, back', 'back'),
        ),
      ),
    wanted: (names) => [
      {
        ...seen(names),
        containers: {
          'web-1': { networks: [`${names.stack}_back`] },
          'db-1': { networks: [`${names.stack}_back`] },
        },
        networks: ['back'],
      },
    ],
    untouched: everyone,
    writes: 2,
  },
  {
    name: 'two stacks on the network of somebody else',
    before: (names) => {
      const text = (value: string) => `
services: {web: {${IDLE}, ${QUICK}, environment: {REV: "${value}"}, networks: [shared]}}
networks: {shared: {external: true, name: ${names.foreignNetwork}}}`;
      return { ...stackFile(names, text('1')), [`${names.other}.compose.yaml`]: text('1') };
    },
    change: ({ write }, names) =>
      write(
        stackFile(
          names,
          `
services: {web: {${IDLE}, ${QUICK}, environment: {REV: "2"}, networks: [shared]}}
networks: {shared: {external: true, name: ${names.foreignNetwork}}}`,
        ),
      ),
    wanted: ({ stack, other, foreignNetwork }) => [
      {
        name: stack,
        containers: { 'web-1': { env: { REV: '2' }, networks: [foreignNetwork] } },
        networks: [],
      },
      {
        name: other,
        containers: { 'web-1': { env: { REV: '1' }, networks: [foreignNetwork] } },
        networks: [],
      },
    ],
    untouched: ({ other }) => [`${other}-web-1`],
    writes: 6,
  },
  {
    name: 'a shared network namespace follows its owner',
    before: (names) =>
      stackFile(
        names,
        `services:
  web: {${IDLE}, ${QUICK}, network_mode: "service:db"}
  db: {${keeper()}, ${QUICK}, environment: {REV: "1"}}
volumes: {data: {}}`,
      ),
    change: ({ write }, names) =>
      write(
        stackFile(
          names,
          `services:
  web: {${IDLE}, ${QUICK}, network_mode: "service:db"}
  db: {${keeper()}, ${QUICK}, environment: {REV: "2"}}
volumes: {data: {}}`,
        ),
      ),
    wanted: ({ stack }) => [
      {
        name: stack,
        containers: { 'web-1': { networks: [] }, 'db-1': { env: { REV: '2' } } },
        networks: ['default'],
        volumes: ['data'],
      },
    ],
    writes: 10,
  },
];
