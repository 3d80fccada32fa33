import { describe, expect, it } from 'vitest';
import type { ComposeNetwork } from '../../../src/compose/model.ts';
import type { DesiredNetwork } from '../../../src/model/desired.ts';
import { type Resolved, resolve } from './example.ts';

interface Place {
  readonly apiVersion?: string;
  readonly swarmActive?: boolean;
}
const only = (network: ComposeNetwork, place: Place = {}): Resolved =>
  resolve({ ...place, project: { networks: { net: network } } });
const desired = (network: ComposeNetwork): DesiredNetwork | undefined => only(network).desired.networks[0];
const faults = (network: Partial<ComposeNetwork>, place?: Place) =>
  only({ name: 'demo_net', ...network }, place).faults;
const bridge = (key: string, value: string, apiVersion = '1.51') =>
  faults({ driver_opts: { [`com.docker.network.bridge.${key}`]: value } }, { apiVersion });

describe('a network', () => {
  it('has the engine’s defaults written out', () => {
    expect(desired({ name: 'demo_net' })).toMatchObject({
      key: 'net',
      name: 'demo_net',
      external: false,
      driver: 'bridge',
      options: {},
      internal: false,
      attachable: false,
      enableIPv4: undefined,
      enableIPv6: false,
      ipamDriver: 'default',
      ipamOptions: {},
      pools: [],
      labels: {},
    });
  });

  it('keeps what is asked for', () => {
    const network = desired({
      name: 'shared',
      internal: true,
      attachable: true,
      enable_ipv4: false,
      enable_ipv6: true,
      labels: { team: 'a' },
      driver_opts: { 'com.docker.network.bridge.enable_icc': 'false' },
      ipam: {
        driver: 'default',
        options: { x: 'y' },
        config: [
          { subnet: 'fd00:9::/64' },
          {
            subnet: '10.9.0.0/24',
            gateway: '10.9.0.1',
            ip_range: '10.9.0.128/25',
            aux_addresses: { nas: '10.9.0.5' },
          },
        ],
      },
    });
    expect(network).toMatchObject({
      name: 'shared',
      internal: true,
      attachable: true,
      enableIPv4: false,
      enableIPv6: true,
      labels: { team: 'a' },
      options: { 'com.docker.network.bridge.enable_icc': 'false' },
      ipamOptions: { x: 'y' },
      pools: [
        {
          subnet: '10.9.0.0/24',
          gateway: '10.9.0.1',
          ipRange: '10.9.0.128/25',
          auxAddresses: { nas: '10.9.0.5' },
        },
        { subnet: 'fd00:9::/64', gateway: undefined, ipRange: undefined, auxAddresses: {} },
      ],
    });
  });

  it('has the same hash for the same meaning and another for each change', () => {
    const hash = (network: Partial<ComposeNetwork>) => desired({ name: 'demo_net', ...network })?.specHash;
    const pools = [{ subnet: '10.9.0.0/24' }, { subnet: '10.8.0.0/24' }];
    expect(hash({ ipam: { config: pools } })).toBe(hash({ ipam: { config: [...pools].reverse() } }));
    expect(hash({ driver: 'bridge', internal: false, enable_ipv4: true })).toBe(hash({}));
    const all = [
      hash({}),
      hash({ internal: true }),
      hash({ attachable: true }),
      hash({ enable_ipv6: true }),
      hash({ enable_ipv4: false }),
      hash({ driver: 'macvlan' }),
      hash({ driver_opts: { 'com.docker.network.bridge.enable_icc': 'false' } }),
      hash({ ipam: { config: pools } }),
      hash({ labels: { a: 'b' } }),
    ];
    expect(new Set(all).size).toBe(all.length);
  });

  it('has its IPv6 subnets in the spelling that engines read back', () => {
    const config = [{ subnet: 'FD00:9:0::/64', gateway: 'FD00:9:0::0001', ip_range: 'fd00:9:0:0::/80' }];
    expect(desired({ name: 'n', ipam: { config } })?.pools).toEqual([
      { subnet: 'fd00:9::/64', gateway: 'fd00:9::1', ipRange: 'fd00:9::/80', auxAddresses: {} },
    ]);
  });

  it('that is external is only looked for', () => {
    const { desired, faults } = only({ name: 'host', external: true, driver_opts: { nonsense: 'x' } });
    expect(faults).toEqual([]);
    expect(desired.networks[0]).toMatchObject({ name: 'host', external: true });
  });

  it('of the engine itself cannot be made', () => {
    expect(faults({ name: 'bridge' })).toEqual(['ReservedName networks.net.name']);
    expect(faults({ driver: 'host' })).toEqual(['Unsupported networks.net.driver']);
  });

  it('over several hosts needs a Swarm', () => {
    expect(faults({ driver: 'overlay' })).toEqual(['Unsupported networks.net.driver']);
    expect(faults({ driver: 'overlay' }, { swarmActive: true })).toEqual([
      'Unsupported networks.net.attachable',
    ]);
    expect(faults({ driver: 'overlay', attachable: true }, { swarmActive: true })).toEqual([]);
  });

  it('without IPv4, or with an IPv6 subnet that the engine must find, needs a newer engine', () => {
    expect(faults({ enable_ipv4: false }, { apiVersion: '1.47' })).toEqual([
      'UnsupportedByEngine networks.net.enable_ipv4',
    ]);
    expect(faults({ enable_ipv4: true }, { apiVersion: '1.41' })).toEqual([]);
    expect(faults({ enable_ipv6: true }, { apiVersion: '1.41' })).toEqual([
      'UnsupportedByEngine networks.net.enable_ipv6',
    ]);
    const ipam = { config: [{ subnet: 'fd00:9::/64' }] };
    expect(faults({ enable_ipv6: true, ipam }, { apiVersion: '1.41' })).toEqual([]);
  });

  it('may not share its name with another, nor carry our labels', () => {
    const networks = { a: { name: 'same' }, b: { name: 'same' } };
    expect(resolve({ project: { networks } }).faults).toEqual(['DuplicateName networks.b.name']);
    expect(faults({ labels: { 'io.stackctl.stack': 'x' } })).toEqual([
      'ReservedLabel networks.net.labels.io.stackctl.stack',
    ]);
  });
});

