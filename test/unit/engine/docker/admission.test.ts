import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { HostConfig } from '../../../../src/model/container.ts';
import type { DesiredBuild, DesiredNetwork, DesiredVolume } from '../../../../src/model/desired.ts';
import type { Failure } from '../../../../src/model/failure.ts';
import { COMPOSE, OURS } from '../../../../src/model/labels.ts';
import { containerId, stackName } from '../../../../src/model/names.ts';
import { type AdmittingServer, admittingServer } from '../../../support/admitting-server.ts';
import { failureOf } from '../../../support/contract/world.ts';
import { type ContainerChange, containerRequest } from '../../../support/engine-requests.ts';

const NEVER = new AbortController().signal;
const OWNER = { stack: stackName('demo'), instance: 'test', image: 'nginx:1' };

/** The rules that a refusal names, sorted. */
const rulesOf = ({ message }: Failure): readonly string[] =>
  [...new Set([...message.matchAll(/\(([a-z-]+)\)/g)].map(([, rule = '']) => rule))].toSorted();

async function refusedRules(server: AdmittingServer, change: ContainerChange, level = 'baseline' as const) {
  const call = server.engine({ level }).createContainer(containerRequest(OWNER, change), NEVER);
  const failure = await failureOf(call);
  expect(failure.kind).toBe('refused');
  expect(server.sent()).toEqual([]);
  return rulesOf(failure);
}

const settings: readonly (readonly [HostConfig, string])[] = [
  [{ Privileged: true }, 'privileged-container'],
  [{ IpcMode: 'host' }, 'host-namespaces'],
  [{ PidMode: 'host' }, 'host-namespaces'],
  [{ UTSMode: 'host' }, 'host-namespaces'],
  [{ UsernsMode: 'host' }, 'host-namespaces'],
  [{ CgroupnsMode: 'host' }, 'host-namespaces'],
  [{ CapAdd: ['SYS_ADMIN'] }, 'capabilities'],
  [{ CapAdd: ['ALL'] }, 'capabilities'],
  [{ Binds: ['/etc:/x'] }, 'host-path'],
  [{ Binds: ['/stack/../etc:/x:ro'] }, 'host-path'],
  [{ Binds: ['/stack-of-others:/x'] }, 'host-path'],
  [{ Mounts: [{ Type: 'bind', Source: '/etc/', Target: '/x' }] }, 'host-path'],
  [{ Mounts: [{ Type: 'bind', Source: '//etc/./ssh', Target: '/x' }] }, 'host-path'],
  [{ Mounts: [{ Type: 'bind', Source: '/', Target: '/x' }] }, 'engine-socket'],
  [{ Binds: ['/var/run:/x'] }, 'engine-socket'],
  [{ Binds: ['/run/containerd:/x'] }, 'engine-socket'],
  [{ Binds: ['/var/run/docker.sock:/x:ro'] }, 'engine-socket'],
  [{ Binds: ['/stack/docker.sock:/x'] }, 'engine-socket'],
  [
    { Mounts: [{ Type: 'bind', Source: '/stack/a', Target: '/x', BindOptions: { Propagation: 'rshared' } }] },
    'mount-propagation',
  ],
  [{ Binds: ['/stack/a:/x:rw,shared'] }, 'mount-propagation'],
  [{ Mounts: [{ Type: 'npipe', Source: 'a', Target: '/x' }] }, 'unknown-field'],
  [{ VolumeDriver: 'sshfs' }, 'volume-driver'],
  [{ Devices: [{ PathOnHost: '/dev/sda', PathInContainer: '/dev/sda', CgroupPermissions: 'r' }] }, 'devices'],
  [{ DeviceCgroupRules: ['c 1:3 r'] }, 'devices'],
  [{ DeviceRequests: [{ Driver: 'cdi', DeviceIDs: ['a/b=c'] }] }, 'devices'],
  [{ SecurityOpt: ['seccomp=unconfined'] }, 'seccomp'],
  [{ SecurityOpt: ['seccomp={"defaultAction":"SCMP_ACT_ALLOW"}'] }, 'seccomp'],
  [{ SecurityOpt: ['apparmor=unconfined'] }, 'apparmor'],
  [{ SecurityOpt: ['label:disable'] }, 'selinux'],
  [{ SecurityOpt: ['label=type:spc_t'] }, 'selinux'],
  [{ SecurityOpt: ['no-new-privileges=false'] }, 'no-new-privileges'],
  [{ SecurityOpt: ['writable-cgroups=true'] }, 'security-opt'],
  [{ MaskedPaths: [] }, 'proc-mount'],
  [{ ReadonlyPaths: [] }, 'proc-mount'],
  [{ Sysctls: { 'kernel.msgmax': '1' } }, 'sysctls'],
  [{ CgroupParent: '/system.slice' }, 'cgroup-parent'],
  [{ Runtime: '/stack/shim' }, 'runtime'],
  [{ Runtime: 'io.containerd.mine.v1' }, 'runtime'],
  [{ LogConfig: { Type: 'syslog', Config: {} } }, 'log-driver'],
  [{ OomKillDisable: true }, 'oom-score'],
  [{ OomScoreAdj: -1 }, 'oom-score'],
  // As a field that an engine has and nobody here has thought about.
  [{ KernelMemoryOfOthers: true } as unknown as HostConfig, 'unknown-field'],
];

