import { specHash } from '../../src/desired/hash.ts';
import type { HealthcheckConfig, MountConfig, Resources, RestartPolicy } from '../../src/model/container.ts';
import type {
  DesiredContainer,
  DesiredDependency,
  DesiredEndpoint,
  DesiredImage,
  DesiredNetwork,
  DesiredService,
  DesiredStack,
  DesiredVolume,
  InjectedFile,
  NamespaceRef,
  NetworkMode,
  PullPolicy,
  StackPolicy,
  UpdateConfig,
} from '../../src/model/desired.ts';
import type { Hooks } from '../../src/model/hooks.ts';
import { stackName } from '../../src/model/names.ts';

/** A service in a test's own short words; what is left out is the plainest thing. */
export interface ServiceWords {
  readonly image?: string;
  readonly replicas?: number;
  /** Keys of networks, the primary one first; with settings where they matter. Default: `default`. */
  readonly networks?: readonly string[] | Readonly<Record<string, Partial<DesiredEndpoint>>>;
  readonly mode?: 'host' | 'none' | 'bridge' | NamespaceRef;
  readonly ipc?: NamespaceRef;
  readonly pid?: NamespaceRef;
  /** `app`, `app:ro`, `container:other` */
  readonly volumesFrom?: readonly string[];
  /** `{ db: 'healthy' }` */
  readonly dependsOn?: Readonly<Record<string, Condition | Partial<DesiredDependency>>>;
  /** `8080:80` */
  readonly ports?: readonly string[];
  /** `data:/data`: the key of a volume of the stack. */
  readonly volumes?: readonly string[];
  readonly anonymous?: readonly string[];
  readonly env?: readonly string[];
  readonly hostname?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly resources?: Resources;
  readonly restart?: RestartPolicy['Name'];
  readonly health?: boolean | HealthcheckConfig;
  readonly name?: string;
  readonly update?: Partial<UpdateConfig>;
  readonly rollback?: Partial<UpdateConfig>;
  readonly isJob?: boolean;
  readonly healUnhealthy?: boolean;
  /** Commands of hooks, each one line of a shell. */
  readonly postStart?: readonly string[];
  readonly preStop?: readonly string[];
  readonly pullPolicy?: PullPolicy;
  /** A digest: the image is built. */
  readonly build?: string;
}

type Condition = 'started' | 'healthy' | 'completed';

export interface StackWords {
  readonly name?: string;
  readonly project?: string;
  readonly revision?: string;
  /** In the order of their dependencies. */
  readonly services?: Readonly<Record<string, ServiceWords>>;
  /** Default: `default`, plain. */
  readonly networks?: Readonly<Record<string, Partial<DesiredNetwork>>>;
  readonly volumes?: Readonly<Record<string, Partial<DesiredVolume>>>;
  readonly policy?: Partial<StackPolicy>;
}

/** A whole desired stack, hashed as `desired/` would. */
export function stack(words: StackWords = {}): DesiredStack {
  const project = words.project ?? words.name ?? 'demo';
  const networks = Object.entries(words.networks ?? { default: {} }).map(([key, change]) =>
    network(project, key, change),
  );
  const volumes = Object.entries(words.volumes ?? {}).map(([key, change]) => volume(project, key, change));
  const services = Object.entries(words.services ?? {}).map(([name, each]) =>
    service({ project, name, words: each, networks, volumes }),
  );
  const images = Object.values(words.services ?? {}).map(image);
  const unique = [...new Map(images.map((each) => [each.ref, each])).values()];
  const revision = words.revision ?? specHash({ services, networks, volumes, unique });
  return {
    name: stackName(words.name ?? 'demo'),
    project,
    revision,
    workingDirectory: '/srv/demo',
    configFiles: ['/srv/demo/compose.yaml'],
    networks,
    volumes,
    images: unique,
    services,
    policy: {
      suspend: false,
      prune: true,
      deletionPolicy: 'Delete',
      driftDetection: 'enabled',
      intervalMs: 30_000,
      timeoutMs: 60_000,
      dependsOn: [],
      ...words.policy,
    },
  };
}

