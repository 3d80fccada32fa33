import { describe, expect, test } from 'vitest';
import { observedContainer } from '../../../../src/engine/docker/container-response.ts';
import { hostSubnets } from '../../../../src/engine/docker/host-subnets.ts';
import { ownerOf } from '../../../../src/engine/docker/ownership.ts';
import {
  observedImage,
  observedNetwork,
  observedVolume,
  otherContainer,
} from '../../../../src/engine/docker/responses.ts';
import type { WireContainer } from '../../../../src/engine/docker/wire.ts';
import { COMPOSE, OURS } from '../../../../src/model/labels.ts';

const ID = 'abcdef012345'.padEnd(64, '0');
const context = { instance: 'i1', imageConfig: {}, imageDigests: [], staleBinds: [] };
const observe = (wire: Partial<WireContainer>) => observedContainer({ Id: ID, ...wire }, context);

describe('an inspected container', () => {
  test('with next to nothing in it is still one', () => {
    expect(observe({})).toMatchObject({
      id: ID,
      state: 'created',
      ownership: 'foreign',
      attachments: [],
      resources: {},
    });
  });

  test.each([
    ['', 'no'],
    ['no', 'no'],
    ['unless-stopped', 'unless-stopped'],
  ])('a restart policy of "%s" is "%s"', (name, expected) => {
    expect(observe({ HostConfig: { RestartPolicy: { Name: name } } }).restartPolicy.Name).toBe(expected);
  });

  test.each([0, -1, null])('a limit of %s pids is none', (limit) => {
    expect(observe({ HostConfig: { PidsLimit: limit } }).resources).toEqual({});
  });

  test('unlimited swap is kept apart from none given', () => {
    expect(observe({ HostConfig: { MemorySwap: -1, Memory: 0, CpusetCpus: '' } }).resources).toEqual({
      MemorySwap: -1,
    });
  });

  test('the network modes default and bridge are the same', () => {
    expect(observe({ HostConfig: { NetworkMode: 'default' } }).networkMode).toBe('bridge');
  });

  test('its own short id is no alias, another container’s would be', () => {
    const endpoint = {
      NetworkID: '',
      IPAddress: '',
      Aliases: ['web', ID.slice(0, 12), 'api', 'ffffffffffff', 'api'],
    };
    expect(observe({ NetworkSettings: { Networks: { net: endpoint } } }).attachments).toEqual([
      {
        networkId: undefined,
        networkName: 'net',
        address: undefined,
        aliases: ['api', 'ffffffffffff', 'web'],
        linkLocalIps: [],
        driverOpts: {},
      },
    ]);
  });

  test('times of year 1 never were', () => {
    const seen = observe({
      State: {
        Status: 'created',
        StartedAt: '0001-01-01T00:00:00Z',
        FinishedAt: '2024-01-01T00:00:00.123456789Z',
      },
    });
    expect(seen.startedAtMs).toBeUndefined();
    expect(seen.finishedAtMs).toBe(Date.parse('2024-01-01T00:00:00.123Z'));
  });

  test('a healthcheck that is switched off is none, and its defaults are the engine’s', () => {
    expect(observe({ Config: { Healthcheck: { Test: ['NONE'] } } }).hasHealthcheck).toBe(false);
    expect(observe({ Config: { Healthcheck: { Test: ['CMD', 'x'], Interval: 0 } } })).toMatchObject({
      hasHealthcheck: true,
      healthIntervalMs: 30_000,
      healthTimeoutMs: 30_000,
    });
    expect(observe({ State: { Health: { Status: 'none' } } }).health).toBeUndefined();
  });

  test('ports come with every host address, and unpublished ones not at all', () => {
    const ports = {
      '80/tcp': [
        { HostIp: '0.0.0.0', HostPort: '8080' },
        { HostIp: '::', HostPort: '8080' },
      ],
      '53/udp': null,
    };
    expect(observe({ NetworkSettings: { Ports: ports } }).ports).toEqual([
      { hostIp: '0.0.0.0', hostPort: '8080', containerPort: 80, protocol: 'tcp' },
      { hostIp: '::', hostPort: '8080', containerPort: 80, protocol: 'tcp' },
    ]);
  });
});

