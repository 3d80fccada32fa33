import { describe, expect, it } from 'vitest';
import { errorsOf, load, warningsOf } from './loading-fixture.ts';

const services = (...lines: readonly string[]) => `services:\n${lines.map((line) => `  ${line}\n`).join('')}`;

describe('rules that docker compose has too', () => {
  it.each([
    ['MissingImage services.a.image', services('a: {hostname: x}')],
    [
      'ConflictingFields services.a.network_mode',
      `${services('a: {image: x, network_mode: host, networks: [n]}')}networks: {n: }\n`,
    ],
    ['UndefinedNetwork services.a.networks.n', services('a: {image: x, networks: [n]}')],
    ['UndefinedVolume services.a.volumes[0].source', services('a: {image: x, volumes: ["v1:/v"]}')],
    ['UndefinedSecret services.a.secrets[0]', services('a: {image: x, secrets: [s]}')],
    ['UndefinedConfig services.a.configs[0]', services('a: {image: x, configs: [c]}')],
    ['UndefinedService services.a.depends_on.b', services('a: {image: x, depends_on: [b]}')],
    ['UndefinedService services.a.depends_on.b', services('a: {image: x, network_mode: "service:b"}')],
    [
      'InvalidHealthcheck services.a.healthcheck.test',
      services('a: {image: x, healthcheck: {test: [curl, x]}}'),
    ],
    ['ConflictingFields services.a.scale', services('a: {image: x, scale: 2, deploy: {replicas: 3}}')],
    [
      'ConflictingFields services.a.container_name',
      services('a: {image: x, scale: 2, container_name: name}'),
    ],
    [
      'ConflictingFields services.a.mem_limit',
      services('a: {image: x, mem_limit: 1g, deploy: {resources: {limits: {memory: 2g}}}}'),
    ],
    ['DuplicateMount services.a.volumes[0]', services('a: {image: x, tmpfs: [/t], volumes: ["/h:/t/"]}')],
    ['MissingSource secrets.s', `${services('a: {image: x, secrets: [s]}')}secrets: {s: {}}\n`],
    [
      'ConflictingFields volumes.v1.driver',
      `${services('a: {image: x}')}volumes: {v1: {external: true, driver: d}}\n`,
    ],
    [
      'ConflictingFields services.a.build.platforms',
      services('a: {build: {context: ., platforms: [linux/arm64]}, platform: linux/amd64}'),
    ],
    [
      'InvalidAddress services.a.ports[0].host_ip',
      services('a: {image: x, ports: [{target: 80, host_ip: localhost}]}'),
    ],
  ])('%s', (problem, text) => {
    expect(errorsOf(load(text))).toEqual([problem]);
  });

  it('names the chain of a circle', () => {
    const loaded = load(
      services(
        'a: {image: x, depends_on: [b]}',
        'b: {image: x, links: [c]}',
        'c: {image: x, ipc: "service:a"}',
      ),
    );
    expect(loaded.problems).toMatchObject([
      { code: 'DependencyCycle', message: 'services wait for each other in a circle: a -> b -> c -> a' },
    ]);
    expect(errorsOf(load(services('a: {image: x, depends_on: [a]}')))).toEqual([
      'DependencyCycle services.a.depends_on.a',
    ]);
  });

  it('suggests the name that was meant', () => {
    const loaded = load(
      `${services('a: {image: x, networks: [fronted]}')}networks: {frontend: , backend: }\n`,
    );
    expect(loaded.problems[0]?.hint).toBe('did you mean frontend?');
  });
});

describe('ports of the host', () => {
  it('are published on IPv4 beside IPv6, and on several addresses', () => {
    const both =
      'ports: ["0.0.0.0:80:80", "[::]:80:80", "0.0.0.0:81:80", "[::1]:81:80", "10.0.0.1:82:80", "10.0.0.2:82:80"]';
    expect(errorsOf(load(services(`a: {image: x, ${both}}`)))).toEqual([]);
    const [four, six] = ['ports: ["0.0.0.0:80:80"]', 'ports: ["[::]:80:80"]'];
    expect(errorsOf(load(services(`a: {image: x, ${four}}`, `b: {image: x, ${six}}`)))).toEqual([]);
  });
});

