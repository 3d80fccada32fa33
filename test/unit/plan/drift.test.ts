import { expect, test } from 'vitest';
import type { StackWords } from '../../support/builders.ts';
import { pool } from '../../support/builders.ts';
import { passUntilSettled } from '../../support/passes.ts';
import { planned, running } from '../../support/planned.ts';

/** Two services, so that "nothing else is touched" can be seen. */
const WORDS: StackWords = {
  services: {
    db: { volumes: ['data:/data'], networks: ['back'], restart: 'unless-stopped' },
    web: {
      networks: { default: { aliases: ['www'] }, back: { ipv4Address: '10.10.0.20' } },
      resources: { Memory: 64_000_000 },
      restart: 'always',
      ports: ['8080:80'],
      files: { '/etc/web.conf': 'one' },
    },
  },
  networks: { default: {}, back: { pools: [pool('10.10.0.0/24')] } },
  volumes: { data: {} },
};

/** Does something to the settled stack; returns the plan against it, and makes sure that the plan heals it. */
async function after(
  deed: (hands: Awaited<ReturnType<typeof running>>['engine']['hands']) => void,
  words: StackWords = WORDS,
): Promise<string> {
  const { engine, desired } = await running(WORDS);
  deed(engine.hands);
  const plan = await planned(engine, words);
  if (words === WORDS) await passUntilSettled(engine, desired);
  return plan;
}

test('nothing drifted: an empty plan', async () => {
  expect(await after(() => {})).toBe('');
});

test('a copy that another program made, with our labels and other content, is made again', async () => {
  expect(await after((hands) => hands.copy('demo-web-1'))).toMatchInlineSnapshot(`
    "#1 create container/demo-web-1.<hash>: Drifted {Env.COPIED: (a value) -> (unset)}
    [1] -> #2 put files into container/demo-web-1.<hash>: Drifted {Env.COPIED: (a value) -> (unset)}
    [1,2] -> #3 stop container/demo-web-1: Drifted {Env.COPIED: (a value) -> (unset)}
    [1,2,3] -> #4 start container/demo-web-1.<hash>: Drifted {Env.COPIED: (a value) -> (unset)}
    [4] -> #5 remove container/demo-web-1: Replaced {Env.COPIED: (a value) -> (unset)} (waits: demo-web-1.<hash> running)
    [5] -> #6 rename container/demo-web-1.<hash> to demo-web-1: Replaced (waits: demo-web-1.<hash> running)"
  `);
});

test('a removed container is made again', async () => {
  expect(await after((hands) => hands.rm('demo-web-1'))).toMatchInlineSnapshot(`
    "#1 create container/demo-web-1: Missing
    [1] -> #2 put files into container/demo-web-1: Missing
    [1,2] -> #3 start container/demo-web-1: Missing"
  `);
});

test('a stopped container is started', async () => {
  expect(await after((hands) => hands.stop('demo-web-1'))).toMatchInlineSnapshot(
    `"#1 start container/demo-web-1: NotRunning {state: exited (137) -> running}"`,
  );
});

test('a container that crashed is the business of its restart policy', async () => {
  const { engine } = await running(WORDS);
  engine.hands.crash('demo-web-1');
  expect(engine.world.container('demo-web-1')?.state).toBe('restarting');
  expect(await planned(engine, WORDS)).toBe('');
});

test('a paused container is unpaused', async () => {
  expect(await after((hands) => hands.pause('demo-web-1'))).toMatchInlineSnapshot(
    `"#1 unpause container/demo-web-1: Paused"`,
  );
});

test('a renamed container gets its name back', async () => {
  expect(await after((hands) => hands.rename('demo-web-1', 'mine'))).toMatchInlineSnapshot(
    `"#1 rename container/mine to demo-web-1: Drifted {name: mine -> demo-web-1}"`,
  );
});

test('two containers that swapped their names get them back', async () => {
  const swap = (hands: Parameters<Parameters<typeof after>[0]>[0]) => {
    hands.rename('demo-web-1', 'x');
    hands.rename('demo-db-1', 'demo-web-1');
    hands.rename('x', 'demo-db-1');
  };
  expect(await after(swap)).toMatchInlineSnapshot(`
    "#1 rename container/demo-web-1 to demo-db-1.<hash>: Drifted {name: demo-web-1 -> demo-db-1.<hash>}
    [1] -> #2 rename container/demo-db-1 to demo-web-1: Drifted {name: demo-db-1 -> demo-web-1}"
  `);
});

test('a memory limit that docker update changed is put back in place', async () => {
  expect(await after((hands) => hands.update('demo-web-1', { Memory: 32_000_000 }))).toMatchInlineSnapshot(
    `"#1 update container/demo-web-1: Drifted {resources.Memory: 32000000 -> 64000000}"`,
  );
});

test('a restart policy that docker update changed is put back in place', async () => {
  const policy = { Name: 'no', MaximumRetryCount: 0 } as const;
  expect(await after((hands) => hands.update('demo-web-1', {}, policy))).toMatchInlineSnapshot(
    `"#1 update container/demo-web-1: Drifted {restart: no -> always}"`,
  );
});

