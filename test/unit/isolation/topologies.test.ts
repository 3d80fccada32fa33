import { describe, expect, test } from 'vitest';
import { declaredTopology } from '../../../src/isolation/declared.ts';
import { modelOf } from '../../../src/isolation/model.ts';
import { observedTopology } from '../../../src/isolation/observed.ts';
import { stackName } from '../../../src/model/names.ts';
import { running } from '../../support/planned.ts';
import { member, net, topology } from '../../support/topologies.ts';
import { resolve } from '../desired/example.ts';

const BRIDGE = 'com.docker.network.bridge.';
const ENGINE = { apiVersion: '1.51' };

describe('a topology from manifests', () => {
  const { desired } = resolve({
    services: {
      web: {
        image: 'web:1',
        networks: { front: { aliases: ['site'], ipv4_address: '10.9.0.5' }, out: null },
        ports: [
          { target: 80, published: '8080', host_ip: '127.0.0.1', protocol: 'tcp' },
          { target: 53, published: '5300-5301', protocol: 'udp' },
        ],
        expose: ['9090'],
        healthcheck: { test: ['CMD', 'curl', 'http://127.0.0.1:8081/health'] },
        command: ['serve', '--port', '8082'],
      },
      side: { image: 'side:1', network_mode: 'service:web' },
      agent: { image: 'agent:1', network_mode: 'host' },
      batch: { image: 'batch:1', network_mode: 'none' },
      guest: { image: 'guest:1', network_mode: 'container:somebody' },
      old: { image: 'old:1', network_mode: 'bridge' },
    },
    project: {
      networks: {
        front: {
          name: 'demo_front',
          internal: true,
          driver_opts: { [`${BRIDGE}enable_icc`]: '0', [`${BRIDGE}gateway_mode_ipv4`]: 'isolated' },
          ipam: { config: [{ subnet: '10.9.0.0/24', gateway: '10.9.0.1' }] },
        },
        out: { name: 'shared', external: true },
      },
    },
  });
  const stacks = [{ desired, labels: { tier: 'edge' } }];

  test('has every replica with its namespace, networks, names and ports', () => {
    const { members } = declaredTopology({ stacks, surroundings: undefined, engine: ENGINE });
    expect(members.map(({ id, namespace }) => [id, namespace])).toEqual([
      ['demo/agent/1', { kind: 'host' }],
      ['demo/batch/1', { kind: 'none' }],
      ['demo/guest/1', { kind: 'shared', with: 'somebody' }],
      ['demo/old/1', { kind: 'own' }],
      ['demo/side/1', { kind: 'shared', with: 'demo/web/1' }],
      ['demo/web/1', { kind: 'own' }],
    ]);
    const web = members.find(({ service }) => service === 'web');
    expect(web).toMatchObject({
      name: 'demo-web-1',
      labels: { tier: 'edge' },
      attachments: [
        { network: 'demo_front', addresses: ['10.9.0.5'], aliases: ['demo-web-1', 'site', 'web'] },
        { network: 'shared', addresses: [], aliases: ['demo-web-1', 'web'] },
      ],
      publications: [
        { hostIp: '127.0.0.1', hostPort: 8080, containerPort: 80, protocol: 'tcp' },
        { hostIp: '', hostPort: undefined, containerPort: 53, protocol: 'udp' },
      ],
    });
    expect(web?.listens.map(({ port, source }) => `${port} ${source}`)).toEqual([
      '53 published',
      '80 published',
      '8081 healthcheck',
      '8082 command',
      '9090 exposed',
    ]);
    expect(members.find(({ service }) => service === 'old')?.attachments[0]?.network).toBe('bridge');
  });

  test('has networks with what their options mean on this engine, and guesses what nobody declares', () => {
    const { networks } = declaredTopology({ stacks, surroundings: undefined, engine: ENGINE });
    expect(
      networks.map(({ name, isGuessed, isDefaultBridge }) => [name, isGuessed, isDefaultBridge]),
    ).toEqual([
      ['bridge', false, true],
      ['demo_front', false, false],
      ['shared', true, false],
    ]);
    expect(networks[1]).toMatchObject({
      stack: 'demo',
      keys: ['front'],
      icc: false,
      internal: true,
      gatewayMode4: 'isolated',
      gateways: ['10.9.0.1'],
    });
    const old = declaredTopology({ stacks, surroundings: undefined, engine: { apiVersion: '1.41' } });
    expect(old.networks[1]?.gatewayMode4).toBe('nat');
  });

  test('takes external networks and strangers from what is there, and its own only from the manifest', () => {
    const surroundings = topology(
      [
        net('shared', { internal: true }),
        net('demo_gone', { stack: 'demo' }),
        net('demo_front', { stack: 'demo' }),
      ],
      [member('stranger', { networks: ['shared'] }), member('demo/web/1', { networks: ['shared'] })],
    );
    const found = declaredTopology({ stacks, surroundings, engine: ENGINE });
    expect(found.networks.map(({ name }) => name)).toEqual(['bridge', 'demo_front', 'shared']);
    expect(found.networks[2]).toMatchObject({ internal: true, isGuessed: false, keys: ['out'] });
    expect(found.networks[1]).toMatchObject({ icc: false });
    expect(found.members.filter(({ id }) => id === 'stranger' || id === 'demo/web/1')).toHaveLength(2);
  });
});

test('a topology from an engine says the same as the manifest that it came from', async () => {
  const { engine, desired } = await running({
    services: {
      web: { networks: ['front', 'back'], ports: ['8080:80'] },
      db: { networks: ['back'], replicas: 2 },
      side: { mode: { kind: 'service', service: 'web' } },
    },
    networks: { front: {}, back: { internal: true } },
  });
  const query = { stack: stackName('x'), project: '', networkNames: [], imageRefs: [], everything: true };
  const observed = await engine.observe(query, new AbortController().signal);
  const seen = observedTopology({ observed, stackLabels: { demo: { tier: 'edge' } } });
  const wanted = declaredTopology({
    stacks: [{ desired, labels: {} }],
    surroundings: undefined,
    engine: ENGINE,
  });
  expect(seen.members.map(({ id }) => id)).toEqual(wanted.members.map(({ id }) => id));
  expect(seen.members[0]).toMatchObject({ state: 'running', labels: { tier: 'edge' } });
  expect(seen.members[0]?.containerId).toBeDefined();
  const ids = wanted.members.map(({ id }) => id);
  const matrix = (of: typeof seen) =>
    ids.flatMap((from) =>
      ids.map((to) => {
        const { allowed, names } = modelOf(of).reach({
          from: { kind: 'member', id: from },
          to: { kind: 'member', id: to },
        });
        return `${from} ${to} ${allowed} ${names.join()}`;
      }),
    );
  expect(matrix(seen)).toEqual(matrix(wanted));
});
