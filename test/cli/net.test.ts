import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { member, net, topology } from '../support/topologies.ts';
import { CliHarness } from './harness.ts';

const MANIFESTS = `
apiVersion: stackctl.io/v1alpha1
kind: Stack
metadata: { name: shop }
spec:
  services:
    proxy:
      image: nginx
      ports: ["80:8080", "127.0.0.1:9000:9000"]
      networks: [front]
    app:
      image: app
      expose: ["3000"]
      networks: [front, back]
    db:
      image: postgres
      ports: ["5432:5432"]
      networks: [back]
    browser:
      image: browser
      networks: [egress]
  networks:
    front: { ipam: { config: [{ subnet: 10.90.1.0/24, gateway: 10.90.1.1 }] } }
    back: { internal: true, ipam: { config: [{ subnet: 10.90.2.0/24 }] } }
    egress: { driver_opts: { com.docker.network.bridge.enable_icc: "false" } }
`;

let cli: CliHarness;

beforeEach(async () => {
  cli = await CliHarness.start();
  await mkdir(join(cli.directory, 'stacks'));
  await writeFile(join(cli.directory, 'stacks', 'shop.yaml'), MANIFESTS);
});

afterEach(() => cli.stop());

test('a matrix of what manifests allow, in every form', async () => {
  await cli.expectGolden(
    'net-matrix',
    await cli.run('net matrix -f stacks'),
    await cli.run('net matrix -f stacks -o wide'),
    await cli.run('net matrix -f stacks -o markdown'),
    await cli.run('net matrix -f stacks --by network'),
    await cli.run('net matrix -f stacks --by network -o wide'),
    await cli.run('net matrix -f stacks --by network -o yaml'),
  );
  await cli.expectGolden('net-matrix-svg', await cli.run('net matrix -f stacks -o svg'));
});

test('what is published, what can be reached, which subnets there are', async () => {
  await cli.expectGolden(
    'net-lists',
    await cli.run('net exposure -f stacks'),
    await cli.run('net exposure -f stacks -o json'),
    await cli.run('net exposure -f stacks --engine 20.10 -o wide'),
    await cli.run('net paths proxy -f stacks'),
    await cli.run('net paths shop/browser -f stacks -o yaml'),
    await cli.run('net subnets -f stacks'),
  );
});

test('yes or no, why, and what to change', async () => {
  await cli.expectGolden(
    'net-explain',
    await cli.run('net explain proxy app:3000 -f stacks'),
    await cli.run('net explain proxy db:5432 -f stacks'),
    await cli.run('net explain outside proxy:9000 -f stacks'),
    await cli.run('net explain browser proxy:8080 -f stacks'),
    await cli.run('net explain db internet -f stacks'),
    await cli.run('net explain host db -f stacks'),
    await cli.run('net explain app db:5432 -f stacks -o json'),
  );
});

test('what the engine shows, and how it differs from the manifests', async () => {
  const networks = [net('front', { stack: 'shop' }), net('back', { stack: 'shop', internal: true })];
  const app = { networks: ['front', { network: 'back', aliases: ['app', 'api'] }] };
  const declared = topology(networks, [
    member('shop/app/1', app),
    member('shop/db/1', { networks: ['back'] }),
    member('shop/web/1', { networks: ['front'] }),
  ]);
  const observed = {
    ...topology(
      networks.map((each) => ({ ...each, icc: each.name !== 'back' })),
      [
        member('shop/app/1', {
          networks: ['front', { network: 'back', aliases: ['app'] }],
          health: 'unhealthy',
        }),
        member('shop/db/1', { networks: ['back', 'front'], publish: ['5432:5432'] }),
        member('stranger', { networks: ['front'] }),
      ],
    ),
    origin: 'observed' as const,
  };
  cli.operations.report = {
    declared,
    observed,
    hostSubnets: ['172.17.5.0/24'],
    pools: [{ base: '172.16.0.0/14', size: 16 }],
  };
  await cli.expectGolden(
    'net-observed',
    await cli.run('net matrix'),
    await cli.run('net matrix --all --by network'),
    await cli.run('net explain db app'),
    await cli.run('net explain app db:5432'),
    await cli.run('net explain stranger web'),
    await cli.run('net subnets'),
  );
});