describe('a create body', () => {
  it.each(settings)('with %j is refused: %s', async (host, rule) => {
    expect(await refusedRules(await admittingServer(), { host })).toEqual([rule]);
  });

  it('with an ordinary service’s settings is sent', async () => {
    const server = await admittingServer();
    const host: HostConfig = {
      Binds: ['/stack/data:/data', '/stack/deep/er/:/deep:ro,z'],
      Mounts: [
        { Type: 'tmpfs', Target: '/tmp' },
        { Type: 'volume', Source: 'demo_db', Target: '/db' },
      ],
      CapAdd: ['NET_BIND_SERVICE'],
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges=true', 'seccomp=builtin', 'apparmor=docker-default'],
      Sysctls: { 'net.ipv4.tcp_syncookies': '0' },
      PortBindings: { '80/tcp': [{ HostIp: '', HostPort: '80' }] },
      LogConfig: { Type: 'json-file', Config: {} },
      Runtime: 'nvidia',
      DeviceRequests: [{ Count: -1, Capabilities: [['gpu']] }],
    };
    await server.engine().createContainer(containerRequest(OWNER, { host }), NEVER);
    expect(server.sent()).toHaveLength(1);
  });

  it('is not looked at where everything goes', async () => {
    const server = await admittingServer();
    const request = containerRequest(OWNER, { host: { Privileged: true, Binds: ['/:/host'] } });
    await server.engine({ level: 'privileged' }).createContainer(request, NEVER);
    expect(server.sent()).toHaveLength(1);
  });

  it('in the network of the host is refused, by mode and by attachment', async () => {
    const server = await admittingServer();
    expect(await refusedRules(server, { desired: { networkMode: { kind: 'host' } } })).toEqual([
      'host-namespaces',
    ]);
    const networkName = 'host';
    const aliases = { aliases: [], linkLocalIps: [], driverOpts: {} };
    const endpoints = [{ networkId: 'n' as never, networkName, settings: aliases }];
    const desired = { networkMode: { kind: 'networks', primary: networkName } } as const;
    expect(await refusedRules(server, { desired, request: { endpoints } })).toEqual(['host-namespaces']);
  });

  it('names every rule that is broken, and only those of its level', async () => {
    const server = await admittingServer();
    const host: HostConfig = { Privileged: true, Binds: ['/etc:/x'], PidMode: 'host' };
    expect(await refusedRules(server, { host })).toEqual([
      'host-namespaces',
      'host-path',
      'privileged-container',
    ]);
  });

  it('is held to more at the level restricted', async () => {
    const server = await admittingServer();
    const restricted = (change: ContainerChange) =>
      server.engine({ level: 'restricted' }).createContainer(containerRequest(OWNER, change), NEVER);
    const bare = await failureOf(restricted({ host: { Binds: ['/stack/a:/a'], CapAdd: ['CHOWN'] } }));
    expect(rulesOf(bare)).toEqual([
      'drop-capabilities',
      'host-path-read-only',
      'privilege-escalation',
      'run-as-non-root',
    ]);
    const host: HostConfig = {
      Binds: ['/stack/a:/a:ro'],
      CapDrop: ['ALL'],
      CapAdd: ['NET_BIND_SERVICE'],
      SecurityOpt: ['no-new-privileges=true'],
    };
    for (const User of ['0', '00:1', 'root', 'www']) {
      expect(rulesOf(await failureOf(restricted({ host, config: { User } })))).toEqual(['run-as-non-root']);
    }
    await restricted({ host, config: { User: '1000:1000' } });
    expect(server.sent()).toHaveLength(1);
  });
});

