import { expect, test } from 'vitest';
import { COMPOSE, OURS } from '../../../src/model/labels.ts';
import { clash } from '../../../src/plan/port-index.ts';
import type { StackWords } from '../../support/builders.ts';
import { pool, stack } from '../../support/builders.ts';
import { pass, passUntilSettled } from '../../support/passes.ts';
import { engineWithImages, planned, running } from '../../support/planned.ts';

test('an external network or volume that is missing blocks what uses it, and nothing else', async () => {
  const engine = engineWithImages();
  const words: StackWords = {
    services: { web: { networks: ['edge'] }, db: { volumes: ['shared:/data'] }, free: {} },
    networks: { default: {}, edge: { external: true, name: 'edge' } },
    volumes: { shared: { external: true, name: 'shared' } },
  };
  expect(await planned(engine, words)).toMatchInlineSnapshot(`
    "#1 create network/demo_default: Missing
    [1] -> #2 create container/demo-free-1: Missing
    [2] -> #3 start container/demo-free-1: Missing
    ! network/edge: ExternalMissing: external network edge does not exist
    ! volume/shared: ExternalMissing: external volume shared does not exist"
  `);
  engine.hands.createNetwork('edge');
  engine.hands.createVolume('shared');
  expect(await planned(engine, words)).not.toContain('!');
});

test('a network of ours that is declared external from now on is kept', async () => {
  const { engine } = await running({ services: { web: { networks: ['back'] } }, networks: { back: {} } });
  const words: StackWords = {
    services: { web: { networks: ['back'] } },
    networks: { back: { external: true, name: 'demo_back' } },
  };
  expect(await planned(engine, words)).toBe('');
});

test('a name that a foreign container holds is left to it; other services go on', async () => {
  const engine = engineWithImages();
  engine.hands.run('demo-web-1');
  expect(await planned(engine, { services: { web: {}, db: {} } })).toMatchInlineSnapshot(`
    "#1 create network/demo_default: Missing
    [1] -> #2 create container/demo-db-1: Missing
    [2] -> #3 start container/demo-db-1: Missing
    ! container/demo-web-1: NameTakenByForeign: a container named demo-web-1 exists and was not made by stackctl"
  `);
});

test('a name that a docker compose project holds comes with the way out', async () => {
  const engine = engineWithImages();
  engine.hands.run('demo-web-1', { labels: { [COMPOSE.project]: 'demo', [COMPOSE.configHash]: 'x' } });
  const { last } = await passUntilSettled(engine, stack({ services: { web: {} } }));
  expect(last.blockers.map((each) => each.hint)).toEqual([
    'it is of the docker compose project demo: take it over without a restart (stackctl adopt demo), or take it down first (docker compose -p demo down keeps its volumes)',
  ]);
});

test('a name that somebody took while our container bore another is reported, not fought for', async () => {
  const words: StackWords = { services: { web: {} } };
  const { engine } = await running(words);
  engine.hands.rename('demo-web-1', 'mine');
  engine.hands.run('demo-web-1');
  expect(await planned(engine, words)).toMatchInlineSnapshot(
    `
    "#1 disconnect container/mine: Drifted {networks.default.aliases: ["demo-web-1","web"] -> ["mine","web"]}
    [1] -> #2 connect container/mine as mine,web: Drifted {networks.default.aliases: ["demo-web-1","web"] -> ["mine","web"]}
    ! container/demo-web-1: NameTakenByForeign: a container named demo-web-1 exists and was not made by stackctl"
  `,
  );
});

test('a network name that a stranger or another stack has', async () => {
  const engine = engineWithImages();
  engine.hands.createNetwork('demo_default');
  expect(await planned(engine, { services: { web: {} } })).toMatchInlineSnapshot(
    `"! network/demo_default: NameTakenByForeign: a network named demo_default exists and was not made by stackctl"`,
  );
  await passUntilSettled(engine, stack({ name: 'other', services: {}, networks: { net: {} } }));
  const words: StackWords = { services: {}, networks: { mine: { name: 'other_net' } } };
  expect(await planned(engine, words)).toMatchInlineSnapshot(
    `"! network/other_net: OwnedByAnotherStack: network other_net belongs to other"`,
  );
});

test('a subnet that another stack, a stranger or the host has', async () => {
  const engine = engineWithImages();
  await passUntilSettled(
    engine,
    stack({ name: 'other', services: {}, networks: { net: { pools: [pool('10.10.0.0/16')] } } }),
  );
  engine.hands.createNetwork('theirs', { pools: [pool('10.20.0.0/24')] });
  engine.world.hostSubnets.add('192.168.1.0/24');
  const words = (subnet: string): StackWords => ({
    services: {},
    networks: { default: { pools: [pool(subnet)] } },
  });
  expect(await planned(engine, words('10.10.3.0/24'))).toMatchInlineSnapshot(
    `"! network/demo_default: SubnetOverlap: subnet 10.10.3.0/24 overlaps with network other_net of stack other (10.10.0.0/16)"`,
  );
  expect(await planned(engine, words('10.20.0.0/16'))).toMatchInlineSnapshot(
    `"! network/demo_default: SubnetOverlap: subnet 10.20.0.0/16 overlaps with network theirs (10.20.0.0/24)"`,
  );
  expect(await planned(engine, words('192.168.0.0/16'))).toMatchInlineSnapshot(
    `"! network/demo_default: SubnetOverlap: subnet 192.168.0.0/16 overlaps with the host's own network 192.168.1.0/24"`,
  );
  expect(await planned(engine, words('10.30.0.0/24'))).not.toContain('!');
});