describe('listed things', () => {
  test('a linked container is known by its own name', () => {
    expect(otherContainer({ Id: ID, Names: ['/web/db', '/db'] }, 'i1', {}).name).toBe('db');
  });

  test('an image declares paths as the engine mounts them, each once, however its VOLUME lines spell them', () => {
    const declared = ['/data/', '/data', 'logs', '//x', '/y/../z/', './w/'];
    const Volumes = Object.fromEntries(declared.map((path) => [path, {}]));
    const seen = observedImage({ Id: 'sha256:1', Config: { Volumes } }, 'a:1');
    expect(seen.volumes).toEqual(['/data', '/logs', '/w', '/x', '/z']);
  });

  test('a container shows where it has mounts of any kind, and volumes by their names', () => {
    const Mounts = [
      { Type: 'volume', Name: 'data', Destination: '/data' },
      { Type: 'bind', Source: '/srv', Destination: '/srv' },
    ];
    expect(otherContainer({ Id: ID, Mounts }, 'i1', {})).toMatchObject({
      volumes: ['data'],
      mountTargets: ['/data', '/srv'],
    });
  });

  test('a network without options has none, whatever the engine calls it', () => {
    const seen = observedNetwork(
      { Id: 'n', Name: 'x', Options: null, Labels: null, IPAM: { Config: null, Options: null } },
      'i1',
    );
    expect(seen).toMatchObject({
      options: {},
      labels: {},
      pools: [],
      ipamOptions: {},
      ipamDriver: 'default',
      enableIPv4: true,
    });
  });

  test('a volume’s missing options are no options', () => {
    expect(observedVolume({ Name: 'v', Options: null, Labels: null }, 'i1')).toMatchObject({
      options: {},
      driver: 'local',
    });
  });
});

describe('ownership', () => {
  const ours = {
    [OURS.stack]: 'demo',
    [OURS.instance]: 'i1',
    [OURS.specHash]: 'v1.a',
    [OURS.service]: 'web',
    [OURS.ordinal]: '1',
  };
  const composed = { [COMPOSE.project]: 'demo', [COMPOSE.configHash]: 'h' };

  test.each([
    ['ours', ours, {}, 'ours'],
    ['ours beside compose’s labels', { ...ours, ...composed }, {}, 'ours'],
    ['another instance’s', { ...ours, [OURS.instance]: 'i2' }, {}, 'other-instance'],
    ['a copy of ours by docker commit', { ...ours, ...composed }, { ...ours, ...composed }, 'foreign'],
    ['ours, made from a committed copy', { ...ours, [OURS.specHash]: 'v1.b' }, ours, 'ours'],
    [
      'ours, of the very spec of the one its image was committed from',
      { ...ours, [OURS.image]: 'b' },
      ours,
      'ours',
    ],
    ['compose’s', composed, {}, 'compose'],
    ['compose’s, from an image it built', composed, { [COMPOSE.project]: 'demo' }, 'compose'],
    [
      'run by hand from an image that compose built',
      { [COMPOSE.project]: 'demo' },
      { [COMPOSE.project]: 'demo' },
      'foreign',
    ],
    ['a stack label without an instance', { [OURS.stack]: 'demo' }, {}, 'foreign'],
    ['no labels', {}, {}, 'foreign'],
  ])('%s', (_name, labels, imageLabels, expected) => {
    expect(
      ownerOf(labels as Record<string, string>, imageLabels as Record<string, string>, 'i1').ownership,
    ).toBe(expected);
  });
});

describe('subnets of the host', () => {
  const networks = [
    { Id: '0123456789abcdef', Name: 'demo_net', Driver: 'bridge' },
    {
      Id: 'ffff',
      Name: 'bridge',
      Driver: 'bridge',
      Options: { 'com.docker.network.bridge.name': 'docker0' },
    },
  ];
  const routes = [
    'Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT',
    'eth0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0',
    'tun0\t0000080A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0',
    'docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0',
    'br-0123456789ab\t000012AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0',
    '',
  ].join('\n');

  test('come from addresses and routes, without the engine’s own bridges, loopback and the default route', () => {
    const interfaces = {
      lo: [{ cidr: '127.0.0.1/8', internal: true }],
      eth0: [
        { cidr: '192.168.1.17/24', internal: false },
        { cidr: 'fe80::1/64', internal: false },
        { cidr: '2001:db8::17/64', internal: false },
      ],
      docker0: [{ cidr: '172.17.0.1/16', internal: false }],
      'br-0123456789ab': [{ cidr: '172.18.0.1/16', internal: false }],
    };
    expect(hostSubnets({ interfaces, routes }, networks)).toEqual([
      '10.8.0.0/16',
      '192.168.1.0/24',
      '2001:db8::/64',
    ]);
  });
});