function network(project: string, key: string, change: Partial<DesiredNetwork>): DesiredNetwork {
  const spec = {
    driver: 'bridge',
    options: {},
    internal: false,
    attachable: false,
    enableIPv6: false,
    ipamDriver: 'default',
    ipamOptions: {},
    pools: [],
    labels: {},
    ...change,
  };
  return { key, name: `${project}_${key}`, external: false, ...spec, specHash: specHash(spec) };
}

/** A pool of one subnet, and nothing else. */
export const pool = (subnet: string) => ({ subnet, auxAddresses: {} });

function volume(project: string, key: string, change: Partial<DesiredVolume>): DesiredVolume {
  const spec = { driver: 'local', options: {}, labels: {}, ...change };
  return { key, name: `${project}_${key}`, external: false, ...spec, specHash: specHash(spec) };
}

function image(words: ServiceWords): DesiredImage {
  const build =
    words.build === undefined
      ? undefined
      : {
          context: '/srv/demo',
          dockerfile: 'Dockerfile',
          args: {},
          labels: {},
          extraHosts: [],
          cacheFrom: [],
          noCache: false,
          pull: false,
          tags: [],
          digest: words.build,
        };
  return { ref: words.image ?? 'app:1', pullPolicy: words.pullPolicy ?? { kind: 'missing' }, build };
}

interface ServiceParts {
  readonly project: string;
  readonly name: string;
  readonly words: ServiceWords;
  readonly networks: readonly DesiredNetwork[];
  readonly volumes: readonly DesiredVolume[];
}

function service(parts: ServiceParts): DesiredService {
  const { name, words } = parts;
  return {
    name,
    image: words.image ?? 'app:1',
    dependsOn: dependencies(words),
    containers: Array.from({ length: words.replicas ?? 1 }, (_, index) => container(parts, index + 1)),
    stopGraceMs: 1000,
    update: {
      order: 'stop-first',
      parallelism: 1,
      delayMs: 0,
      failureAction: 'rollback',
      monitorMs: 5000,
      maxFailureRatio: 0,
      ...words.update,
    },
    rollback: {
      order: words.update?.order ?? 'stop-first',
      parallelism: 1,
      delayMs: 0,
      monitorMs: 5000,
      ...words.rollback,
    },
    isJob: words.isJob ?? false,
    healUnhealthy: words.healUnhealthy ?? true,
    restartPolicyGiven: words.restart !== undefined,
  };
}

const CONDITIONS = {
  started: 'service_started',
  healthy: 'service_healthy',
  completed: 'service_completed_successfully',
} as const;

/** Who shares a namespace depends on its owner, and is restarted with it (Compose specification). */
function dependencies(words: ServiceWords): readonly DesiredDependency[] {
  const given = Object.entries(words.dependsOn ?? {}).map(([target, how]): DesiredDependency => {
    const change = typeof how === 'string' ? { condition: CONDITIONS[how] } : how;
    return { service: target, condition: 'service_started', required: true, restart: false, ...change };
  });
  const shared = [words.mode, words.ipc, words.pid].flatMap((ref) =>
    typeof ref === 'object' && ref.kind === 'service' ? [ref.service] : [],
  );
  const implied = [...new Set(shared)].map((target): DesiredDependency => {
    return { service: target, condition: 'service_started', required: true, restart: true };
  });
  const from = (words.volumesFrom ?? []).map(volumesFrom).flatMap(({ from }): DesiredDependency[] => {
    if (from.kind === 'container') return [];
    return [{ service: from.service, condition: 'service_started', required: true, restart: false }];
  });
  const named = new Set(given.map((each) => each.service));
  return [...given, ...[...implied, ...from].filter((each) => !named.has(each.service))];
}

