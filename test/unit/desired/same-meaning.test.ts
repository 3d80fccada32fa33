// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Compose has templates of its own
import { describe, expect, it } from 'vitest';
import { loadProject } from '../../../src/compose/load.ts';
import { resolveStack } from '../../../src/desired/resolve.ts';
import type { DesiredStack } from '../../../src/model/desired.ts';
import { stackName } from '../../../src/model/names.ts';
import { PLAIN_CONTROL } from '../../support/plain-control.ts';
import { filesOf, findOne, type Tree } from '../manifest/in-memory.ts';

const SERVICE = `
    image: nginx:1.27
    command: ["serve", "--port", "80"]
    environment:
      MODE: production
      LEVEL: "3"
    labels:
      tier: front
      owner: web
    ports:
      - target: 80
        published: "8080"
        protocol: tcp
        mode: ingress
      - {target: 443, published: "8443"}
    volumes:
      - type: volume
        source: data
        target: /srv/data
        read_only: true
      - {type: bind, source: /etc/hosts, target: /etc/hosts, bind: {create_host_path: true}}
    networks:
      front: {aliases: [www, site]}
      back: {}
    cap_add: [NET_ADMIN, SYS_TIME]
    cap_drop: [ALL]
    dns: [10.0.0.1]
    security_opt: ["no-new-privileges:true"]
    sysctls: {net.core.somaxconn: "1024", net.ipv4.tcp_syncookies: "0"}
    extra_hosts: {one.test: 10.0.0.2, two.test: 10.0.0.3}
    ulimits: {nofile: {soft: 1000, hard: 1000}}
    mem_limit: 67108864
    shm_size: 1073741824
    stop_grace_period: 1m30s
    healthcheck:
      test: ["CMD-SHELL", "check"]
      interval: 1m30s
      retries: 3
    depends_on:
      db: {condition: service_started, required: true}
    tmpfs: [/tmp]
    restart: always
    init: true`;
const DB = `
  db:
    image: postgres:16
    networks: {back: null}
`;
const NETWORKS = `networks:
  front: {driver: bridge, driver_opts: {com.docker.network.bridge.enable_icc: "false"}}
  back: {internal: true, ipam: {config: [{subnet: 10.9.0.0/24}]}}
`;
const VOLUMES = `volumes:
  data: {labels: {keep: "yes", tier: store}}
`;
const REST = `${DB}${NETWORKS}${VOLUMES}`;
const PLAIN = `services:\n  web:${SERVICE}${REST}`;

/** The document with one piece of its text exchanged; fails when it is not there. */
function but(from: string | RegExp, to: string, text = PLAIN): Tree {
  const changed = text.replace(from, to);
  if (changed === text) throw new Error(`nothing to exchange: ${from}`);
  return { 'shop/compose.yaml': changed };
}

