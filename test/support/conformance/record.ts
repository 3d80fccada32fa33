import { answerFailure } from '../../../src/engine/docker/failures.ts';
import type {
  Observed,
  ObservedAttachment,
  ObservedContainer,
  ObservedNetwork,
  ObservedVolume,
  OtherContainer,
  PublishedPort,
} from '../../../src/model/observed.ts';
import type { Corner, HeardEvent } from './corner.ts';
import type { Names } from './names.ts';
import type { Operation } from './operation.ts';
import { TEST_RUN } from './requests.ts';

export type Json = string | number | boolean | undefined | readonly Json[] | { readonly [key: string]: Json };

/** What one operation did. Equal texts mean equal behaviour, on whatever engine. */
export interface StepRecord {
  readonly operation: Operation;
  readonly outcome: string;
  /** What the port's `observe` shows afterwards, by object. */
  readonly state: Readonly<Record<string, Json>>;
  /** What was done to each object, as often as it is said. */
  readonly events: Readonly<Record<string, readonly string[]>>;
}

/** Containers that are never at rest: what they are just now says nothing. */
export interface Restless {
  /** Their processes end by themselves and are started again for ever. */
  readonly looping: ReadonlySet<string>;
  /** Two things were done at once: how often something was said depends on which came first. */
  readonly isPair: boolean;
}

const never = () => new AbortController().signal;
const PREDEFINED = ['bridge', 'host', 'none'];

export async function recordState(corner: Corner, restless: Restless): Promise<StepRecord['state']> {
  const { engine, names } = corner;
  const ours = (name: string) => name.startsWith(`${names.stack}_`) || name.startsWith(`${names.stack}-`);
  const query = { stack: names.stack, project: names.stack, imageRefs: [names.baseImage], networkNames: [] };
  const all = await engine.observe(query, never());
  const networks = all.networks.filter(({ name }) => ours(name));
  const seen = await engine.observe({ ...query, networkNames: networks.map(({ name }) => name) }, never());
  learn(names, seen);
  const containers = seen.containers.filter(({ name }) => ours(name));
  const anonymous = seen.volumes.filter(({ name }) => isAnonymous(name) && names.isKnown(name));
  return Object.fromEntries<Json>([
    ...containers.map((each) => [symbol(names, 'container', each), containerOf(names, each, restless)]),
    ...seen.others
      .filter(({ name }) => ours(name))
      .map((each) => [symbol(names, 'container', each), otherOf(names, each)]),
    ...networks.map((each) => [symbol(names, 'network', each), networkOf(names, each)]),
    ...seen.volumes
      .filter(({ name }) => ours(name))
      .map((each) => [`volume ${names.mask(each.name)}`, volumeOf(names, each)]),
    ['anonymous volumes', anonymous.length],
  ] as [string, Json][]);
}

export function recordEvents(
  names: Names,
  heard: readonly HeardEvent[],
  restless: Restless,
): StepRecord['events'] {
  const events: Record<string, string[]> = {};
  for (const { kind, name, action } of heard) {
    if (isRestless(restless, kind, name, action)) continue;
    const masked = isAnonymous(name) ? 'anonymous' : names.mask(name);
    const object = `${kind} ${masked}`;
    const of = events[object] ?? [];
    events[object] = of;
    if (!restless.isPair || !of.includes(action)) of.push(action);
  }
  return Object.fromEntries(
    Object.entries(events)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([object, actions]) => [object, actions.sort()]),
  );
}

/** What a process that comes and goes has said of it, whatever else is done. */
function isRestless({ looping }: Restless, kind: string, name: string, action: string): boolean {
  if (looping.size === 0) return false;
  if (kind === 'container') return looping.has(name) && ['start', 'die', 'kill'].includes(action);
  return ['connect', 'disconnect', 'mount', 'unmount'].includes(action);
}

/** Symbols are given in the order in which things were made. */
function learn(names: Names, seen: Observed): void {
  const byAge = [...seen.networks, ...seen.containers].toSorted((a, b) => a.createdAtMs - b.createdAtMs);
  for (const { id, name } of [...byAge, ...seen.others]) {
    const isOurs = name.startsWith(names.stack) || PREDEFINED.includes(name);
    if (isOurs) names.know(id, name);
  }
  const users = [
    ...seen.containers.map(({ name, mounts }) => ({
      name,
      volumes: mounts.map((mount) => mount.name ?? ''),
    })),
    ...seen.others,
  ];
  for (const { volumes } of users.filter(({ name }) => name.startsWith(names.stack)))
    for (const volume of volumes.filter(isAnonymous)) names.know(volume, 'anonymous');
}

const symbol = (names: Names, kind: string, { id, name }: { readonly id: string; readonly name: string }) =>
  `${kind} ${names.know(id, name)}`;
const isAnonymous = (name: string) => /^[0-9a-f]{64}$/.test(name);

