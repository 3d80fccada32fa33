import fc from 'fast-check';
import { COMPOSE } from '../../src/model/labels.ts';
import type { ServiceWords, StackWords } from './builders.ts';
import type { Hands } from './simulated/hands.ts';
import { SimulatedEngine } from './simulated-engine.ts';

/** Words of a service; what they refer to is made to fit by `stacks`. */
interface RawService {
  readonly image: string;
  readonly replicas: number;
  readonly networks: readonly string[];
  readonly sharesNetwork: boolean;
  readonly address: boolean;
  readonly dependsOn: 'none' | 'started' | 'healthy' | 'restart';
  readonly port: string | undefined;
  readonly volume: boolean;
  readonly anonymous: boolean;
  readonly env: string;
  readonly health: boolean;
  readonly memory: number;
  readonly restart: 'no' | 'always' | 'unless-stopped';
  readonly startFirst: boolean;
  readonly isJob: boolean;
  readonly file: boolean;
  readonly hooks: boolean;
  readonly hostname: boolean;
  readonly parallelism: number;
}

const rawService: fc.Arbitrary<RawService> = fc.record({
  image: fc.constantFrom('app:1', 'app:2', 'volumes:1'),
  replicas: fc.constantFrom(1, 1, 1, 2, 3, 0),
  networks: fc.subarray(['back', 'default', 'front'], { minLength: 1 }),
  sharesNetwork: fc.boolean(),
  address: fc.boolean(),
  dependsOn: fc.constantFrom('none', 'started', 'healthy', 'restart'),
  port: fc.constantFrom(undefined, '8080', '8081', '8082'),
  volume: fc.boolean(),
  anonymous: fc.boolean(),
  env: fc.constantFrom('A=1', 'A=2', 'A=3'),
  health: fc.boolean(),
  memory: fc.constantFrom(0, 64, 128),
  restart: fc.constantFrom('no', 'always', 'unless-stopped'),
  startFirst: fc.boolean(),
  isJob: fc.constantFrom(false, false, false, true),
  file: fc.boolean(),
  hooks: fc.boolean(),
  hostname: fc.boolean(),
  parallelism: fc.constantFrom(0, 1, 2),
});

const networkOptions = fc.record({
  internal: fc.boolean(),
  icc: fc.boolean(),
  subnet: fc.constantFrom('10.10.0.0/24', '10.11.0.0/24'),
});

interface RawStack {
  readonly services: Readonly<Record<string, RawService>>;
  readonly back: { readonly internal: boolean; readonly icc: boolean; readonly subnet: string };
  readonly isEveryNetworkDeclared: boolean;
}

/** Stacks of one to three services that an engine can really run. */
export const stacks: fc.Arbitrary<StackWords> = fc
  .record({
    services: fc
      .tuple(
        fc.subarray(['a', 'b', 'c', 'd'], { minLength: 1, maxLength: 3 }),
        fc.array(rawService, { minLength: 3, maxLength: 3 }),
      )
      .map(([names, raw]) =>
        Object.fromEntries(names.map((name, index) => [name, raw[index] as RawService])),
      ),
    back: networkOptions,
    isEveryNetworkDeclared: fc.boolean(),
  })
  .map(words);

function words(raw: RawStack): StackWords {
  const ports = new Set<string>();
  const services: Record<string, ServiceWords> = {};
  let before: readonly [string, RawService] | undefined;
  for (const [name, each] of Object.entries(raw.services)) {
    services[name] = serviceWords(name, each, { before, ports, subnet: raw.back.subnet });
    if (each.replicas > 0) before = [name, each];
  }
  const used = new Set(Object.values(services).flatMap((each) => Object.keys(each.networks ?? {})));
  const networks = {
    default: {},
    back: {
      internal: raw.back.internal,
      options: raw.back.icc ? {} : { 'com.docker.network.bridge.enable_icc': 'false' },
      pools: [{ subnet: raw.back.subnet, auxAddresses: {} }],
    },
    front: {},
  };
  return {
    services,
    networks: Object.fromEntries(
      Object.entries(networks).filter(([key]) => raw.isEveryNetworkDeclared || used.has(key)),
    ),
    volumes: { data: {} },
  };
}

interface Around {
  readonly before: readonly [string, RawService] | undefined;
  readonly ports: Set<string>;
  readonly subnet: string;
}

function serviceWords(name: string, raw: RawService, around: Around): ServiceWords {
  const shares = raw.sharesNetwork && around.before !== undefined && !around.before[1].isJob;
  const port =
    raw.port !== undefined && raw.replicas === 1 && !shares && !around.ports.has(raw.port)
      ? raw.port
      : undefined;
  if (port !== undefined) around.ports.add(port);
  const host = 10 + name.charCodeAt(0) - 'a'.charCodeAt(0);
  const address =
    raw.address && raw.replicas === 1 ? { ipv4Address: `${around.subnet.slice(0, -4)}${host}` } : {};
  const networks = Object.fromEntries(raw.networks.map((key) => [key, key === 'back' ? address : {}]));
  return {
    image: raw.image,
    replicas: raw.replicas,
    ...(shares ? { mode: { kind: 'service', service: around.before?.[0] ?? '' } } : { networks }),
    dependsOn: dependencies(raw, around.before),
    ...(port === undefined ? {} : { ports: [`${port}:80`] }),
    ...(raw.volume ? { volumes: ['data:/data'] } : {}),
    ...(raw.anonymous ? { anonymous: ['/cache'] } : {}),
    env: [raw.env],
    health: raw.health && !raw.isJob,
    resources: raw.memory === 0 ? {} : { Memory: raw.memory * 1024 * 1024 },
    restart: raw.isJob ? 'no' : raw.restart,
    isJob: raw.isJob,
    ...(raw.hostname ? { hostname: `host-${name}` } : {}),
    ...(raw.hooks && !raw.isJob ? { postStart: ['echo up'], preStop: ['echo bye'] } : {}),
    ...(raw.file ? { files: { '/etc/app.conf': raw.env } } : {}),
    update: { order: raw.startFirst ? 'start-first' : 'stop-first', parallelism: raw.parallelism },
  };
}