test('two networks that swap their subnets are both taken away first', async () => {
  const words = (a: string, b: string): StackWords => ({
    services: { web: { networks: ['a', 'b'] } },
    networks: { a: { pools: [pool(a)] }, b: { pools: [pool(b)] } },
  });
  const { engine } = await running(words('10.1.0.0/24', '10.2.0.0/24'));
  expect(await planned(engine, words('10.2.0.0/24', '10.1.0.0/24'))).toMatchInlineSnapshot(`
    "#1 disconnect container/demo-web-1: Drifted {ipam.config[0].subnet: 10.1.0.0/24 -> 10.2.0.0/24}
    [1] -> #2 remove network/demo_a: Drifted {ipam.config[0].subnet: 10.1.0.0/24 -> 10.2.0.0/24}
    #3 disconnect container/demo-web-1: Drifted {ipam.config[0].subnet: 10.2.0.0/24 -> 10.1.0.0/24}
    [3] -> #4 remove network/demo_b: Drifted {ipam.config[0].subnet: 10.2.0.0/24 -> 10.1.0.0/24}
    [2,4] -> #5 create network/demo_a: Drifted {ipam.config[0].subnet: 10.1.0.0/24 -> 10.2.0.0/24}
    [5] -> #6 connect container/demo-web-1 as demo-web-1,web: Drifted {ipam.config[0].subnet: 10.1.0.0/24 -> 10.2.0.0/24}
    [2,4] -> #7 create network/demo_b: Drifted {ipam.config[0].subnet: 10.2.0.0/24 -> 10.1.0.0/24}
    [7] -> #8 connect container/demo-web-1 as demo-web-1,web: Drifted {ipam.config[0].subnet: 10.2.0.0/24 -> 10.1.0.0/24}"
  `);
  await passUntilSettled(engine, stack(words('10.2.0.0/24', '10.1.0.0/24')), { maxPasses: 2 });
});

test('a port that a stranger has stops nothing that runs', async () => {
  const { engine } = await running({ services: { web: {} } });
  engine.hands.run('squatter', { ports: ['8080:80'] });
  expect(await planned(engine, { services: { web: { ports: ['8080:80'] } } })).toMatchInlineSnapshot(
    `"! container/demo-web-1: PortTaken: port 8080/tcp is taken by container squatter"`,
  );
});

test('a port that a stranger has on IPv6 alone is free on IPv4', () => {
  const published = { hostPort: '8080', containerPort: 80, protocol: 'tcp' };
  const clashes = (one: string, other: string) =>
    clash({ ...published, hostIp: one }, { ...published, hostIp: other });
  expect(clashes('0.0.0.0', '::')).toBe(false);
  expect(clashes('', '::')).toBe(true);
  expect(clashes('127.0.0.1', '0.0.0.0')).toBe(true);
});

test('a port that a stranger has who is attached to our network', async () => {
  const words: StackWords = { services: { web: { ports: ['8080:80'] } } };
  const engine = engineWithImages();
  await passUntilSettled(engine, stack({ services: {}, networks: { default: {} } }));
  engine.hands.run('squatter', { ports: ['8080:80'], networks: { demo_default: {} } });
  expect(await planned(engine, words)).toMatchInlineSnapshot(
    `"! container/demo-web-1: PortTaken: port 8080/tcp is taken by container squatter"`,
  );
});

test('a port that moved is not given back to the container that had it', async () => {
  const before: StackWords = { services: { a: { ports: ['8081:80'], restart: 'no' }, b: {} } };
  const after: StackWords = { services: { a: { image: 'later:1' }, b: { ports: ['8081:80'] } } };
  const { engine } = await running(before);
  engine.world.registry.set('later:1', {});
  engine.hands.stop('demo-a-1');
  // The old one stays down while the image of the new one is pulled.
  expect(await planned(engine, after)).not.toContain('start container/demo-a-1:');
  const { plans } = await passUntilSettled(engine, stack(after));
  expect(plans.flat().join('\n')).not.toContain('BadRevision');
});

test('a port that moves is not taken back by a restart for another reason in the same plan', async () => {
  const words = (ports: { a?: readonly string[]; b?: readonly string[] }): StackWords => ({
    services: {
      b: { ports: ports.b ?? [], health: true },
      a: { image: 'app:2', ports: ports.a ?? [], health: true, dependsOn: { b: 'healthy' } },
    },
  });
  const { engine, memory } = await running(words({ a: ['8081:80'] }));
  engine.behave('app:2', { unhealthyAfterMs: 5000 });
  engine.clock.advance(20_000);
  const seen = await pass(engine, stack(words({ a: ['8081:80'] })), { memory });
  engine.clock.advance(10_000);
  // Without the move it would be restarted by then.
  expect(await planned(engine, words({ a: ['8081:80'] }), { memory: seen.memory })).toContain('Unhealthy');
  const after = await planned(engine, words({ b: ['8081:80'] }), { memory: seen.memory });
  expect(after).toContain('stop container/demo-a-1');
  expect(after).not.toContain('restart container/demo-a-1');
  engine.behave('app:2', {});
  const { plans } = await passUntilSettled(engine, stack(words({ b: ['8081:80'] })), { memory: seen.memory });
  expect(plans.flat().join('\n')).not.toContain('BadRevision');
});

