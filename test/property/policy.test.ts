import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resolveStack } from '../../src/desired/resolve.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { NO_PLACES, type PolicyLevel } from '../../src/model/admission.ts';
import type { DesiredContainer, DesiredStack } from '../../src/model/desired.ts';
import { Failure } from '../../src/model/failure.ts';
import { COMPOSE, OURS } from '../../src/model/labels.ts';
import { containerId, networkId, stackName } from '../../src/model/names.ts';
import { isAcceptable } from '../../src/model/problem.ts';
import { checkPolicy } from '../../src/policy/check.ts';
import { type AdmittingServer, admittingServer } from '../support/admitting-server.ts';
import { holds } from '../support/cases.ts';
import { PLAIN_CONTROL } from '../support/plain-control.ts';
import { inMemory, load } from '../unit/compose/loading-fixture.ts';

const NEVER = new AbortController().signal;

interface Parts {
  readonly service: Readonly<Record<string, unknown>>;
  readonly beside: Readonly<Record<string, unknown>>;
}

/** One thing that may be said of a stack: some of its forms fit baseline, and the others do not. */
interface Option {
  readonly good: readonly Partial<Parts>[];
  readonly bad: readonly Partial<Parts>[];
}

const fields = (...services: readonly object[]): Partial<Parts>[] =>
  services.map((service) => ({ service: service as Parts['service'] }));

const volumeOf = (definition: object): Partial<Parts> => ({
  service: { volumes: ['data:/data'] },
  beside: { volumes: { data: definition } },
});
const networkOf = (definition: object): Partial<Parts> => ({
  service: { networks: ['lan'] },
  beside: { networks: { lan: definition } },
});

/** Each has fields of its own, so that any of them go together. */
const OPTIONS: readonly Option[] = [
  { good: fields({ privileged: false }), bad: fields({ privileged: true }) },
  {
    good: fields({ ipc: 'private' }, { ipc: 'shareable' }, { ipc: 'service:db' }),
    bad: fields({ ipc: 'host' }, { ipc: 'container:other' }),
  },
  { good: fields({ pid: 'service:db' }), bad: fields({ pid: 'host' }, { pid: 'container:other' }) },
  { good: [], bad: fields({ uts: 'host' }) },
  { good: [], bad: fields({ userns_mode: 'host' }) },
  { good: fields({ cgroup: 'private' }), bad: fields({ cgroup: 'host' }) },
  {
    good: fields({ cap_add: ['CHOWN', 'cap_net_raw'] }, { cap_drop: ['all'], cap_add: ['NET_BIND_SERVICE'] }),
    bad: fields({ cap_add: ['SYS_ADMIN'] }, { cap_add: ['CHOWN', 'net_admin'] }, { cap_add: ['ALL'] }),
  },
  {
    good: fields(
      { security_opt: ['no-new-privileges'] },
      { security_opt: ['no-new-privileges:true', 'seccomp=builtin'] },
      { security_opt: ['label:level:s0', 'label=type:container_t', 'apparmor:docker-default'] },
    ),
    bad: fields(
      { security_opt: ['seccomp:unconfined'] },
      { security_opt: ['seccomp={"defaultAction":"SCMP_ACT_ALLOW"}'] },
      { security_opt: ['apparmor=unconfined'] },
      { security_opt: ['label:disable'] },
      { security_opt: ['label=type:spc_t'] },
      { security_opt: ['label=user:root'] },
      { security_opt: ['systempaths=unconfined'] },
      { security_opt: ['no-new-privileges:false'] },
      { security_opt: ['no-new-privileges:0'] },
      { security_opt: ['writable-cgroups=true'] },
    ),
  },
  {
    good: fields({ sysctls: { 'net.ipv4.tcp_syncookies': '1' } }, { sysctls: ['kernel.shm_rmid_forced=1'] }),
    bad: fields({ sysctls: { 'kernel.msgmax': '1' } }, { sysctls: ['net.core.somaxconn=1'] }),
  },
  { good: [], bad: fields({ devices: ['/dev/kmsg'] }, { devices: ['vendor.com/class=name'] }) },
  { good: [], bad: fields({ device_cgroup_rules: ['c 1:3 mr'] }) },
  { good: fields({ gpus: 'all' }), bad: fields({ gpus: [{ driver: 'cdi', device_ids: ['a/b=c'] }] }) },
  { good: [], bad: fields({ cgroup_parent: '/system.slice' }) },
  {
    good: fields({ runtime: 'runc' }, { runtime: 'nvidia' }, { runtime: 'io.containerd.runc.v2' }),
    bad: fields({ runtime: '/stack/shim' }, { runtime: 'io.containerd.mine.v1' }),
  },
  {
    good: fields({ logging: { driver: 'local' } }, { logging: { options: { 'max-size': '1m' } } }),
    bad: fields({ logging: { driver: 'syslog' } }, { logging: { driver: 'gelf' } }),
  },
  { good: fields({ oom_score_adj: 100 }), bad: fields({ oom_score_adj: -1 }, { oom_kill_disable: true }) },
  {
    good: fields({ healthcheck: { test: 'id', interval: '1s' } }),
    bad: fields({ healthcheck: { test: 'id', interval: '500ms' } }, { stop_grace_period: '11m' }),
  },
  { good: fields({ ports: ['80:80', '127.0.0.1:8000-8010:8000-8010/udp'] }), bad: [] },
  { good: fields({ user: '1000:1000', read_only: true, tmpfs: ['/tmp'], init: true }), bad: [] },
  { good: fields({ ulimits: { nofile: 1024 }, shm_size: '64m', mem_limit: '64m', cpus: 0.5 }), bad: [] },
  {
    good: [
      volumeOf({}),
      volumeOf({ driver: 'local', driver_opts: { type: 'tmpfs', device: 'tmpfs', o: 'size=1m' } }),
      volumeOf({ driver_opts: { type: 'none', o: 'bind', device: '/stack/data' } }),
      volumeOf({ external: true }),
      ...fields(
        { volumes: ['./data:/data', './conf:/conf:ro,z'] },
        { volumes: [{ type: 'bind', source: './a/../b', target: '/b', bind: { propagation: 'rslave' } }] },
        { volumes: ['/anonymous', { type: 'tmpfs', target: '/t', tmpfs: { size: '1m' } }] },
        { volumes_from: ['db:ro'] },
      ),
    ],
    bad: [
      volumeOf({ driver_opts: { type: 'none', o: 'bind', device: '/etc' } }),
      volumeOf({ driver_opts: { type: 'tmpfs', o: 'size=1m,bind', device: '/etc' } }),
      volumeOf({ driver_opts: { type: 'nfs', o: 'addr=10.0.0.1', device: ':/' } }),
      volumeOf({ driver_opts: { device: '/dev/sda1', type: 'ext4' } }),
      volumeOf({ driver: 'sshfs' }),
      ...fields(
        { volumes: ['/etc:/x:ro'] },
        { volumes: ['../other:/x'] },
        { volumes: [{ type: 'bind', source: '/stack/../srv', target: '/x' }] },
        { volumes: ['/:/x'] },
        { volumes: ['/var/run/docker.sock:/x'] },
        { volumes: ['/run:/x:rslave'] },
        { volumes: ['./a:/a:rshared'] },
        { volumes_from: ['container:other'] },
      ),
    ],
  },
  {
    good: [
      ...fields({ network_mode: 'none' }, { network_mode: 'bridge' }, { network_mode: 'service:db' }),
      networkOf({}),
      networkOf({ driver: 'bridge', internal: true }),
      networkOf({ external: true }),
    ],
    bad: [
      ...fields({ network_mode: 'host' }, { network_mode: 'container:other' }),
      ...fields({
        networks: {
          default: {
            driver_opts: { 'com.docker.network.endpoint.sysctls': 'net.ipv4.conf.IFNAME.rp_filter=0' },
          },
        },
      }),
      networkOf({ driver: 'macvlan' }),
      networkOf({ driver: 'ipvlan' }),
      networkOf({ external: true, name: 'host' }),
    ],
  },
];