describe('more of a container than one engine bears', () => {
  it.each([
    [{ config: { Env: Array.from({ length: 1001 }, (_, index) => `A${index}=1`) } }],
    [{ config: { Env: [`A=${'x'.repeat(65_537)}`] } }],
    [{ config: { StopTimeout: 601 } }],
    [{ config: { Healthcheck: { Test: ['CMD', 'id'], Interval: 1_000_000 } } }],
    [
      {
        host: {
          PortBindings: { '80/tcp': Array.from({ length: 257 }, () => ({ HostIp: '', HostPort: '' })) },
        },
      },
    ],
  ] as const)('is refused: %#', async (change) => {
    expect(await refusedRules(await admittingServer(), change)).toEqual(['resource-bounds']);
  });
});

describe('the path of a bind', () => {
  /** A stack's directory with a link in it. */
  function stackWith(links: Readonly<Record<string, string>>): string {
    const root = mkdtempSync(join(tmpdir(), 'stackctl-gate-'));
    onTestFinished(() => rmSync(root, { recursive: true, force: true }));
    const directory = join(root, 'stack');
    mkdirSync(join(directory, 'deep'), { recursive: true });
    mkdirSync(join(root, 'other'));
    for (const [name, target] of Object.entries(links)) symlinkSync(target, join(directory, name));
    return directory;
  }

  async function bound(directory: string, path: string, more = {}): Promise<readonly string[]> {
    const server = await admittingServer();
    const request = containerRequest(OWNER, { host: { Binds: [`${directory}/${path}:/x`] } });
    const failure = await server
      .engine({ directory, ...more })
      .createContainer(request, NEVER)
      .then(
        () => undefined,
        (thrown: Failure) => thrown,
      );
    expect(server.sent()).toHaveLength(failure === undefined ? 1 : 0);
    return failure === undefined ? [] : rulesOf(failure);
  }

  it.each([
    ['etc', { etc: '/etc' }, 'host-path'],
    ['etc/ssh/', { etc: '/etc' }, 'host-path'],
    ['deep/../etc', { etc: '/etc' }, 'host-path'],
    ['other', { other: '../other' }, 'host-path'],
    ['one/x', { one: 'two', two: '../other' }, 'host-path'],
    ['nowhere', { nowhere: '/does-not-exist-yet' }, 'host-path'],
    ['circle', { circle: 'circle' }, 'host-path'],
    ['sock', { sock: '/var/run/docker.sock' }, 'engine-socket'],
    ['run', { run: '/run' }, 'engine-socket'],
    ['./../../other', {}, 'host-path'],
  ] as const)('%s with the links %j is refused: %s', async (path, links, rule) => {
    expect(await bound(stackWith(links), path)).toEqual([rule]);
  });

  it('may lead about within the stack, and to what is not there yet', async () => {
    const directory = stackWith({ here: 'deep', up: 'deep/../deep' });
    for (const path of ['', 'deep/', 'here/x', 'up', 'new/dir', './/deep/./x']) {
      expect(await bound(directory, path), path).toEqual([]);
    }
  });

  it('may not reach what is stackctld’s, nor all manifests', async () => {
    const directory = stackWith({});
    const places = {
      manifestRoots: [join(directory, '..')],
      sockets: [join(directory, 'run/engine')],
      ownPaths: [join(directory, 'state')],
    };
    expect(await bound(directory, 'state/applied', { places })).toEqual(['host-path']);
    expect(await bound(directory, '..', { places })).toEqual(['engine-socket']);
    expect(await bound(directory, 'run', { places })).toEqual(['engine-socket']);
    const roots = { manifestRoots: [directory], sockets: [], ownPaths: [] };
    expect(await bound(directory, '', { places: roots })).toEqual(['host-path']);
    expect(await bound(directory, 'deep', { places: roots })).toEqual([]);
  });

  it.each(['/', '/etc', '/etc/ssh', '/usr/share', '/var', '/home'])(
    'is nobody’s own below %s, which an applied stack may say is its directory',
    async (directory) => {
      const rules = await bound(directory === '/' ? '' : directory, 'anything', { directory });
      expect(rules).toEqual(['host-path']);
    },
  );

  it('is free below a directory of manifests, wherever that is', async () => {
    const places = { manifestRoots: ['/etc/stackctl/manifests'], sockets: [], ownPaths: [] };
    expect(await bound('/etc/stackctl/manifests/web', 'data', { places })).toEqual([]);
  });
});

