// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Compose's variables
import type { Value } from './mutations.ts';

/** Files that the seeds refer to, beside them. */
export const SEED_FILES: Readonly<Record<string, string>> = {
  '/fuzz/.env': 'TAG=1\nUSER_NAME="ada $TAG"\n',
  '/fuzz/app.env': 'export A=1\nB=\'two\'\nC="three\\n$TAG"\nD\n',
  '/fuzz/labels.env': 'com.example.team=blue\n',
  '/fuzz/base.yaml':
    'services:\n  base:\n    image: base:1\n    environment: {ONE: "1"}\n    ports: ["8000:80"]\n  chain:\n    extends: {service: base}\n    labels: [a=b]\n',
  '/fuzz/more.yaml':
    'services:\n  more:\n    image: more:1\n    networks: [side]\nnetworks:\n  side: {internal: true}\n',
  '/fuzz/secret.txt': 'secret',
  '/fuzz/nginx.conf': 'events {}',
};

const WEB: Value = {
  image: 'web:${TAG:-latest}',
  command: 'sh -c "echo $$HOME; sleep 1"',
  ports: [
    '8080:80',
    '127.0.0.1:9000-9001:9000-9001/udp',
    { target: 443, published: '8443', protocol: 'tcp' },
  ],
  environment: { MODE: 'prod', NAME: '${USER_NAME}', EMPTY: null, COUNT: 3 },
  depends_on: { db: { condition: 'service_healthy', restart: true } },
  networks: { front: { aliases: ['www'], ipv4_address: '10.9.0.5' }, back: null },
  volumes: ['data:/data', './conf:/etc/conf:ro', { type: 'tmpfs', target: '/cache', tmpfs: { size: '64m' } }],
  healthcheck: { test: ['CMD', 'true'], interval: '10s', timeout: '3s', retries: 3, start_period: '1m' },
  deploy: {
    replicas: 1,
    resources: { limits: { memory: '128m', cpus: '0.5' } },
    update_config: { order: 'stop-first' },
  },
  labels: ['traefik.enable=true', 'com.example.note=hello'],
  stop_grace_period: '1m30s',
  restart: 'unless-stopped',
};

const DB: Value = {
  image: 'db@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef',
  env_file: ['app.env', { path: 'missing.env', required: false }],
  label_file: 'labels.env',
  secrets: ['password', { source: 'token', target: '/run/token', mode: '0440' }],
  configs: [{ source: 'nginx', target: '/etc/nginx.conf' }],
  tmpfs: ['/run:size=16m'],
  ulimits: { nofile: { soft: 1024, hard: 2048 }, nproc: 64 },
  sysctls: { 'net.core.somaxconn': 1024 },
  cap_drop: ['ALL'],
  logging: { driver: 'json-file', options: { 'max-size': '10m' } },
  healthcheck: { test: 'pg_isready', interval: '5s' },
  extra_hosts: ['host.docker.internal:host-gateway'],
  shm_size: '256m',
};

const RESOURCES = {
  networks: {
    front: { driver: 'bridge', ipam: { config: [{ subnet: '10.9.0.0/24', gateway: '10.9.0.1' }] } },
    back: { internal: true, labels: { a: 'b' } },
  },
  volumes: { data: { labels: ['keep=yes'] } },
  configs: { nginx: { file: './nginx.conf' } },
  secrets: { password: { file: './secret.txt' }, token: { environment: 'TAG' } },
};

/** Valid manifests of all forms, small ones: what mutations start from. */
export const SEEDS: readonly { readonly file: string; readonly manifest: Value }[] = [
  {
    file: '/fuzz/compose.yaml',
    manifest: {
      name: 'demo',
      services: { web: WEB, db: { image: 'db:1', healthcheck: { test: 'ready' } } },
      networks: RESOURCES.networks,
      volumes: RESOURCES.volumes,
    },
  },
  {
    file: '/fuzz/compose.yaml',
    manifest: { services: { db: DB }, configs: RESOURCES.configs, secrets: RESOURCES.secrets },
  },
  {
    file: '/fuzz/stack.yaml',
    manifest: {
      apiVersion: 'stackctl.io/v1alpha1',
      kind: 'Stack',
      metadata: { name: 'demo', labels: { team: 'blue' }, annotations: { note: 'x' } },
      spec: {
        interval: '1m',
        env: { TAG: '2' },
        envFile: ['.env'],
        profiles: ['all'],
        dependsOn: [{ name: 'other' }],
        driftDetection: { mode: 'warn' },
        services: { job: { image: 'job:${TAG}', profiles: ['all'], restart: 'no', networks: ['back'] } },
        networks: { back: RESOURCES.networks.back },
      },
    },
  },
  {
    file: '/fuzz/compose.yaml',
    manifest: {
      include: ['more.yaml'],
      services: {
        one: { extends: { file: 'base.yaml', service: 'chain' }, ports: ['8001:80'], environment: ['TWO=2'] },
        two: { extends: 'one', image: 'two:1', network_mode: 'service:one', volumes_from: ['one:ro'] },
        three: { build: { context: '.', args: { A: '1' } }, links: ['one'], expose: ['80', '90-92/udp'] },
      },
      'x-common': { a: [1, 2, { b: 'c' }] },
    },
  },
];