const textOf = (parts: readonly Partial<Parts>[]): string => {
  const service = Object.assign({ image: 'nginx' }, ...parts.map((part) => part.service ?? {}));
  const beside = Object.assign({}, ...parts.map((part) => part.beside ?? {}));
  return JSON.stringify({ services: { web: service, db: { image: 'db' } }, ...beside });
};

/** Any forms that fit baseline, and the options that were left out. */
const ordinary = fc
  .tuple(
    ...OPTIONS.map(({ good }) =>
      fc.option(fc.constantFrom(...(good.length === 0 ? [{}] : good)), { nil: undefined }),
    ),
  )
  .map((forms) => ({ parts: forms.filter((form) => form !== undefined) }));

/** The same with one thing in the place of another that does not fit. */
const broken = fc
  .nat({ max: OPTIONS.length - 1 })
  .filter((index) => (OPTIONS[index]?.bad.length ?? 0) > 0)
  .chain((index) =>
    fc.record({
      ordinary,
      index: fc.constant(index),
      bad: fc.constantFrom(...(OPTIONS[index]?.bad ?? [])),
    }),
  )
  .map(({ ordinary: { parts }, bad }) => ({
    parts: [...parts.filter((part) => !touches(part, bad)), bad],
    bad,
  }));

/** Forms of the same option have the same fields, and those of networks and modes exclude each other. */
function touches(part: Partial<Parts>, other: Partial<Parts>): boolean {
  const group = ({ service = {} }: Partial<Parts>) =>
    Object.keys(service).map((field) =>
      ['network_mode', 'networks'].includes(field) ? 'network' : field.replace('volumes_from', 'volumes'),
    );
  return group(part).some((field) => group(other).includes(field));
}