test('what cannot be answered is told clearly', async () => {
  await writeFile(join(cli.directory, 'broken.yaml'), 'services:\n  web: { imag: nginx }\n');
  await writeFile(join(cli.directory, 'two.yaml'), MANIFESTS.replace('name: shop', 'name: other'));
  await cli.expectGolden(
    'net-faults',
    await cli.run('net'),
    await cli.run('net map'),
    await cli.run('net explain web'),
    await cli.run('net explain nobody db -f stacks'),
    await cli.run('net explain app db -f stacks -f two.yaml'),
    await cli.run('net explain app db:70000 -f stacks'),
    await cli.run('net paths nobody -f stacks'),
    await cli.run('net exposure -f stacks -o svg'),
    await cli.run('net matrix -f stacks --engine 19'),
    await cli.run('net matrix -f broken.yaml'),
    await cli.run('net matrix'),
  );
});

test('manifests are held to the policies among them', async () => {
  const policy = (action: string) => `
apiVersion: stackctl.io/v1alpha1
kind: ReachabilityPolicy
metadata: { name: shop }
spec:
  zones:
    - { network: shop_back, external: none, icc: true }
  rules:
    - name: the proxy does not reach the database
      from: { service: proxy }
      to: { service: db }
      action: ${action}
`;
  const none = await cli.run('net test stacks');
  await writeFile(join(cli.directory, 'stacks', 'policy.yaml'), policy('deny'));
  const kept = await cli.run('net test stacks');
  await writeFile(join(cli.directory, 'stacks', 'policy.yaml'), policy('allow'));
  await cli.expectGolden(
    'net-test',
    none,
    kept,
    await cli.run('net test stacks'),
    await cli.run('net test stacks -o junit'),
    await cli.run('net test stacks -o json'),
  );
});

test('the examples keep the policies that stand beside them', async () => {
  const cwd = process.cwd();
  for (const directory of ['manifests/ai-hub', 'manifests/ai-stack']) {
    for (const engine of ['20.10', '28']) {
      const { exit, stderr } = await cli.run(`net test ${directory} --engine ${engine}`, { cwd });
      expect({ directory, engine, exit, stderr }).toEqual({ directory, engine, exit: 0, stderr: '' });
    }
  }
});

test('what was proved, what differs, and which policies are broken', async () => {
  const cell = {
    kind: 'service',
    from: 'shop/app',
    to: 'shop/db',
    what: '5432/tcp',
    declared: 'yes',
    observed: 'yes',
    probed: 'yes',
    differs: false,
    detail: '10.90.2.3:5432 answered',
  } as const;
  const report = {
    stacks: ['shop'],
    startedAt: '2024-05-04T12:00:00.000Z',
    tookMs: 2700,
    cells: [cell],
    policies: { checked: 2, broken: [] },
    skipped: [],
    probes: 12,
  };
  cli.operations.verifyNotices = [{ kind: 'report', report }];
  await cli.expectGolden('net-verify', await cli.run('net verify'), await cli.run('net verify -o wide'));
  const differing = {
    ...cell,
    from: 'shop/browser',
    declared: 'no',
    differs: true,
    detail: '10.90.2.3:5432 was reached',
  } as const;
  const breach = {
    policy: 'zones',
    rule: 'the data stays apart',
    at: '/srv/stacks/zones.yaml:9:7',
    from: 'shop/browser',
    to: 'shop/db',
    stacks: ['shop'],
    message: 'shop/browser must not reach shop/db, and does: both are on shop_back',
  };
  const zone = { ...breach, rule: 'zone shop_back', from: undefined, to: undefined };
  const broken = [breach, { ...zone, message: 'shop_back is to have no way out, and has one' }];
  cli.operations.verifyNotices = [
    {
      kind: 'report',
      report: {
        ...report,
        cells: [differing, cell],
        policies: { checked: 3, broken },
        skipped: ['shop/proxy: it does not run'],
      },
    },
  ];
  await cli.expectGolden(
    'net-verify-broken',
    await cli.run('net verify'),
    await cli.run('net verify -o json'),
    await cli.run('net verify -o junit'),
  );
});