/** Each means the same as PLAIN. */
const MUTATIONS: Readonly<Record<string, Tree>> = {
  'a command in one string': but('["serve", "--port", "80"]', 'serve --port 80'),
  'environment as a list': but('MODE: production\n      LEVEL: "3"', '- LEVEL=3\n      - MODE=production'),
  'a number where a text is meant': but('LEVEL: "3"', 'LEVEL: 3'),
  'labels as a list, in another order': but(
    'tier: front\n      owner: web',
    '- owner=web\n      - "tier=front"',
  ),
  'ports in short form, in another order': but(/ports:\n(.*\n){5}/, 'ports: ["8443:443", "8080:80/tcp"]\n'),
  'volumes in short form': but(
    / {4}volumes:\n(.*\n){5}/,
    '    volumes: ["/etc/hosts:/etc/hosts", "data:/srv/data/:ro"]\n',
  ),
  'networks and aliases in another order': but(
    'front: {aliases: [www, site]}\n      back: {}',
    'back:\n      front:\n        aliases: [site, www]',
  ),
  'capabilities in another order and spelling': but('[NET_ADMIN, SYS_TIME]', '[sys_time, CAP_NET_ADMIN]'),
  'one address in place of a list of one': but('dns: [10.0.0.1]', 'dns: 10.0.0.1'),
  'the older spelling of an option': but('"no-new-privileges:true"', 'no-new-privileges=true'),
  'sysctls as a list': but(
    'sysctls: {net.core.somaxconn: "1024", net.ipv4.tcp_syncookies: "0"}',
    'sysctls: [net.ipv4.tcp_syncookies=0, net.core.somaxconn=1024]',
  ),
  'hosts as a list, in both spellings': but(
    '{one.test: 10.0.0.2, two.test: 10.0.0.3}',
    '["two.test:10.0.0.3", "one.test=10.0.0.2"]',
  ),
  'one limit for soft and hard': but('{soft: 1000, hard: 1000}', '1000'),
  'sizes with units': but(
    'mem_limit: 67108864\n    shm_size: 1073741824',
    'mem_limit: 64mb\n    shm_size: 1g',
  ),
  'durations in other units': but(/1m30s/g, '90s'),
  'a check in one string': but('["CMD-SHELL", "check"]', 'check'),
  'dependencies as a list': but('db: {condition: service_started, required: true}', '- db'),
  'tmpfs and booleans in one word': but(
    'tmpfs: [/tmp]\n    restart: always\n    init: true',
    'tmpfs: /tmp\n    restart: "always"\n    init: "true"',
  ),
  'services, networks and volumes turned round': {
    'shop/compose.yaml': `${VOLUMES}${NETWORKS}services:${DB}  web:${SERVICE}\n`,
  },
  'variables in place of literals': {
    ...but('nginx:1.27', 'nginx:${TAG}', PLAIN.replace('production', '${MODE:-production}')),
    'shop/.env': 'TAG=1.27\n',
  },
  'split over two files': {
    'shop/compose.yaml': `services:\n  web:${SERVICE.replace(/ {4}labels:\n.*\n.*\n/, '').replace('nginx:1.27', 'nginx:0')}${REST}`,
    'shop/compose.override.yaml':
      'services:\n  web:\n    image: nginx:1.27\n    labels: {owner: web, tier: front}\n',
  },
  'anchors and merge keys': {
    'shop/compose.yaml': `x-labels: &labels\n  tier: front\nx-base: &base\n  image: nginx:1.27\nservices:\n  web:\n    <<: *base${SERVICE.replace(
      '\n    image: nginx:1.27',
      '',
    ).replace('tier: front\n      owner: web', '<<: *labels\n      owner: web')}${REST}`,
  },
  'extends a service of another file': {
    'shop/compose.yaml': `services:\n  web:\n    extends: {file: base.yaml, service: any}${REST}`,
    'shop/base.yaml': `services:\n  any:${SERVICE}\n`,
  },
  'included from another file': {
    'shop/compose.yaml': `include: [web/any.yaml]\nservices:${DB}`,
    'shop/web/any.yaml': `services:\n  web:${SERVICE}${REST}`,
  },
  'a Stack with the same in its spec': {
    'shop/stack.yaml': `apiVersion: stackctl.io/v1alpha1\nkind: Stack\nmetadata: {name: shop}\nspec:\n${PLAIN.replace(/^(?=.)/gm, '  ')}`,
  },
  'flow style with comments and quotes': but(
    'services:\n  web:',
    '# the shop\nname: "shop"\n"services":   # all\n  "web":  ',
  ),
};

describe('documents that mean the same', () => {
  const plain = hashes({ 'shop/compose.yaml': PLAIN });

  it('are a fair sample', () => {
    expect(Object.keys(MUTATIONS).length).toBeGreaterThanOrEqual(20);
    expect(new Set(Object.values(MUTATIONS).map((tree) => JSON.stringify(tree))).size).toBe(
      Object.keys(MUTATIONS).length,
    );
  });

  it.each(Object.entries(MUTATIONS))('%s: the same hashes', (_, tree) => {
    expect(hashes(tree)).toEqual(plain);
  });

  it.each([
    ['another command', but('"80"]', '"81"]')],
    ['a command in another order', but('"serve", "--port"', '"--port", "serve"')],
    ['another label', but('owner: web', 'owner: ops')],
    ['another port', but('published: "8443"', 'published: "8444"')],
    ['a mount that may be written', but('read_only: true', 'read_only: false')],
    ['another network option', but('enable_icc: "false"', 'enable_icc: "true"')],
  ])('%s: other hashes', (_, tree) => {
    expect(hashes(tree)).not.toEqual(plain);
  });
});

/** Of every object, by its name. */
function hashes(tree: Tree): Readonly<Record<string, string>> {
  const { networks, volumes, services } = desiredOf(tree);
  const containers = services.flatMap((service) => service.containers);
  return Object.fromEntries(
    [...networks, ...volumes, ...containers].map(({ name, specHash }) => [name, specHash]),
  );
}

function desiredOf(tree: Tree): DesiredStack {
  const stack = findOne(tree);
  const loaded = loadProject(stack.compose, filesOf(tree));
  const resolved = resolveStack(
    {
      project: loaded.project,
      control: PLAIN_CONTROL,
      stack: stackName(stack.name),
      workingDirectory: '/stacks/shop',
      configFiles: stack.files,
      contents: loaded.contents,
      engine: {
        id: 'engine-1',
        version: '28.5.2',
        apiVersion: '1.51',
        swarmActive: false,
        rootDirectory: '/var/lib/docker',
      },
      secretKey: 'key',
      locate: loaded.locate,
    },
    filesOf(tree),
  );
  const problems = [...loaded.problems, ...resolved.problems].filter(({ severity }) => severity === 'error');
  if (problems.length > 0)
    throw new Error(problems.map(({ path, message }) => `${path}: ${message}`).join('; '));
  return resolved.desired;
}