/** What the first gate says; the desired stack for the second one, whatever the first says. */
function firstGate(text: string, level: PolicyLevel) {
  const loaded = load(text);
  expect(loaded.problems.filter((problem) => problem.severity === 'error')).toEqual([]);
  const problems = checkPolicy(
    {
      project: loaded.project,
      directory: '/stack',
      filesRead: [],
      realPath: (path) => path,
      locate: loaded.locate,
      at: { file: '/stack/compose.yaml', line: 1, column: 1 },
    },
    { enforce: level, warn: 'privileged', places: NO_PLACES },
  );
  const resolved = resolveStack(
    {
      project: loaded.project,
      control: PLAIN_CONTROL,
      stack: stackName('demo'),
      workingDirectory: '/stack',
      configFiles: [],
      contents: {},
      engine: {
        id: 'e',
        version: '28.5.2',
        apiVersion: '1.51',
        swarmActive: false,
        rootDirectory: '/var/lib/docker',
      },
      secretKey: 'k',
      locate: loaded.locate,
    },
    inMemory({}),
  );
  return { isAccepted: isAcceptable(problems), problems, desired: resolved.desired };
}

const DB = containerId('d'.repeat(64));
const OTHER = containerId('e'.repeat(64));

/** Makes all of it as the planner would have it made; what was refused. */
async function secondGate(engine: Engine, server: AdmittingServer, desired: DesiredStack) {
  const labels = { [OURS.stack]: 'demo', [OURS.instance]: 'test', [COMPOSE.project]: 'demo' };
  server.has('container', DB, { Id: DB, Config: { Labels: labels } });
  server.has('container', OTHER, { Id: OTHER, Config: { Labels: {} } });
  const refused: string[] = [];
  const make = async (call: Promise<unknown>) => {
    await call.catch((thrown: unknown) => {
      if (!(thrown instanceof Failure) || !thrown.message.includes('violates the policy')) throw thrown;
      refused.push(thrown.message);
    });
  };
  for (const volume of desired.volumes.filter(({ external }) => !external)) {
    server.has('volume', volume.name, { Driver: volume.driver, Options: volume.options, Labels: labels });
    await make(engine.createVolume(volume, labels, NEVER));
  }
  for (const network of desired.networks.filter(({ external }) => !external)) {
    await make(engine.createNetwork(network, labels, NEVER));
  }
  for (const { containers } of desired.services) {
    for (const container of containers)
      await make(engine.createContainer(requestOf(container, desired), NEVER));
  }
  return refused;
}

function requestOf(container: DesiredContainer, desired: DesiredStack) {
  const idOf = (ref: { readonly kind: 'service' | 'container' } | undefined) =>
    ref === undefined ? undefined : ref.kind === 'service' ? DB : OTHER;
  const { networkMode } = container;
  return {
    stack: desired.name,
    container,
    name: container.name,
    labels: { [OURS.stack]: 'demo', [OURS.instance]: 'test', [COMPOSE.project]: 'demo' },
    anonymousVolumes: Object.fromEntries(container.anonymousVolumes.map((path) => [path, 'demo_anonymous'])),
    endpoints: container.endpoints.map((settings) => ({
      networkId: networkId('n'.repeat(64)),
      networkName: desired.networks.find(({ key }) => key === settings.network)?.name ?? '',
      settings,
    })),
    networkContainer: networkMode.kind === 'shared' ? idOf(networkMode.with) : undefined,
    ipcContainer: idOf(container.ipc),
    pidContainer: idOf(container.pid),
    volumesFrom: container.volumesFrom.map(({ from, readOnly }) => ({
      container: idOf(from) ?? DB,
      readOnly,
    })),
  };
}

describe('the two gates', () => {
  it('agree on what is ordinary', { timeout: 240_000 }, async (context) => {
    const server = await admittingServer();
    await holds(
      context,
      fc.asyncProperty(ordinary, async ({ parts }) => {
        const first = firstGate(textOf(parts), 'baseline');
        expect(first.problems).toEqual([]);
        expect(await secondGate(server.engine(), server, first.desired)).toEqual([]);
      }),
      40,
    );
  });

  it('agree on each single thing that is not', { timeout: 240_000 }, async (context) => {
    const server = await admittingServer();
    await holds(
      context,
      fc.asyncProperty(broken, async ({ parts }) => {
        const first = firstGate(textOf(parts), 'baseline');
        expect(first.isAccepted).toBe(false);
        expect(await secondGate(server.engine(), server, first.desired)).not.toEqual([]);
        expect(firstGate(textOf(parts), 'privileged').isAccepted).toBe(true);
      }),
      100,
    );
  });

  it('name the same rules for each of them alone', { timeout: 240_000 }, async () => {
    const server = await admittingServer();
    for (const bad of OPTIONS.flatMap((option) => option.bad)) {
      const first = firstGate(textOf([bad]), 'baseline');
      const refused = await secondGate(server.engine(), server, first.desired);
      const told = first.problems.map(({ message }) => message);
      expect(rulesIn(refused), JSON.stringify(bad)).toEqual(rulesIn(told));
    }
  });
});

const rulesIn = (messages: readonly string[]): readonly string[] =>
  [
    ...new Set(
      messages.flatMap((each) => [...each.matchAll(/\(([a-z-]+)\)/g)].map(([, rule]) => rule ?? '')),
    ),
  ].toSorted();
