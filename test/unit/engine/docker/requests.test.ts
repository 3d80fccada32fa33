import { describe, expect, test } from 'vitest';
import {
  containerBody,
  endpointBody,
  networkBody,
  updateBody,
} from '../../../../src/engine/docker/requests.ts';
import { OURS } from '../../../../src/model/labels.ts';
import { containerId, networkId, stackName } from '../../../../src/model/names.ts';
import {
  type ContainerChange,
  containerRequest,
  desiredNetwork,
  endpoint,
} from '../../../support/engine-requests.ts';

const owner = { stack: stackName('demo'), instance: 'i1', image: 'nginx:1' };
const network = (name: string) => ({
  networkId: networkId(name.repeat(4)),
  networkName: name,
  settings: endpoint({ macAddress: '02:00:00:00:00:01' }),
});
const body = (change: ContainerChange, api = '1.51') =>
  containerBody(containerRequest(owner, change), api) as Record<string, unknown> & {
    HostConfig: Record<string, unknown>;
    NetworkingConfig: { EndpointsConfig: Record<string, Record<string, unknown>> };
  };

describe('the body of a container create', () => {
  const twoNetworks: ContainerChange = {
    desired: { networkMode: { kind: 'networks', primary: 'front' } },
    request: { endpoints: [network('back'), network('front')] },
  };

  test('gives every endpoint from API 1.44 on, and only the primary one before', () => {
    expect(Object.keys(body(twoNetworks, '1.44').NetworkingConfig.EndpointsConfig)).toEqual([
      'back',
      'front',
    ]);
    expect(Object.keys(body(twoNetworks, '1.43').NetworkingConfig.EndpointsConfig)).toEqual(['front']);
    expect(body(twoNetworks).HostConfig['NetworkMode']).toBe('front');
  });

  test('gives a MAC address where the API version honours it', () => {
    expect(body(twoNetworks, '1.43')['MacAddress']).toBe('02:00:00:00:00:01');
    expect(body(twoNetworks, '1.44')['MacAddress']).toBeUndefined();
    expect(body(twoNetworks, '1.44').NetworkingConfig.EndpointsConfig['front']).toMatchObject({
      MacAddress: '02:00:00:00:00:01',
    });
  });

  test.each(['host', 'none', 'bridge'] as const)('names the network mode %s', (kind) => {
    expect(body({ desired: { networkMode: { kind } } }).HostConfig['NetworkMode']).toBe(kind);
  });

  test('names other containers by id', () => {
    const id = containerId('c1');
    const shared = body({
      desired: { networkMode: { kind: 'shared', with: { kind: 'service', service: 'x' } } },
      request: {
        networkContainer: id,
        ipcContainer: id,
        pidContainer: id,
        volumesFrom: [
          { container: id, readOnly: true },
          { container: containerId('c2'), readOnly: false },
        ],
      },
    });
    expect(shared.HostConfig).toMatchObject({
      NetworkMode: 'container:c1',
      IpcMode: 'container:c1',
      PidMode: 'container:c1',
      VolumesFrom: ['c1:ro', 'c2'],
    });
  });

  test('puts our labels above the manifest’s, and named volumes in place of anonymous ones', () => {
    const made = body({
      config: { Labels: { a: 'b', [OURS.instance]: 'forged' } },
      host: { Mounts: [{ Type: 'bind', Source: '/srv', Target: '/srv' }] },
      request: { anonymousVolumes: { '/data': 'demo_web-1_data' } },
    });
    expect(made['Labels']).toMatchObject({ a: 'b', [OURS.instance]: 'i1' });
    expect(made.HostConfig['Mounts']).toEqual([
      { Type: 'bind', Source: '/srv', Target: '/srv' },
      { Type: 'volume', Source: 'demo_web-1_data', Target: '/data' },
    ]);
  });

  test('exposes every port it binds, since the engine ignores a binding of any other', () => {
    const made = body({
      config: { ExposedPorts: { '53/udp': {} } },
      host: { PortBindings: { '80/tcp': [{ HostIp: '', HostPort: '8080' }] } },
    });
    expect(made['ExposedPorts']).toEqual({ '53/udp': {}, '80/tcp': {} });
    expect(body({})['ExposedPorts']).toBeUndefined();
  });

  test('sends no retry count with a policy that has none', () => {
    const made = body({ desired: { restartPolicy: { Name: 'always', MaximumRetryCount: 7 } } });
    expect(made.HostConfig['RestartPolicy']).toEqual({ Name: 'always', MaximumRetryCount: 0 });
  });

  test('writes what inspect shows in the words of docker compose', () => {
    const made = body({
      host: { CapAdd: ['NET_ADMIN'], CapDrop: ['ALL'] },
      desired: { restartPolicy: { Name: 'no', MaximumRetryCount: 0 } },
    });
    expect(made.HostConfig).toMatchObject({ CapAdd: ['CAP_NET_ADMIN'], CapDrop: ['ALL'] });
    expect(made.HostConfig['RestartPolicy']).toBeUndefined();
    expect(made).toMatchObject({ AttachStdout: true, AttachStderr: true });
  });
});

describe('the other bodies', () => {
  test('an endpoint leaves out what the API version would drop in silence', () => {
    const settings = endpoint({
      aliases: ['web'],
      ipv4Address: '10.0.0.2',
      gwPriority: 5,
      macAddress: '02:00:00:00:00:01',
    });
    expect(endpointBody(settings, '1.47', false)).toEqual({
      Aliases: ['web'],
      IPAMConfig: { IPv4Address: '10.0.0.2' },
    });
    expect(endpointBody(settings, '1.48', false)).toMatchObject({ GwPriority: 5 });
    expect(endpointBody(settings, '1.51', false)).not.toHaveProperty('MacAddress');
  });

  test('a network carries its pools and every label', () => {
    const pools = [
      {
        subnet: '10.1.0.0/24',
        gateway: '10.1.0.1',
        ipRange: '10.1.0.128/25',
        auxAddresses: { a: '10.1.0.9' },
      },
    ];
    const desired = desiredNetwork('demo_net', { pools, labels: { a: 'b' }, enableIPv4: false });
    const made = networkBody(desired, { [OURS.stack]: 'demo' }, '1.47');
    expect(made).toMatchObject({
      Name: 'demo_net',
      CheckDuplicate: true,
      IPAM: {
        Driver: 'default',
        Config: [
          {
            Subnet: '10.1.0.0/24',
            Gateway: '10.1.0.1',
            IPRange: '10.1.0.128/25',
            AuxiliaryAddresses: { a: '10.1.0.9' },
          },
        ],
      },
      Labels: { a: 'b', [OURS.stack]: 'demo' },
    });
    expect(made).not.toHaveProperty('EnableIPv4');
    expect(networkBody(desired, {}, '1.48')).toMatchObject({ EnableIPv4: false });
  });

  test('an update of memory takes a swap limit along, unless one is given', () => {
    expect(updateBody({ Memory: 100 }, undefined)).toEqual({ Memory: 100, MemorySwap: 200 });
    expect(updateBody({ Memory: 100, MemorySwap: 150 }, undefined)).toEqual({
      Memory: 100,
      MemorySwap: 150,
    });
    expect(updateBody({ CpuShares: 5 }, { Name: 'on-failure', MaximumRetryCount: 3 })).toEqual({
      CpuShares: 5,
      RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 },
    });
  });
});
