import fc from 'fast-check';
import type { Operation, Sequence, SingleOperation } from './operation.ts';

const MOST_OPERATIONS = 25;

const container = fc.constantFrom('a', 'b', 'c');
const network = fc.constantFrom('n', 'm', 'bridge');
const ownNetwork = fc.constantFrom('n', 'm');
const volume = fc.constantFrom('v', 'w');
const restart = fc.constantFrom('no', 'always', 'unless-stopped', 'on-failure:2');

type Words = Omit<Extract<SingleOperation, { port: 'createContainer' }>, 'port' | 'as' | 'spec'>;

const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined, freq: 2 });

/** What a container is to be; of what ends by itself or minds signals, times are not told alike by all machines. */
const words = fc
  .record({
    where: fc.constantFrom<Partial<Words>>(
      {},
      { mode: 'bridge' },
      { mode: 'host' },
      { networks: [{ network: 'n', aliases: ['web'] }] },
      { networks: [{ network: 'm', address: 's.9' }] },
      { networks: [{ network: 'n' }, { network: 'm' }] },
      { mode: 'container:a' },
    ),
    volumes: maybe(fc.constantFrom({ '/data': 'v' }, { '/data': 'v:ro', '/more': 'w' }, { '/data': '' })),
    ports: maybe(fc.constantFrom(['p:80'], ['q:80'])),
    restart: maybe(restart),
    health: maybe(fc.constantFrom('pass' as const, 'fail' as const)),
    memoryMiB: maybe(fc.constantFrom(32, 64)),
  })
  // Who has no network of its own can publish nothing: 28 refuses to make such a container.
  .map(({ where, ports, ...rest }) =>
    defined({ ...rest, ...where, ...(where.mode?.startsWith('container:') === true ? {} : { ports }) }),
  );

const defined = <Value extends object>(value: Value): Value =>
  Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as Value;

const creationOf = (of: string) =>
  words
    // Nobody's network is one's own.
    .map(
      (each): Words => ({
        ...each,
        ...(each.mode === `container:${of}` ? { mode: 'none' } : {}),
        container: of,
      }),
    )
    .chain((each) =>
      fc.oneof(
        { weight: 3, arbitrary: fc.constant<SingleOperation>({ port: 'createContainer', ...each }) },
        {
          weight: 3,
          arbitrary: fc.constantFrom<SingleOperation>(
            { docker: 'create', ...each },
            { docker: 'run', ...each },
            { docker: 'run', foreign: true, ...each },
          ),
        },
      ),
    );
const creation = container.chain(creationOf);

const lifecycle = fc.oneof(
  { weight: 2, arbitrary: creation },
  {
    weight: 4,
    arbitrary: fc
      .tuple(
        container,
        fc.constantFrom('startContainer', 'stopContainer', 'restartContainer', 'removeContainer'),
      )
      .map(([of, port]) => ({ port, container: of }) as SingleOperation),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(container, fc.constantFrom('start', 'stop', 'restart', 'kill'))
      .map(([of, docker]) => ({ docker, container: of }) as SingleOperation),
  },
  {
    weight: 1,
    arbitrary: fc
      .record({ container, force: fc.boolean(), volumes: fc.boolean() })
      .map((each): SingleOperation => ({ docker: 'rm', ...each })),
  },
  {
    weight: 1,
    arbitrary: fc
      .record({ container, restart, memoryMiB: maybe(fc.constantFrom(32, 64)) })
      .map((each): SingleOperation => defined({ port: 'updateContainer', ...each })),
  },
);

const networks = fc.oneof(
  ownNetwork.map(
    (of): SingleOperation => ({ port: 'createNetwork', network: of, subnet: of === 'm' ? 's' : 't' }),
  ),
  ownNetwork.map((of): SingleOperation => ({ port: 'removeNetwork', network: of })),
  ownNetwork.map((of): SingleOperation => ({ docker: 'network-rm', network: of })),
  fc
    .record({ container, network: ownNetwork, aliases: maybe(fc.constant(['api'])) })
    .map((each): SingleOperation => defined({ port: 'connectNetwork', ...each })),
  fc
    .record({ container, network: ownNetwork, force: fc.boolean() })
    .map((each): SingleOperation => ({ port: 'disconnectNetwork', ...each })),
  fc
    .record({ container, network, aliases: maybe(fc.constant(['api', 'www'])) })
    .map((each): SingleOperation => defined({ docker: 'network-connect', ...each })),
  fc
    .record({ container, network, force: fc.boolean() })
    .map((each): SingleOperation => ({ docker: 'network-disconnect', ...each })),
);

const volumes = fc.oneof(
  volume.map((of): SingleOperation => ({ port: 'createVolume', volume: of })),
  volume.map((of): SingleOperation => ({ port: 'removeVolume', volume: of })),
  volume.map((of): SingleOperation => ({ docker: 'volume-create', volume: of })),
  fc
    .record({ volume, force: fc.boolean() })
    .map((each): SingleOperation => ({ docker: 'volume-rm', ...each })),
);

const renames = fc
  .record({ container, to: fc.constantFrom('a', 'b', 'c', 'd') })
  .chain((each) =>
    fc.constantFrom<SingleOperation>({ port: 'renameContainer', ...each }, { docker: 'rename', ...each }),
  );

const pauses = fc
  .tuple(container, fc.constantFrom('pause', 'unpause'))
  .chain(([of, docker]) =>
    fc.constantFrom(
      { docker, container: of } as SingleOperation,
      { port: 'unpauseContainer', container: of } as SingleOperation,
    ),
  );

/** The same twice at once, where it does not matter which is first. */
const pairs = fc
  .oneof(
    container.map((of): SingleOperation => ({ port: 'startContainer', container: of })),
    container.map((of): SingleOperation => ({ port: 'stopContainer', container: of })),
    ownNetwork.map((of): SingleOperation => ({ port: 'createNetwork', network: of })),
    volume.map((of): SingleOperation => ({ port: 'createVolume', volume: of })),
  )
  .map((each): Operation => ({ both: [each, each] }));

const operations = fc.oneof(
  { weight: 30, arbitrary: lifecycle },
  { weight: 20, arbitrary: networks },
  { weight: 15, arbitrary: volumes },
  { weight: 10, arbitrary: renames },
  { weight: 10, arbitrary: pauses },
  { weight: 10, arbitrary: pairs },
);

const BEGINNING: Sequence = [
  { port: 'createNetwork', network: 'n' },
  { port: 'createNetwork', network: 'm', subnet: 's' },
  { port: 'createVolume', volume: 'v' },
];

/** Sequences that begin with something to work on. */
const sequences = fc
  .tuple(
    creationOf('a'),
    creationOf('b'),
    fc.array(operations, { minLength: 20, maxLength: MOST_OPERATIONS - 5 }),
  )
  .map(([first, second, rest]): Sequence => [...BEGINNING, first, second, ...rest]);

/** As many sequences as are asked for; the same for the same seed. */
export function generatedSequences(count: number, seed: number): readonly Sequence[] {
  return fc.sample(sequences, { numRuns: count, seed });
}
