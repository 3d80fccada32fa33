import { describe, expect, test } from 'vitest';
import type { ContainerConfig, HostConfig, MountConfig } from '../../../src/model/container.ts';
import type { DesiredContainer } from '../../../src/model/desired.ts';
import type { ObservedContainer } from '../../../src/model/observed.ts';
import type { FieldChange } from '../../../src/model/plan.ts';
import { madeFromChanges } from '../../../src/plan/made-from.ts';
import { running } from '../../support/planned.ts';

/** What a container shows that docker compose made from `WANTED`, with all that an engine fills in. */
const HAD = {
  config: {
    Hostname: '0123456789ab',
    AttachStdout: true,
    Env: ['B=2', 'A=1', 'PATH=/bin', 'LANG=C'],
    Cmd: ['serve', '--all'],
    Entrypoint: ['/entry'],
    ExposedPorts: { '80/tcp': {}, '90': {} },
    Labels: { team: 'a', 'com.docker.compose.project': 'demo', 'com.docker.compose.version': '2.40.3' },
    Healthcheck: { Test: ['CMD', 'true'], Interval: 1e9 },
    WorkingDir: '/srv',
    User: '',
    StopSignal: 'SIGTERM',
    Tty: false,
  },
  host: {
    Binds: ['demo_data:/data:rw', '/host/conf:/conf:ro,rprivate'],
    Mounts: [{ Type: 'tmpfs', Target: '/tmp', TmpfsOptions: { SizeBytes: 1000 } }],
    PortBindings: { '80/tcp': [{ HostIp: '', HostPort: '8080' }] },
    CapAdd: ['CAP_NET_ADMIN', 'CAP_CHOWN'],
    SecurityOpt: ['no-new-privileges:true'],
    Dns: ['1.1.1.1', '8.8.8.8'],
    Ulimits: [{ Name: 'nofile', Soft: 1, Hard: 2 }],
    LogConfig: { Type: 'json-file', Config: {} },
    ShmSize: 67_108_864,
    Runtime: 'runc',
    IpcMode: 'private',
    MaskedPaths: ['/proc/acpi'],
    Privileged: false,
    RestartPolicy: { Name: 'always' },
    Memory: 1,
  },
  image: {
    Env: ['PATH=/bin', 'LANG=C'],
    Cmd: ['default'],
    WorkingDir: '/srv',
    ExposedPorts: { '90/tcp': {} },
  },
};
const CONFIG: ContainerConfig = {
  Image: 'app:1',
  Env: ['A=1', 'B=2'],
  Cmd: ['serve', '--all'],
  Entrypoint: ['/entry'],
  Labels: { team: 'a' },
  Healthcheck: { Test: ['CMD', 'true'], Interval: 1e9 },
};
const DATA: MountConfig = { Type: 'volume', Source: 'demo_data', Target: '/data' };
const CONF: MountConfig = { Type: 'bind', Source: '/host/conf/', Target: '/conf', ReadOnly: true };
const TMP: MountConfig = { Type: 'tmpfs', Target: '/tmp', TmpfsOptions: { SizeBytes: 1000 } };
const HOST: HostConfig = {
  Mounts: [DATA, CONF, TMP],
  PortBindings: { '80/tcp': [{ HostIp: '', HostPort: '8080' }] },
  CapAdd: ['CHOWN', 'NET_ADMIN'],
  SecurityOpt: ['no-new-privileges=true'],
  Dns: ['1.1.1.1', '8.8.8.8'],
  Ulimits: [{ Name: 'nofile', Hard: 2, Soft: 1 }],
};

const changed = async (change: Change): Promise<readonly string[]> =>
  (await found(change)).map(({ path }) => path);

interface Change {
  readonly config?: Partial<ContainerConfig>;
  readonly host?: Partial<HostConfig>;
  readonly wanted?: Partial<DesiredContainer>;
  readonly live?: (live: ObservedContainer) => ObservedContainer;
}

async function found(change: Change): Promise<readonly FieldChange[]> {
  const { engine, desired } = await running({ services: { web: {} } });
  const [template] = desired.services[0]?.containers ?? [];
  const observed = await engine.observe(
    { stack: desired.name, project: desired.project, networkNames: [], imageRefs: [] },
    new AbortController().signal,
  );
  const [seen] = observed.containers;
  if (template === undefined || seen === undefined) throw new Error('the sample has one container');
  const wanted = {
    ...template,
    config: { ...CONFIG, ...change.config },
    host: { ...HOST, ...change.host },
    ...change.wanted,
  };
  const live = { ...seen, id: '0123456789abcdef'.repeat(4) as typeof seen.id, madeFrom: HAD };
  return madeFromChanges(wanted, change.live?.(live) ?? live, []);
}