const volume = (change: Partial<DesiredVolume>): DesiredVolume => ({
  key: 'data',
  name: 'demo_data',
  external: false,
  driver: 'local',
  options: {},
  labels: {},
  specHash: 'v1.a',
  ...change,
});
const LABELS = { [OURS.stack]: 'demo', [OURS.instance]: 'test', [OURS.specHash]: 'v1.a' };

describe('a volume', () => {
  const bind = (device: string, o = 'bind', type = 'none') => ({ options: { type, o, device } });

  it.each([
    [bind('/etc'), 'volume-device'],
    [bind('/etc', 'rbind,ro'), 'volume-device'],
    [bind('/etc', 'size=1m,bind', 'tmpfs'), 'volume-device'],
    [bind('/stack/../etc'), 'volume-device'],
    [bind('/stack/data', 'bind,shared'), 'volume-device'],
    [bind('stack/data'), 'volume-device'],
    [{ options: { type: 'ext4', device: '/dev/sda1' } }, 'volume-device'],
    [{ options: { type: 'nfs', o: 'addr=10.0.0.1', device: ':/' } }, 'volume-device'],
    [{ options: { mountpoint: '/etc' } }, 'volume-device'],
    [{ driver: 'sshfs' }, 'volume-driver'],
  ] as const)('with %j is refused: %s', async (change, rule) => {
    const server = await admittingServer();
    const call = server.engine().createVolume(volume(change), LABELS, NEVER);
    expect(rulesOf(await failureOf(call))).toEqual([rule]);
    expect(server.sent()).toEqual([]);
  });

  it.each([
    {},
    { options: { type: 'tmpfs', device: 'tmpfs', o: 'size=1m,uid=1000,noexec' } },
    { options: { size: '1g' } },
    bind('/stack/data', 'bind,ro'),
  ])('with %j is made', async (change) => {
    const server = await admittingServer();
    const wanted = volume(change);
    server.has('volume', wanted.name, { Driver: 'local', Options: wanted.options, Labels: LABELS });
    await server.engine().createVolume(wanted, LABELS, NEVER);
    expect(server.sent()).toHaveLength(1);
  });

  it('that is a directory of the host is refused at the level restricted, wherever that is', async () => {
    const server = await admittingServer();
    const call = server
      .engine({ level: 'restricted' })
      .createVolume(volume(bind('/stack/data')), LABELS, NEVER);
    expect(rulesOf(await failureOf(call))).toEqual(['host-path-read-only']);
  });
});