describe('rules that spare a failure half-way', () => {
  const net = 'networks: {n: {ipam: {config: [{subnet: 10.1.0.0/24}]}}}\n';

  it.each([
    [
      'DuplicateContainerName services.b.container_name',
      services('a: {image: x, container_name: name}', 'b: {image: x, container_name: name}'),
    ],
    [
      'DuplicatePort services.b.ports[0]',
      services('a: {image: x, ports: ["80:1"]}', 'b: {image: x, ports: ["0.0.0.0:80:2"]}'),
    ],
    ['DuplicatePort services.a.ports[1]', services('a: {image: x, ports: ["80:80", "[::]:80:80"]}')],
    [
      'DuplicatePort services.b.ports[0]',
      services('a: {image: x, ports: ["[::]:80:1"]}', 'b: {image: x, ports: ["80:2"]}'),
    ],
    ['PortForOneReplica services.a.ports[0]', services('a: {image: x, scale: 2, ports: ["80:80"]}')],
    [
      'DuplicateAddress services.b.networks.n.ipv4_address',
      services(
        'a: {image: x, networks: {n: {ipv4_address: 10.1.0.5}}}',
        'b: {image: x, networks: {n: {ipv4_address: 10.1.0.5}}}',
      ) + net,
    ],
    [
      'OutsideSubnet services.a.networks.n.ipv4_address',
      services('a: {image: x, networks: {n: {ipv4_address: 10.2.0.5}}}') + net,
    ],
    [
      'NoSubnet services.a.networks.default.ipv4_address',
      services('a: {image: x, networks: {default: {ipv4_address: 10.2.0.5}}}'),
    ],
    [
      'InvalidSubnet networks.n.ipam.config[0].subnet',
      'networks: {n: {ipam: {config: [{subnet: 10.1.0.0/33}]}}}\n',
    ],
    [
      'OutsideSubnet networks.n.ipam.config[0].gateway',
      'networks: {n: {ipam: {config: [{subnet: 10.1.0.0/24, gateway: 10.1.1.1}]}}}\n',
    ],
    [
      'OutsideSubnet networks.n.ipam.config[0].ip_range',
      'networks: {n: {ipam: {config: [{subnet: 10.1.0.0/24, ip_range: 10.1.1.0/25}]}}}\n',
    ],
    [
      'OverlappingSubnets networks.m.ipam.config[0].subnet',
      'networks: {n: {ipam: {config: [{subnet: 10.0.0.0/8}]}}, m: {ipam: {config: [{subnet: 10.1.0.0/24}]}}}\n',
    ],
  ])('%s', (problem, text) => {
    expect(errorsOf(load(text))).toEqual([problem]);
  });

  it.each([
    [
      'ports of different protocols or addresses',
      services('a: {image: x, ports: ["80:1", "80:1/udp", "127.0.0.1:81:1", "127.0.0.2:81:1"]}'),
    ],
    ['ranges that are long enough', services('a: {image: x, scale: 2, ports: ["80-81:80"]}')],
    ['a free port for every replica', services('a: {image: x, scale: 2, ports: ["80"]}')],
    [
      'addresses on a network of others',
      `${services('a: {image: x, networks: {n: {ipv4_address: 10.2.0.5}}}')}networks: {n: {external: true}}\n`,
    ],
    [
      'subnets side by side',
      'networks: {n: {ipam: {config: [{subnet: 10.0.0.0/24}, {subnet: "fd00::/64"}]}}, m: {ipam: {config: [{subnet: 10.0.1.0/24}]}}}\n',
    ],
  ])('allow %s', (_, text) => {
    expect(errorsOf(load(text))).toEqual([]);
  });

  it('warn where the engine or the image decides', () => {
    expect(
      warningsOf(
        load(services('a: {image: x, depends_on: {b: {condition: service_healthy}}}', 'b: {image: x}')),
      ),
    ).toEqual(['NoHealthcheck services.a.depends_on.b']);
    expect(warningsOf(load('networks: {n: {ipam: {config: [{subnet: 10.0.0.1/24}]}}}\n'))).toEqual([
      'SubnetHostBits networks.n.ipam.config[0].subnet',
    ]);
  });
});