test('a limit that the manifest does not have needs a new container, for update cannot take it away', async () => {
  expect(await after((hands) => hands.update('demo-db-1', { Memory: 32_000_000 }))).toMatchInlineSnapshot(`
    "#1 create container/demo-db-1.<hash>: Drifted {resources.Memory: 32000000 -> (unset)}
    [1] -> #2 stop container/demo-db-1: Drifted {resources.Memory: 32000000 -> (unset)}
    [1,2] -> #3 start container/demo-db-1.<hash>: Drifted {resources.Memory: 32000000 -> (unset)}
    [3] -> #4 remove container/demo-db-1: Replaced {resources.Memory: 32000000 -> (unset)} (waits: demo-db-1.<hash> running)
    [4] -> #5 rename container/demo-db-1.<hash> to demo-db-1: Replaced (waits: demo-db-1.<hash> running)"
  `);
});

test('a lost attachment is made again, with its address', async () => {
  expect(await after((hands) => hands.disconnect('demo_back', 'demo-web-1'))).toMatchInlineSnapshot(
    `"#1 connect container/demo-web-1 as demo-web-1,web: Drifted {networks.back: (none) -> attached}"`,
  );
});

test('a surplus attachment is taken away', async () => {
  expect(await after((hands) => hands.connect('bridge', 'demo-web-1'))).toMatchInlineSnapshot(
    `"#1 disconnect container/demo-web-1: Drifted {networks.bridge: attached -> (none)}"`,
  );
});

test('a lost alias is put back', async () => {
  const deed = (hands: Parameters<Parameters<typeof after>[0]>[0]) => {
    hands.disconnect('demo_default', 'demo-web-1');
    hands.connect('demo_default', 'demo-web-1', { aliases: ['web', 'demo-web-1'] });
  };
  expect(await after(deed)).toMatchInlineSnapshot(`
    "#1 disconnect container/demo-web-1: Drifted {networks.default.aliases: ["demo-web-1","web"] -> ["demo-web-1","web","www"]}
    [1] -> #2 connect container/demo-web-1 as demo-web-1,web,www: Drifted {networks.default.aliases: ["demo-web-1","web"] -> ["demo-web-1","web","www"]}"
  `);
});

test('another static address is put right', async () => {
  const deed = (hands: Parameters<Parameters<typeof after>[0]>[0]) => {
    hands.disconnect('demo_back', 'demo-web-1');
    hands.connect('demo_back', 'demo-web-1', { aliases: ['web', 'demo-web-1'], ipv4Address: '10.10.0.99' });
  };
  expect(await after(deed)).toMatchInlineSnapshot(`
    "#1 disconnect container/demo-web-1: Drifted {networks.back.ipv4_address: 10.10.0.99 -> 10.10.0.20}
    [1] -> #2 connect container/demo-web-1 as demo-web-1,web: Drifted {networks.back.ipv4_address: 10.10.0.99 -> 10.10.0.20}"
  `);
});

test('a network made again with other options, labels kept, is swapped and everyone attached again', async () => {
  expect(
    await after((hands) => hands.remakeNetwork('demo_back', { internal: true }, true)),
  ).toMatchInlineSnapshot(`
    "#1 remove network/demo_back: Drifted {internal: true -> false}
    [1] -> #2 create network/demo_back: Drifted {internal: true -> false}
    [2] -> #3 connect container/demo-db-1 as db,demo-db-1: Drifted {networks.back: (none) -> attached}
    [2] -> #4 connect container/demo-web-1 as demo-web-1,web: Drifted {networks.back: (none) -> attached}"
  `);
});

test('a network made again without labels is taken back', async () => {
  expect(await after((hands) => hands.remakeNetwork('demo_back', {}, false))).toMatchInlineSnapshot(`
    "#1 remove network/demo_back: Drifted {labels: (not ours) -> demo}
    [1] -> #2 create network/demo_back: Drifted {labels: (not ours) -> demo}
    [2] -> #3 connect container/demo-db-1 as db,demo-db-1: Drifted {networks.back: (none) -> attached}
    [2] -> #4 connect container/demo-web-1 as demo-web-1,web: Drifted {networks.back: (none) -> attached}"
  `);
});

test('a network that is gone is made again, and everyone attached', async () => {
  expect(await after((hands) => hands.rmNetwork('demo_back'))).toMatchInlineSnapshot(`
    "#1 create network/demo_back: Missing
    [1] -> #2 connect container/demo-db-1 as db,demo-db-1: Drifted {networks.back: (none) -> attached}
    [1] -> #3 connect container/demo-web-1 as demo-web-1,web: Drifted {networks.back: (none) -> attached}"
  `);
});