function container(parts: ServiceParts, ordinal: number): DesiredContainer {
  const { project, name: serviceName, words, networks, volumes } = parts;
  const name = words.name ?? `${project}-${serviceName}-${ordinal}`;
  const endpoints = endpointsOf(words, serviceName, name);
  const made = {
    config: {
      Image: words.image ?? 'app:1',
      ...(words.env === undefined ? {} : { Env: words.env }),
      ...(words.hostname === undefined ? {} : { Hostname: words.hostname }),
      ...exposed(words),
      ...healthcheck(words),
    },
    host: {
      ...mounts(words, volumes),
      ...bindings(words),
    },
    networkMode: modeOf(words, endpoints, networks),
    ipc: words.ipc,
    pid: words.pid,
    volumesFrom: (words.volumesFrom ?? []).map(volumesFrom),
    files: Object.entries(words.files ?? {}).map(([target, content]): InjectedFile => {
      return { target, content, uid: 0, gid: 0, mode: 0o444, secret: false };
    }),
    anonymousVolumes: words.anonymous ?? [],
    hooks: hooksOf(words),
  };
  return {
    service: serviceName,
    ordinal,
    name,
    ...made,
    endpoints,
    resources: words.resources ?? {},
    restartPolicy: { Name: words.restart ?? 'no', MaximumRetryCount: 0 },
    specHash: specHash(made),
  };
}

function volumesFrom(text: string): DesiredContainer['volumesFrom'][number] {
  const name = text.replace(/^container:|:ro$/g, '');
  const from: NamespaceRef = text.startsWith('container:')
    ? { kind: 'container', name }
    : { kind: 'service', service: name };
  return { from, readOnly: text.endsWith(':ro') };
}

function hooksOf({ postStart = [], preStop = [] }: ServiceWords): Hooks | undefined {
  if (postStart.length === 0 && preStop.length === 0) return undefined;
  const hook = (line: string) => ({ command: ['sh', '-c', line], env: [] });
  return { postStart: postStart.map(hook), preStop: preStop.map(hook) };
}

function endpointsOf(words: ServiceWords, serviceName: string, name: string): readonly DesiredEndpoint[] {
  if (words.mode !== undefined) return [];
  const given = words.networks ?? ['default'];
  const entries: readonly (readonly [string, Partial<DesiredEndpoint>])[] = Array.isArray(given)
    ? given.map((key: string) => [key, {}] as const)
    : Object.entries(given);
  return entries.map(([network, change]) => ({
    network,
    linkLocalIps: [],
    driverOpts: {},
    ...change,
    aliases: [...new Set([serviceName, name, ...(change.aliases ?? [])])].sort(),
  }));
}

function modeOf(
  words: ServiceWords,
  endpoints: readonly DesiredEndpoint[],
  networks: readonly DesiredNetwork[],
): NetworkMode {
  if (typeof words.mode === 'object') return { kind: 'shared', with: words.mode };
  if (words.mode !== undefined) return { kind: words.mode };
  const primary = endpoints[0]?.network;
  if (primary === undefined) return { kind: 'none' };
  return { kind: 'networks', primary: networks.find((each) => each.key === primary)?.name ?? primary };
}

function exposed(words: ServiceWords) {
  if (words.ports === undefined) return {};
  return { ExposedPorts: Object.fromEntries(words.ports.map((text) => [`${text.split(':')[1]}/tcp`, {}])) };
}

function bindings(words: ServiceWords) {
  if (words.ports === undefined) return {};
  const entries = words.ports.map((text) => {
    const [host = '', port = ''] = text.split(':');
    return [`${port}/tcp`, [{ HostIp: '', HostPort: host }]] as const;
  });
  return { PortBindings: Object.fromEntries(entries) };
}

function mounts(words: ServiceWords, volumes: readonly DesiredVolume[]) {
  if (words.volumes === undefined) return {};
  const list = words.volumes.map((text): MountConfig => {
    const [key = '', target = '', mode] = text.split(':');
    const source = volumes.find((each) => each.key === key)?.name ?? key;
    return { Type: 'volume', Source: source, Target: target, ...(mode === 'ro' ? { ReadOnly: true } : {}) };
  });
  return { Mounts: list };
}

/** Every ten seconds unless told otherwise. */
function healthcheck(words: ServiceWords) {
  if (words.health === undefined || words.health === false) return {};
  const change = words.health === true ? {} : words.health;
  return { Healthcheck: { Test: ['CMD', 'true'], Interval: 10e9, Timeout: 1e9, ...change } };
}