describe('driver options', () => {
  it('that are mistyped are errors, with the right one as a hint', () => {
    const { problems } = only({
      name: 'n',
      driver_opts: { 'com.docker.network.bridge.enable_iccc': 'false' },
    });
    expect(problems).toEqual([
      expect.objectContaining({
        severity: 'error',
        code: 'UnknownDriverOption',
        path: 'networks.net.driver_opts.com.docker.network.bridge.enable_iccc',
        hint: 'did you mean com.docker.network.bridge.enable_icc',
      }),
    ]);
  });

  it('that are plainly somebody’s own note are warned about', () => {
    const { problems } = only({ name: 'n', driver_opts: { 'org.example.purpose-of-this': 'x' } });
    expect(problems.map(({ severity }) => severity)).toEqual(['warning']);
  });

  it('have values that the engine can read', () => {
    expect(bridge('enable_icc', 'flase')).toEqual([
      'InvalidDriverOption networks.net.driver_opts.com.docker.network.bridge.enable_icc',
    ]);
    expect(bridge('enable_icc', 'F')).toEqual([]);
    expect(faults({ driver_opts: { 'com.docker.network.driver.mtu': 'big' } })).toHaveLength(1);
    expect(faults({ driver_opts: { 'com.docker.network.driver.mtu': '1400' } })).toEqual([]);
  });

  it('of gateway modes came with Docker 27.0 and 28.0', () => {
    expect(bridge('gateway_mode_ipv4', 'routed', '1.45')).toHaveLength(1);
    expect(bridge('gateway_mode_ipv4', 'routed', '1.46')).toEqual([]);
    expect(bridge('gateway_mode_ipv6', 'isolated', '1.47')).toHaveLength(1);
    expect(bridge('gateway_mode_ipv6', 'isolated', '1.48')).toEqual([]);
    expect(bridge('gateway_mode_ipv4', 'open', '1.51')).toHaveLength(1);
  });

  it('of other built-in drivers are known, and those of plugins are theirs', () => {
    expect(faults({ driver: 'macvlan', driver_opts: { parent: 'eth0', macvlan_mode: 'bridge' } })).toEqual(
      [],
    );
    expect(faults({ driver: 'ipvlan', driver_opts: { parent: 'eth0', ipvlan_mode: 'l4' } })).toHaveLength(1);
    expect(faults({ driver: 'weave', driver_opts: { anything: 'goes' } })).toEqual([]);
  });
});

describe('volumes', () => {
  it('are local unless told otherwise, and external ones are only looked for', () => {
    const { desired, faults } = resolve({
      project: {
        volumes: {
          z: { name: 'elsewhere', external: true },
          a: { name: 'demo_a', driver_opts: { type: 'nfs' }, labels: { keep: 'yes' } },
        },
      },
    });
    expect(faults).toEqual([]);
    expect(desired.volumes).toMatchObject([
      {
        key: 'a',
        name: 'demo_a',
        external: false,
        driver: 'local',
        options: { type: 'nfs' },
        labels: { keep: 'yes' },
      },
      { key: 'z', name: 'elsewhere', external: true },
    ]);
  });

  it('may not share a name, nor carry our labels', () => {
    const volumes = { a: { name: 'same' }, b: { name: 'same', labels: { 'io.stackctl.stack': 'x' } } };
    expect(resolve({ project: { volumes } }).faults).toEqual([
      'ReservedLabel volumes.b.labels.io.stackctl.stack',
      'DuplicateName volumes.b.name',
    ]);
  });
});