test('another way to say the same is no change', async () => {
  expect(await changed({})).toEqual([]);
});

describe('what means something else is found', () => {
  test.each<[string, Partial<ContainerConfig>]>([
    ['Env.B', { Env: ['A=1'] }],
    ['Env.LANG', { Env: ['A=1', 'B=2', 'LANG=de'] }],
    ['command', { Cmd: ['serve'] }],
    ['entrypoint', { Entrypoint: ['/other'] }],
    ['labels', { Labels: {} }],
    ['healthcheck', { Healthcheck: { Test: ['NONE'] } }],
    ['healthcheck', { Healthcheck: { Test: ['CMD', 'true'], Interval: 2e9 } }],
    ['user', { User: '1000' }],
    ['working_dir', { WorkingDir: '/other' }],
    ['hostname', { Hostname: 'name' }],
    ['domainname', { Domainname: 'example' }],
    ['tty', { Tty: true }],
    ['stdin_open', { OpenStdin: true }],
    ['stop_signal', { StopSignal: 'SIGINT' }],
    ['expose', { ExposedPorts: { '100/tcp': {} } }],
  ])('in the configuration: %s', async (path, config) => {
    expect(await changed({ config })).toEqual([path]);
  });

  test.each<[string, Partial<HostConfig>]>([
    ['CapAdd', { CapAdd: ['CHOWN'] }],
    ['CapDrop', { CapDrop: ['ALL'] }],
    ['Dns', { Dns: ['8.8.8.8', '1.1.1.1'] }],
    ['Privileged', { Privileged: true }],
    ['ReadonlyRootfs', { ReadonlyRootfs: true }],
    ['SecurityOpt', { SecurityOpt: [] }],
    ['Sysctls', { Sysctls: { 'net.core.somaxconn': '1' } }],
    ['ShmSize', { ShmSize: 1 }],
    ['LogConfig', { LogConfig: { Type: 'none', Config: {} } }],
    ['Ulimits', { Ulimits: [{ Name: 'nofile', Soft: 1, Hard: 1 }] }],
    ['Runtime', { Runtime: 'other' }],
    ['IpcMode', { IpcMode: 'host' }],
    ['PortBindings', { PortBindings: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '8080' }] } }],
  ])('on the host: %s', async (path, host) => {
    expect(await changed({ host })).toEqual([path]);
  });

  test.each<[string, readonly MountConfig[]]>([
    ['volumes./data', [{ ...DATA, Source: 'other' }, CONF, TMP]],
    ['volumes./conf', [DATA, { ...CONF, ReadOnly: false }, TMP]],
    ['volumes./tmp', [DATA, CONF]],
  ])('in a mount: %s', async (path, Mounts) => {
    expect(await changed({ host: { Mounts } })).toEqual([path]);
  });

  test('and no value is told that may be a secret', async () => {
    const secret = 'canary-7f3a';
    const changes = await found({
      config: { Env: ['A=1', `B=${secret}`], Cmd: [secret], Entrypoint: [secret], Labels: { key: secret } },
      host: { LogConfig: { Type: 'splunk', Config: { token: secret } }, Annotations: { key: secret } },
    });
    const hidden = ['Annotations', 'Env.B', 'LogConfig', 'command', 'entrypoint', 'labels'];
    expect(changes.map(({ path }) => path).sort()).toEqual(hidden);
    expect(JSON.stringify(changes)).not.toContain(secret);
  });

  test('a volume without a name that is not there', async () => {
    expect(await changed({ wanted: { anonymousVolumes: ['/cache'] } })).toEqual(['volumes./cache']);
    const withVolume = (live: ObservedContainer): ObservedContainer => ({
      ...live,
      mounts: [{ type: 'volume', name: 'f'.repeat(64), source: '/x', target: '/cache', readOnly: false }],
    });
    expect(await changed({ wanted: { anonymousVolumes: ['/cache'] }, live: withVolume })).toEqual([]);
  });
});