describe('what belongs to others', () => {
  const mounting = (name: string): ContainerChange => ({
    host: { Mounts: [{ Type: 'volume', Source: name, Target: '/x' }] },
  });

  it.each([
    ['another stack', { [OURS.stack]: 'shop', [COMPOSE.project]: 'shop' }, ['foreign-volume']],
    ['another project', { [COMPOSE.project]: 'shop' }, ['foreign-volume']],
    ['this stack', { [OURS.stack]: 'demo' }, []],
    ['this project, which was adopted', { [COMPOSE.project]: 'demo' }, []],
    ['nobody', {}, []],
  ] as const)('a volume of %s', async (_whose, labels, rules) => {
    const server = await admittingServer();
    server.has('volume', 'data', { Name: 'data', Driver: 'local', Labels: labels });
    const call = server.engine().createContainer(containerRequest(OWNER, mounting('data')), NEVER);
    if (rules.length === 0) await call;
    else expect(rulesOf(await failureOf(call))).toEqual(rules);
    expect(server.sent()).toHaveLength(rules.length === 0 ? 1 : 0);
  });

  it('a volume of this stack that was made when more was allowed is not mounted any more', async () => {
    const server = await admittingServer();
    const Options = { type: 'none', o: 'bind', device: '/etc' };
    server.has('volume', 'data', {
      Name: 'data',
      Driver: 'local',
      Options,
      Labels: { [OURS.stack]: 'demo' },
    });
    expect(await refusedRules(server, mounting('data'))).toEqual(['volume-device']);
  });

  it.each(['networkContainer', 'ipcContainer', 'pidContainer', 'volumesFrom'] as const)(
    'a container that is shared with by %s',
    async (field) => {
      const id = containerId('a'.repeat(64));
      const change: ContainerChange = {
        ...(field === 'networkContainer'
          ? { desired: { networkMode: { kind: 'shared', with: { kind: 'container', name: 'x' } } } }
          : {}),
        request: { [field]: field === 'volumesFrom' ? [{ container: id, readOnly: true }] : id },
      };
      const server = await admittingServer();
      server.has('container', id, { Id: id, Config: { Labels: { [OURS.stack]: 'shop' } } });
      expect(await refusedRules(server, change)).toEqual(['foreign-container']);
      server.has('container', id, { Id: id, Config: { Labels: { [OURS.stack]: 'demo' } } });
      await server.engine().createContainer(containerRequest(OWNER, change), NEVER);
      expect(server.sent()).toHaveLength(1);
    },
  );
});

describe('a network, a command and a build', () => {
  const network = (driver: string): DesiredNetwork => ({
    key: 'lan',
    name: 'demo_lan',
    external: false,
    driver,
    options: {},
    internal: false,
    attachable: false,
    enableIPv6: false,
    ipamDriver: 'default',
    ipamOptions: {},
    pools: [],
    labels: {},
    specHash: 'v1.a',
  });

  it.each([
    ['macvlan', ['network-driver']],
    ['ipvlan', ['network-driver']],
    ['host', ['host-namespaces']],
    ['bridge', []],
    ['overlay', []],
  ] as const)('a network of the driver %s: %j', async (driver, rules) => {
    const server = await admittingServer();
    const call = server.engine().createNetwork(network(driver), LABELS, NEVER);
    if (rules.length === 0) await call;
    else expect(rulesOf(await failureOf(call))).toEqual(rules);
    expect(server.sent()).toHaveLength(rules.length === 0 ? 1 : 0);
  });

  it.each([
    [{ privileged: true }, 'baseline', ['privileged-container']],
    [{ user: 'root' }, 'restricted', ['run-as-non-root']],
  ] as const)('a command with %j at %s: %j', async (more, level, rules) => {
    const id = containerId('a'.repeat(64));
    const server = await admittingServer();
    const Labels = { ...LABELS, [OURS.service]: 'web' };
    server.has('container', id, { Id: id, State: { Running: true }, Config: { Labels }, Image: '' });
    const command = { command: ['id'], env: [], ...more };
    const call = server.engine({ level }).exec(id, command, 10_000, NEVER);
    expect(rulesOf(await failureOf(call))).toEqual(rules);
    expect(server.sent()).toEqual([]);
  });

  const build = (change: Partial<DesiredBuild>): DesiredBuild => ({
    context: '/stack',
    dockerfile: 'Dockerfile',
    dockerfileInline: 'FROM scratch',
    args: {},
    labels: {},
    extraHosts: [],
    cacheFrom: [],
    noCache: false,
    pull: false,
    tags: [],
    digest: 'sha256:1',
    ...change,
  });

  it.each([
    [{ network: 'host' }, 'baseline', ['host-namespaces']],
    [{ network: 'container:x' }, 'baseline', ['foreign-container']],
    [{ context: '/etc' }, 'baseline', ['host-path']],
    [{ context: '/' }, 'baseline', ['engine-socket']],
    [{}, 'restricted', ['build']],
  ] as const)('a build with %j at %s: %j', async (change, level, rules) => {
    const server = await admittingServer();
    const image = { ref: 'demo-web', pullPolicy: { kind: 'build' }, build: build(change) } as const;
    const call = server.engine({ level }).buildImage(image, () => undefined, NEVER);
    expect(rulesOf(await failureOf(call))).toEqual(rules);
    expect(server.sent()).toEqual([]);
  });
});