function dependencies(raw: RawService, before: Around['before']): NonNullable<ServiceWords['dependsOn']> {
  if (raw.dependsOn === 'none' || before === undefined) return {};
  const [target, other] = before;
  if (other.isJob) return { [target]: 'completed' };
  if (raw.dependsOn === 'restart') return { [target]: { restart: true } };
  return { [target]: raw.dependsOn === 'healthy' && other.health ? 'healthy' : 'started' };
}

/** What somebody does to an engine by hand; numbers choose among what is there. */
export interface Deed {
  readonly kind: (typeof DEED_KINDS)[number];
  readonly which: number;
  readonly other: number;
}

export const DEED_KINDS = [
  'rm',
  'stop',
  'crash',
  'pause',
  'restart',
  'rename',
  'update',
  'disconnect',
  'reconnect',
  'attach',
  'remake',
  'rmNetwork',
  'dead',
  'removing',
  'rmImage',
  'bind',
  'copy',
] as const;

export const deeds = (maxLength: number): fc.Arbitrary<readonly Deed[]> =>
  fc.array(fc.record({ kind: fc.constantFrom(...DEED_KINDS), which: fc.nat(1000), other: fc.nat(1000) }), {
    maxLength,
  });

/** An engine with the images that the generated stacks name. */
export function engineFor(profile: '20.10' | '28'): SimulatedEngine {
  const engine = new SimulatedEngine({ profile });
  engine.world.registry.set('app:1', {});
  engine.world.registry.set('app:2', {});
  engine.world.registry.set('volumes:1', { volumes: ['/var/lib/app'] });
  return engine;
}

/** Scripts the jobs of a stack to end well after two seconds. */
export function scriptJobs(engine: SimulatedEngine, words: StackWords): void {
  for (const [name, each] of Object.entries(words.services ?? {})) {
    for (let ordinal = 1; ordinal <= 3; ordinal += 1) {
      for (const container of [`demo-${name}-${ordinal}`]) {
        engine.world.behaviours.delete(container);
        if (each.isJob === true) engine.behave(container, { exit: { afterMs: 2000, code: 0 } });
      }
    }
  }
}

interface Target {
  readonly name: string;
  readonly network: string;
  readonly number: number;
}

/** Does it, if there is anything to do it to. */
export function carryOut(engine: SimulatedEngine, deed: Deed): void {
  const containers = [...engine.world.containers.values()].filter(
    (each) => each.labels[COMPOSE.project] === 'demo',
  );
  const networks = [...engine.world.networks.values()].filter((each) => each.name.startsWith('demo_'));
  const container = containers[deed.which % Math.max(1, containers.length)];
  const network = networks[deed.other % Math.max(1, networks.length)];
  try {
    if (network !== undefined && deed.kind === 'rmNetwork') engine.hands.rmNetwork(network.name);
    if (network !== undefined && deed.kind === 'remake') {
      engine.hands.remakeNetwork(network.name, { internal: !network.spec.internal }, true);
    }
    if (deed.kind === 'rmImage') engine.hands.rmImage('app:1');
    if (container !== undefined) {
      const target = { name: container.name, network: network?.name ?? 'bridge', number: deed.other };
      TO_CONTAINER[deed.kind]?.(engine.hands, target);
    }
  } catch {
    // The engine refused: the person shrugs.
  }
}

const TO_CONTAINER: Readonly<Record<string, (hands: Hands, target: Target) => void>> = {
  rm: (hands, { name }) => hands.rm(name),
  stop: (hands, { name }) => hands.stop(name),
  crash: (hands, { name }) => hands.crash(name),
  pause: (hands, { name }) => hands.pause(name),
  restart: (hands, { name }) => hands.restart(name),
  rename: (hands, { name, number }) => hands.rename(name, `stray-${number}`),
  update: (hands, { name }) =>
    hands.update(name, { Memory: 32 * 1024 * 1024 }, { Name: 'on-failure', MaximumRetryCount: 0 }),
  disconnect: (hands, { name, network }) => hands.disconnect(network, name),
  reconnect: (hands, { name, network }) => {
    hands.disconnect(network, name);
    hands.connect(network, name);
  },
  attach: (hands, { name, network }) => hands.connect(network, name),
  dead: (hands, { name }) => hands.leaveDead(name),
  removing: (hands, { name }) => hands.beginRemoval(name, 3000),
  bind: (hands, { name }) => hands.replaceBind(name, '/data'),
  copy: (hands, { name }) => hands.copy(name),
};