test('a stopped container whose network was made again is re-pointed and started', async () => {
  const deed = (hands: Parameters<Parameters<typeof after>[0]>[0]) => {
    hands.stop('demo-web-1');
    hands.rmNetwork('demo_default');
  };
  expect(await after(deed)).toMatchInlineSnapshot(`
    "#1 create network/demo_default: Missing
    [1] -> #2 disconnect container/demo-web-1: Drifted {networks.default: a network that is gone -> attached}
    [1,2] -> #3 connect container/demo-web-1 as demo-web-1,web,www: Drifted {networks.default: a network that is gone -> attached}
    [3] -> #4 start container/demo-web-1: NotRunning {state: exited (137) -> running}"
  `);
});

test('a bind whose source was replaced on the host is mounted again by a restart', async () => {
  expect(await after((hands) => hands.replaceBind('demo-web-1', '/etc/web.conf'))).toMatchInlineSnapshot(
    `"#1 restart container/demo-web-1: StaleBind {volumes./etc/web.conf: replaced on the host -> mounted again}"`,
  );
});

test('a volume that is gone is made again before its container', async () => {
  const deed = (hands: Parameters<Parameters<typeof after>[0]>[0]) => {
    hands.rm('demo-db-1');
    hands.rmVolume('demo_data');
  };
  expect(await after(deed)).toMatchInlineSnapshot(`
    "#1 create volume/demo_data: Missing
    [1] -> #2 create container/demo-db-1: Missing
    [2] -> #3 start container/demo-db-1: Missing"
  `);
});

test('changed content of a config makes a new container', async () => {
  const web = { ...WORDS.services?.['web'], files: { '/etc/web.conf': 'two' } };
  const words = { ...WORDS, services: { ...WORDS.services, web } };
  expect(await after(() => {}, words)).toMatchInlineSnapshot(`
    "#1 create container/demo-web-1.<hash>: SpecChanged {spec: <spec> -> <spec>}
    [1] -> #2 put files into container/demo-web-1.<hash>: SpecChanged {spec: <spec> -> <spec>}
    [1,2] -> #3 stop container/demo-web-1: SpecChanged {spec: <spec> -> <spec>}
    [1,2,3] -> #4 start container/demo-web-1.<hash>: SpecChanged {spec: <spec> -> <spec>}
    [4] -> #5 remove container/demo-web-1: Replaced {spec: <spec> -> <spec>} (waits: demo-web-1.<hash> running)
    [5] -> #6 rename container/demo-web-1.<hash> to demo-web-1: Replaced (waits: demo-web-1.<hash> running)"
  `);
});

test('a tag that names another image makes a new container', async () => {
  const { engine, memory } = await running(WORDS);
  engine.world.addImage('app:1', { content: 'newer' });
  const words = { ...WORDS, services: { db: WORDS.services?.['db'] ?? {} } };
  expect(await planned(engine, words, { memory })).toMatchInlineSnapshot(`
    "#1 stop container/demo-web-1: Orphaned
    [1] -> #2 remove container/demo-web-1: Orphaned
    #3 create container/demo-db-1.<hash>: ImageChanged {image: <image> -> app:1 <image>}
    [3] -> #4 stop container/demo-db-1: ImageChanged {image: <image> -> app:1 <image>}
    [3,4] -> #5 start container/demo-db-1.<hash>: ImageChanged {image: <image> -> app:1 <image>}
    [5] -> #6 remove container/demo-db-1: Replaced {image: <image> -> app:1 <image>} (waits: demo-db-1.<hash> running)
    [6] -> #7 rename container/demo-db-1.<hash> to demo-db-1: Replaced (waits: demo-db-1.<hash> running)"
  `);
});

test('an image that is gone from the engine is no reason to touch what runs from it', async () => {
  expect(await after((hands) => hands.rmImage('app:1'))).toBe('');
});

test('limits, policy, aliases and a further network that the manifest changes are changed in place', async () => {
  const web = {
    ...WORDS.services?.['web'],
    resources: { Memory: 128_000_000 },
    restart: 'unless-stopped' as const,
    networks: { default: { aliases: ['www', 'shop'] }, back: { ipv4Address: '10.10.0.21' } },
  };
  expect(await after(() => {}, { ...WORDS, services: { ...WORDS.services, web } })).toMatchInlineSnapshot(`
    "#1 update container/demo-web-1: Drifted {resources.Memory: 64000000 -> 128000000; restart: always -> unless-stopped}
    #2 disconnect container/demo-web-1: Drifted {networks.default.aliases: ["demo-web-1","web","www"] -> ["demo-web-1","shop","web","www"]}
    [2] -> #3 connect container/demo-web-1 as demo-web-1,shop,web,www: Drifted {networks.default.aliases: ["demo-web-1","web","www"] -> ["demo-web-1","shop","web","www"]}
    #4 disconnect container/demo-web-1: Drifted {networks.back.ipv4_address: 10.10.0.20 -> 10.10.0.21}
    [4] -> #5 connect container/demo-web-1 as demo-web-1,web: Drifted {networks.back.ipv4_address: 10.10.0.20 -> 10.10.0.21}"
  `);
});
