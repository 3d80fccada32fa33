import { describe, expect, it } from 'vitest';
import type { ComposeService } from '../../../src/compose/model.ts';
import { canonicalJson, keyedDigest, specHash } from '../../../src/desired/hash.ts';
import { resolve, webContainer } from './example.ts';

const project = {
  networks: { front: { name: 'demo_front' }, back: { name: 'demo_back' } },
  volumes: { data: { name: 'demo_data' } },
};
const services = { db: { image: 'db:1', networks: { front: null } } };
const hash = (service: ComposeService) => webContainer(service, { project, services }).specHash;

const full: ComposeService = {
  networks: { front: null, back: null },
  command: ['run', 'it'],
  environment: { A: '1', B: '2' },
  ports: [
    { target: 80, published: '8080' },
    { target: 443, published: '8443' },
    { target: 80, published: '9090' },
  ],
  cap_add: ['NET_ADMIN', 'SYS_TIME'],
  volumes: [
    { type: 'bind', source: '/a', target: '/a', bind: { create_host_path: true } },
    { type: 'bind', source: '/b', target: '/b', bind: { create_host_path: true } },
    { type: 'volume', source: 'data', target: '/data' },
    { type: 'tmpfs', target: '/cache' },
    { type: 'volume', target: '/scratch' },
    { type: 'volume', target: '/other' },
  ],
  tmpfs: ['/run', '/tmp'],
  extra_hosts: ['a=10.0.0.1', 'b=10.0.0.2', 'b=10.0.0.3'],
  ulimits: { nofile: 10, nproc: { soft: 1, hard: 2 } },
  devices: [
    { source: '/dev/a', target: '/dev/a' },
    { source: '/dev/b', target: '/dev/b' },
  ],
  security_opt: ['no-new-privileges:true', 'apparmor=x'],
  group_add: ['a', 'b'],
  labels: { x: '1', y: '2' },
  sysctls: { 'net.a': '1', 'net.b': '2' },
  expose: ['1', '2'],
  gpus: [
    { driver: 'x', count: 1 },
    { driver: 'y', count: 1 },
  ],
};

/** The same, with every list that has no order turned round and every mapping written from behind. */
function reversed(service: ComposeService): ComposeService {
  const turned = Object.entries(service).map(([key, value]) => {
    if (key === 'command') return [key, value];
    if (key === 'extra_hosts') return [key, ['b=10.0.0.2', 'b=10.0.0.3', 'a=10.0.0.1']];
    if (Array.isArray(value)) return [key, [...value].reverse()];
    return [key, Object.fromEntries(Object.entries(value ?? {}).reverse())];
  });
  return Object.fromEntries(turned.reverse());
}

