import { expect, test } from 'vitest';
import type { ComposeService } from '../../../src/compose/model.ts';
import { resolve } from './example.ts';

const extended = (service: ComposeService, preStart: unknown): ComposeService =>
  ({ ...service, 'x-stackctl': { preStart } }) as ComposeService;

const WEB: ComposeService = {
  image: 'app:1',
  command: ['serve'],
  environment: { A: '1' },
  user: '1000',
  ports: [{ target: 80, published: '8080', protocol: 'tcp', mode: 'ingress' }],
  healthcheck: { test: ['CMD', 'true'] },
  hostname: 'web',
  volumes: [{ type: 'volume', source: 'data', target: '/data' }],
  networks: { default: { aliases: ['www'], ipv4_address: '10.0.0.9' } },
  depends_on: { db: { condition: 'service_started', required: true } },
};

const volumes = { data: { name: 'demo_data' } };

test('each command is a job in the volumes and networks of its service, one after another before it', () => {
  const web = extended(WEB, [
    { command: ['migrate'], environment: { B: '2' }, user: 'root' },
    { command: ['seed'], image: 'tools:1', working_dir: '/data' },
  ]);
  const { desired, faults } = resolve({ services: { db: { image: 'db:1' }, web }, project: { volumes } });
  expect(faults).toEqual([]);
  expect(
    desired.services.map(({ name, isJob, dependsOn }) => [
      name,
      isJob,
      dependsOn.map((each) => each.service),
    ]),
  ).toEqual([
    ['db', false, []],
    ['web-pre-start-1', true, ['db']],
    ['web-pre-start-2', true, ['db', 'web-pre-start-1']],
    ['web', false, ['db', 'web-pre-start-2']],
  ]);
  const [first] = desired.services[1]?.containers ?? [];
  expect(first).toMatchObject({
    config: { Image: 'app:1', Entrypoint: [], Cmd: ['migrate'], Env: ['A=1', 'B=2'], User: 'root' },
    restartPolicy: { Name: 'no' },
    endpoints: [{ network: 'default', aliases: ['demo-web-pre-start-1-1', 'web-pre-start-1'] }],
  });
  expect(first?.host.Mounts).toMatchObject([{ Source: 'demo_data', Target: '/data' }]);
  expect(first?.host.PortBindings).toBeUndefined();
  expect(first?.config).not.toHaveProperty('Healthcheck');
  expect(first?.config).not.toHaveProperty('Hostname');
  expect(desired.services[2]?.containers[0]?.config).toMatchObject({
    Image: 'tools:1',
    User: '1000',
    WorkingDir: '/data',
  });
});

test('they run again when the service changes, and only then', () => {
  const hash = (change: ComposeService) => {
    const web = extended({ image: 'app:1', ...change }, [{ command: ['migrate'] }]);
    return resolve({ services: { web } }).desired.services[0]?.containers[0]?.specHash;
  };
  expect(hash({})).toBe(hash({}));
  expect(hash({ command: ['other'] })).not.toBe(hash({}));
  expect(hash({ image: 'app:2' })).not.toBe(hash({}));
});

test('what is wrong in them is told at its place', () => {
  const faults = (preStart: unknown, more: Record<string, ComposeService> = {}) =>
    resolve({ services: { web: extended({ image: 'app:1' }, preStart), ...more } }).faults;
  expect(faults([{ command: [] }])).toEqual(['InvalidExtension services.web.x-stackctl.preStart[0].command']);
  expect(faults([{ command: ['a'], imag: 'b' }])).toEqual([
    'InvalidExtension services.web.x-stackctl.preStart[0]',
  ]);
  expect(faults([{ command: ['a'] }], { 'web-pre-start-1': { image: 'b' } })).toEqual([
    'DuplicateService services.web.x-stackctl.preStart',
  ]);
});