function containerOf(names: Names, seen: ObservedContainer, { looping }: Restless): Json {
  const isLooping = looping.has(seen.name);
  const masked = (value: unknown): Json => maskAll(names, value);
  return {
    name: masked(seen.name),
    ownership: seen.ownership,
    image: masked(seen.imageRef),
    restartPolicy: `${seen.restartPolicy.Name}:${seen.restartPolicy.MaximumRetryCount}`,
    resources: masked(seen.resources),
    networkMode: masked(seen.networkMode),
    ipcMode: masked(seen.ipcMode),
    pidMode: masked(seen.pidMode),
    volumesFrom: masked(seen.volumesFrom),
    mounts: seen.mounts
      .map(({ type, name, target, readOnly }) =>
        masked(`${type} ${isAnonymous(name ?? '') ? 'anonymous' : name} ${target} ${readOnly ? 'ro' : 'rw'}`),
      )
      .sort(),
    labels: labelsOf(names, seen.labels),
    wantedPorts: portsOf(names, seen.wantedPorts),
    networks: seen.attachments.map(({ networkName }) => names.mask(networkName)).sort(),
    ...(isLooping
      ? { state: ['running', 'restarting'].includes(seen.state) ? 'comes and goes' : seen.state }
      : {
          state: seen.state,
          exitCode: seen.exitCode,
          error: errorOf(names, seen.error),
          oomKilled: seen.oomKilled,
          restartCount: seen.restartCount,
          wasStarted: seen.startedAtMs !== undefined,
          wasFinished: seen.finishedAtMs !== undefined,
          health: seen.health?.status,
          attachments: Object.fromEntries(
            seen.attachments.map((each) => [names.mask(each.networkName), attachmentOf(names, each)]),
          ),
          ports: portsOf(names, seen.ports),
        }),
  };
}

/** What a reader learns from the engine's own words, which differ from version to version. */
function errorOf(names: Names, words: string): string {
  if (words === '') return '';
  const { kind, hint } = answerFailure('start', 500, words);
  return names.mask(hint === undefined ? words : `${kind}: ${hint}`);
}

function attachmentOf(names: Names, seen: ObservedAttachment): Json {
  const { address, ipv4Address } = seen;
  const masked = (value: unknown): Json => maskAll(names, value);
  return {
    id: masked(seen.networkId ?? 'none yet'),
    aliases: masked(seen.aliases),
    wants: masked(ipv4Address ?? 'any address'),
    has: address === undefined ? 'none' : address === ipv4Address ? 'what it wants' : 'one',
    driverOpts: masked(seen.driverOpts),
  };
}

function otherOf(names: Names, seen: OtherContainer): Json {
  return {
    isOther: true,
    name: names.mask(seen.name),
    ownership: seen.ownership,
    state: seen.state,
    networks: seen.networks.map((name) => names.mask(name)).sort(),
    volumes: seen.volumes.map((name) => (isAnonymous(name) ? 'anonymous' : names.mask(name))).sort(),
    ports: portsOf(names, seen.ports),
  };
}

function networkOf(names: Names, seen: ObservedNetwork): Json {
  const { driver, scope, internal, attachable, enableIPv4, enableIPv6, ipamDriver, specHash } = seen;
  return {
    name: names.mask(seen.name),
    ownership: seen.ownership,
    driver,
    scope,
    internal,
    attachable,
    enableIPv4,
    enableIPv6,
    ipamDriver,
    specHash,
    options: maskAll(names, seen.options),
    ipamOptions: maskAll(names, seen.ipamOptions),
    pools: seen.pools.map((pool) => {
      const masked = maskAll(names, pool);
      const isGiven = names.mask(pool.subnet ?? '') !== pool.subnet;
      return isGiven
        ? masked
        : `chosen${pool.gateway === undefined ? ', without gateway' : ''}${pool.ipRange === undefined ? '' : ', with a range'}`;
    }),
    labels: labelsOf(names, seen.labels),
  };
}

function volumeOf(names: Names, seen: ObservedVolume): Json {
  const { ownership, driver, specHash } = seen;
  return {
    ownership,
    driver,
    specHash,
    options: maskAll(names, seen.options),
    labels: labelsOf(names, seen.labels),
  };
}

/** Without those of the test run and of the base image. */
function labelsOf(names: Names, labels: Readonly<Record<string, string>>): Json {
  const own = Object.entries(labels).filter(
    ([name]) => name !== TEST_RUN && !name.startsWith('stackctl.local/'),
  );
  return maskAll(names, Object.fromEntries(own));
}

/** IPv4 and IPv6 wildcards are told apart by 28 and where the host has IPv6; a free port is anybody's. */
function portsOf(names: Names, ports: readonly PublishedPort[]): Json {
  const texts = ports.map(({ hostIp, hostPort, containerPort, protocol }) => {
    const ip = ['', '0.0.0.0', '::'].includes(hostIp) ? '*' : names.mask(hostIp);
    const masked = names.mask(hostPort);
    const port = hostPort === '' || masked !== hostPort ? masked : 'free';
    return `${ip}:${port}->${containerPort}/${protocol}`;
  });
  return [...new Set(texts)].sort();
}

/** Of any value, with its keys in order. */
function maskAll(names: Names, value: unknown): Json {
  if (typeof value === 'string') return names.mask(value);
  if (Array.isArray(value)) return value.map((each) => maskAll(names, each));
  if (typeof value !== 'object' || value === null) return value as Json;
  const entries = Object.entries(value)
    .filter(([, each]) => each !== undefined)
    .map(([key, each]): [string, Json] => [names.mask(key), maskAll(names, each)]);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