describe('the spec hash', () => {
  it('is the same when only an order without a meaning differs', () => {
    expect(hash(reversed(full))).toBe(hash(full));
  });

  it('is the same for two spellings of one meaning', () => {
    expect(hash({ cap_add: ['cap_net_admin'] })).toBe(hash({ cap_add: ['NET_ADMIN'] }));
    expect(hash({ security_opt: ['no-new-privileges'] })).toBe(
      hash({ security_opt: ['no-new-privileges:true'] }),
    );
    expect(hash({ working_dir: '/a/./b/' })).toBe(hash({ working_dir: '/a/b' }));
    expect(hash({ expose: ['80'] })).toBe(hash({ expose: ['80/tcp'] }));
    expect(hash({ privileged: false, tty: false, labels: {}, command: [] })).toBe(hash({}));
    expect(hash({ healthcheck: { disable: true } })).toBe(hash({ healthcheck: { test: ['NONE'] } }));
  });

  it('is another for each change that only a new container can take', () => {
    const changes: readonly ComposeService[] = [
      {},
      { image: 'nginx:2' },
      { command: ['run'] },
      { command: ['it', 'run'] },
      { command: ['run', 'it'] },
      { entrypoint: [] },
      { entrypoint: ['run'] },
      { environment: { A: '1' } },
      { environment: { A: '2' } },
      { environment: { A: null } },
      { labels: { a: 'b' } },
      { user: '1' },
      { hostname: 'h' },
      { platform: 'linux/arm64' },
      { ports: [{ target: 80 }] },
      { ports: [{ target: 80, published: '80' }] },
      { expose: ['81'] },
      { healthcheck: { retries: 2 } },
      { cap_add: ['ALL'] },
      { cap_drop: ['ALL'] },
      { privileged: true },
      { read_only: true },
      { init: true },
      { init: false },
      { dns: ['1.1.1.1', '9.9.9.9'] },
      { dns: ['9.9.9.9', '1.1.1.1'] },
      { extra_hosts: ['a=10.0.0.1', 'a=10.0.0.2'] },
      { extra_hosts: ['a=10.0.0.2', 'a=10.0.0.1'] },
      { tmpfs: ['/a'] },
      { volumes: [{ type: 'volume', target: '/a' }] },
      { volumes: [{ type: 'volume', source: 'data', target: '/a' }] },
      { volumes: [{ type: 'bind', source: '/x', target: '/a' }] },
      { volumes: [{ type: 'bind', source: '/x', target: '/a', bind: {} }] },
      { ipc: 'host' },
      { pid: 'host' },
      { pid: 'service:db' },
      { network_mode: 'host' },
      { network_mode: 'none' },
      { network_mode: 'service:db' },
      { volumes_from: ['db'] },
      { volumes_from: ['db:ro'] },
      { mac_address: '02:42:00:00:00:01' },
      { networks: { front: { mac_address: '02:42:00:00:00:01' } } },
      { links: ['db:x'] },
      { logging: { driver: 'none' } },
      { shm_size: '1048576' },
      { stop_signal: 'SIGINT' },
    ];
    const hashes = changes.map((change) => hash({ networks: { front: null }, ...change }));
    expect(new Set(hashes).size).toBe(changes.length);
  });

  it('does not see what changes in place, by attaching, or in us alone', () => {
    const plain = hash({ networks: { front: null } });
    const changes: readonly ComposeService[] = [
      { mem_limit: '64000000' },
      { restart: 'always' },
      { container_name: 'other' },
      { stop_grace_period: '1m' },
      { depends_on: { db: { condition: 'service_started', required: true } } },
      { networks: { front: null, back: null } },
      { networks: { front: { aliases: ['x'], priority: 3, gw_priority: 2 } } },
      { deploy: { replicas: 3, update_config: { order: 'start-first' } } },
      { pull_policy: 'always' },
    ];
    for (const change of changes) expect(hash({ networks: { front: null }, ...change })).toBe(plain);
  });

  it('does not depend on the version of the engine', () => {
    const on = (apiVersion: string) => webContainer(full, { project, services, apiVersion }).specHash;
    expect(on('1.41')).toBe(on('1.51'));
  });

  it('is this one, for ever: another would recreate every container there is', () => {
    expect(hash(full)).toBe('v1.462187ae95f4c37faef65dc14ece73534978ca30e13eed308c5763e63092f6af');
    expect(specHash({ b: [1, { d: undefined, c: 'x' }], a: null })).toBe(
      'v1.48aa8d7ca4745dc18af09c1efd1d919435cf93ad6aac93632f0e3cb043fae4f4',
    );
  });
});

describe('canonical JSON', () => {
  it('sorts keys at every depth, keeps lists and leaves out what is undefined', () => {
    expect(canonicalJson({ b: [{ z: 1, y: undefined }, 'é'], a: true })).toBe('{"a":true,"b":[{"z":1},"é"]}');
  });
});

describe('digests of secrets', () => {
  it('say nothing without the key', () => {
    expect(keyedDigest('key-1', 'x')).not.toBe(keyedDigest('key-2', 'x'));
    expect(keyedDigest('key-1', 'x')).toBe(keyedDigest('key-1', 'x'));
  });
});

describe('the revision', () => {
  it('names all that was resolved, controls included, and is keyed', () => {
    const revision = (image: string, request = {}) =>
      resolve({ services: { web: { image } }, request }).desired.revision;
    expect(revision('a')).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(revision('a')).toBe(revision('a'));
    expect(new Set([revision('a'), revision('b'), revision('a', { secretKey: 'key-2' })]).size).toBe(3);
  });
});