test('ports that go round among services of which one depends on another do not wait in a circle', async () => {
  const { engine } = await running({ services: { b: { ports: ['8081:80'] }, d: { ports: ['8080:80'] } } });
  const after: StackWords = {
    services: {
      a: { ports: ['8080:80'] },
      b: { dependsOn: { a: 'started' } },
      d: { ports: ['8081:80'] },
    },
  };
  const { plans } = await passUntilSettled(engine, stack(after));
  expect(plans.flat().join('\n')).not.toContain('BadRevision');
});

test('a port comes back with the network of who had it, and is waited for', async () => {
  const networks = { front: {}, back: {} };
  const before: StackWords = {
    services: { a: { networks: ['back'] }, d: { ports: ['8081:80'], networks: ['front'] } },
    networks,
  };
  const after: StackWords = {
    services: {
      a: { ports: ['8081:80'], networks: ['back'] },
      job: { isJob: true, networks: ['back'] },
      d: { networks: ['back'], dependsOn: { job: 'completed' } },
    },
    networks,
  };
  const { engine } = await running(before);
  engine.behave('demo-job-1', { exit: { afterMs: 2000, code: 0 } });
  engine.hands.disconnect('demo_front', 'demo-d-1');
  const { plans } = await passUntilSettled(engine, stack(after));
  expect(plans.flat().join('\n')).not.toContain('BadRevision');
});

test('a port that an orphan holds which prune leaves alone', async () => {
  const { engine } = await running({ services: { old: { ports: ['8080:80'] } } });
  const words: StackWords = { services: { web: { ports: ['8080:80'] } }, policy: { prune: false } };
  expect(await planned(engine, words)).toMatchInlineSnapshot(
    `"! container/demo-web-1: PortTaken: port 8080/tcp is taken by container demo-old-1 of stack demo"`,
  );
});

test('a volume with another definition is reported and used as it is', async () => {
  const { engine } = await running({ services: { db: { volumes: ['data:/d'] } }, volumes: { data: {} } });
  const words: StackWords = {
    services: { db: { volumes: ['data:/d'] } },
    volumes: { data: { options: { type: 'nfs' } } },
  };
  expect(await planned(engine, words)).toMatchInlineSnapshot(
    `"! volume/demo_data: VolumeWouldBeLost: volume demo_data exists with another definition (driver_opts.type: (unset) -> nfs); making it again would lose its data"`,
  );
});

test('a volume of another stack is not used', async () => {
  const engine = engineWithImages();
  engine.hands.createVolume('demo_data', { [OURS.stack]: 'other', [OURS.instance]: 'test' });
  const words: StackWords = { services: { db: { volumes: ['data:/d'] } }, volumes: { data: {} } };
  expect(await planned(engine, words)).toMatchInlineSnapshot(`
    "#1 create network/demo_default: Missing
    ! volume/demo_data: OwnedByAnotherStack: volume demo_data belongs to stack other"
  `);
});

test('containers and networks of another stackctld are left alone', async () => {
  const words: StackWords = { services: { web: {} } };
  const engine = engineWithImages();
  const labels = {
    [OURS.stack]: 'demo',
    [OURS.instance]: 'elsewhere',
    [OURS.service]: 'web',
    [OURS.ordinal]: '1',
  };
  engine.hands.run('demo-web-1', { labels });
  const { plans } = await passUntilSettled(engine, stack(words));
  expect(plans).toMatchInlineSnapshot(`
    [
      [
        "#1 create network/demo_default: Missing",
        "! container/demo-web-1: NameTakenByForeign: container demo-web-1 belongs to stack demo of another stackctld",
      ],
      [
        "! container/demo-web-1: NameTakenByForeign: container demo-web-1 belongs to stack demo of another stackctld",
      ],
    ]
  `);
  expect(engine.world.container('demo-web-1')?.state).toBe('running');
});

test('a network that docker compose made in the place of ours is not taken from it', async () => {
  const words: StackWords = { services: { web: { networks: ['back'] } }, networks: { back: {} } };
  const { engine } = await running(words);
  engine.hands.stop('demo-web-1');
  engine.hands.rmNetwork('demo_back');
  engine.hands.createNetwork('demo_back', { labels: { [COMPOSE.project]: 'shop' } });
  const plan = (await planned(engine, words)).split('\n');
  expect(plan).toContain('! network/demo_back: OwnedByAnotherStack: network demo_back belongs to shop');
  expect(plan.filter((line) => line.includes('network/demo_back:'))).toHaveLength(1);
});
