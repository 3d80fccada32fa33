import { describe, expect, it } from 'vitest';
import type { ComposeService } from '../../../src/compose/model.ts';
import { resolveWeb, webContainer, webFaults } from './example.ts';

const project = {
  networks: {
    front: { name: 'demo_front' },
    back: { name: 'demo_back', ipam: { config: [{ subnet: '10.9.0.0/24' }] } },
    hostnet: { name: 'host', external: true },
  },
};
const container = (service: ComposeService) => webContainer(service, { project });
const faults = (service: ComposeService, apiVersion = '1.51') => webFaults(service, { project, apiVersion });

describe('endpoints', () => {
  it('know the service by its name, the name of its container and its own aliases', () => {
    const { endpoints } = container({ networks: { front: { aliases: ['www', 'api'] } } });
    expect(endpoints).toEqual([
      { network: 'front', aliases: ['api', 'demo-web-1', 'web', 'www'], linkLocalIps: [], driverOpts: {} },
    ]);
  });

  it('carry addresses, options and the priority of the gateway', () => {
    const { endpoints } = container({
      networks: {
        back: {
          ipv4_address: '10.9.0.7',
          ipv6_address: 'FD00:0::0007',
          link_local_ips: ['169.254.1.2'],
          mac_address: '02:42:AC:11:00:05',
          gw_priority: 5,
          interface_name: 'lan0',
          driver_opts: { 'com.docker.network.endpoint.sysctls': 'x' },
        },
      },
    });
    expect(endpoints).toEqual([
      {
        network: 'back',
        aliases: ['demo-web-1', 'web'],
        ipv4Address: '10.9.0.7',
        ipv6Address: 'fd00::7',
        linkLocalIps: ['169.254.1.2'],
        macAddress: '02:42:ac:11:00:05',
        driverOpts: {
          'com.docker.network.endpoint.sysctls': 'x',
          'com.docker.network.endpoint.ifname': 'lan0',
        },
        gwPriority: 5,
      },
    ]);
  });

  it('start with the primary network: the highest priority, then the first by name', () => {
    const order = (service: ComposeService) => [
      container(service).networkMode,
      container(service).endpoints.map(({ network }) => network),
    ];
    expect(order({ networks: { front: null, back: null } })).toEqual([
      { kind: 'networks', primary: 'demo_back' },
      ['back', 'front'],
    ]);
    expect(order({ networks: { front: { priority: 10 }, back: null } })).toEqual([
      { kind: 'networks', primary: 'demo_front' },
      ['front', 'back'],
    ]);
  });

  it('give the MAC address of the service to its primary network', () => {
    const { endpoints } = container({
      mac_address: '02:42:00:00:00:01',
      networks: { front: null, back: null },
    });
    expect(endpoints.map(({ macAddress }) => macAddress)).toEqual(['02:42:00:00:00:01', undefined]);
  });

  it('refuse on old engines what these would drop', () => {
    const networks = {
      back: { gw_priority: 1 },
      front: { interface_name: 'lan0', mac_address: '02:42:00:00:00:01' },
    };
    expect(faults({ networks }, '1.41')).toEqual([
      'UnsupportedByEngine services.web.networks.back.gw_priority',
      'UnsupportedByEngine services.web.networks.front.interface_name',
      'UnsupportedByEngine services.web.networks.front.mac_address',
    ]);
    expect(faults({ networks: { back: { mac_address: '02:42:00:00:00:01' } } }, '1.41')).toEqual([]);
  });

  it('refuse one address for several containers', () => {
    const service = { deploy: { replicas: 2 }, networks: { back: { ipv4_address: '10.9.0.7' } } };
    expect(faults(service)).toEqual(['AddressForOneReplica services.web.networks.back.ipv4_address']);
  });
});

describe('network modes', () => {
  it('are the engine’s own words', () => {
    expect(container({ network_mode: 'host' }).networkMode).toEqual({ kind: 'host' });
    expect(container({ network_mode: 'none' }).networkMode).toEqual({ kind: 'none' });
    expect(container({ network_mode: 'bridge' }).networkMode).toEqual({ kind: 'bridge' });
    expect(container({ network_mode: 'container:x' }).networkMode).toEqual({
      kind: 'shared',
      with: { kind: 'container', name: 'x' },
    });
  });

  it('are also had by reference to the external network of that name', () => {
    const onHost = container({ networks: { hostnet: null } });
    expect(onHost.networkMode).toEqual({ kind: 'host' });
    expect(onHost.endpoints).toEqual([]);
    expect(faults({ networks: { hostnet: null, front: null } })).toEqual([
      'Unsupported services.web.networks.hostnet',
    ]);
  });

  it('refuse the name of a network, which is no mode', () => {
    expect(faults({ network_mode: 'front' })).toEqual(['Unsupported services.web.network_mode']);
  });

  it('warn that ports mean nothing on the network of the host', () => {
    const { problems } = resolveWeb({ network_mode: 'host', ports: [{ target: 80, published: '80' }] });
    expect(problems.map(({ severity, code }) => [severity, code])).toEqual([['warning', 'IgnoredAttribute']]);
  });
});

describe('links', () => {
  const services = { db: { image: 'db:1', networks: { front: null }, deploy: { replicas: 2 } } };

  it('are names that only this container sees', () => {
    const web = webContainer(
      { networks: { front: null }, links: ['db:database'], external_links: ['legacy', 'old:cache'] },
      { project, services },
    );
    expect(web.endpoints[0]?.links).toEqual([
      'demo-db-1:database',
      'demo-db-1:db-1',
      'demo-db-2:database',
      'demo-db-2:db-2',
      'legacy:legacy',
      'old:cache',
    ]);
    expect(web.host.Links).toBeUndefined();
  });

  it('belong to the container on the default bridge', () => {
    const web = webContainer({ network_mode: 'bridge', external_links: ['old:cache'] }, { project });
    expect(web.host.Links).toEqual(['old:cache']);
  });
});
