import { expect, test } from 'vitest';
import { type ServiceWords, stack } from '../../support/builders.ts';
import { passUntilSettled, text } from '../../support/passes.ts';
import { engineWithImages, passes, planned, running } from '../../support/planned.ts';
import type { SimulatedEngine } from '../../support/simulated-engine.ts';

/** The image of these declares `/var/lib/data`. */
const data = (words: ServiceWords = {}): ServiceWords => ({ image: 'data:1', ...words });

const mountsOf = (engine: SimulatedEngine, name: string) =>
  engine.world
    .container(name)
    ?.mounts.map((each) => `${each.name} ${each.target} ${each.readOnly ? 'ro' : 'rw'}`);

const ofApp = (mode: string) => [
  expect.stringMatching(new RegExp(`^demo_app_1_[0-9a-f]{8} /var/lib/data ${mode}$`)),
];

test('a path of the image that `volumes_from` brings is shared, also by others in turn', async () => {
  const services = (env: string) => ({
    app: data(),
    backup: data({ env: [env], volumesFrom: ['app'] }),
    reader: data({ env: [env], volumesFrom: ['app:ro'] }),
    second: data({ env: [env], volumesFrom: ['backup'] }),
  });
  const { engine } = await running({ services: services('A=1') });
  const expectShared = () => {
    expect(mountsOf(engine, 'demo-app-1')).toEqual(ofApp('rw'));
    expect(mountsOf(engine, 'demo-backup-1')).toEqual(mountsOf(engine, 'demo-app-1'));
    expect(mountsOf(engine, 'demo-reader-1')).toEqual(ofApp('ro'));
    expect(mountsOf(engine, 'demo-second-1')).toEqual(mountsOf(engine, 'demo-app-1'));
    expect(engine.world.volumes.size).toBe(1);
  };
  expectShared();
  expect(await planned(engine, { services: services('A=1') })).toBe('');
  // What it inherits is seen at the containers that stand, now, and not at those that are to be made.
  await passUntilSettled(engine, stack({ services: services('A=2') }));
  expectShared();
});

test('what the manifest mounts in one service is there for another, whose image declares the path', async () => {
  const { engine } = await running({
    services: {
      app: { volumes: ['store:/var/lib/data'] },
      backup: data({ volumesFrom: ['app:ro'] }),
    },
    volumes: { store: {} },
  });
  expect(mountsOf(engine, 'demo-backup-1')).toEqual(['demo_store /var/lib/data ro']);
});

test('a path of the image that `volumes_from` does not bring gets a volume of its own', async () => {
  const { engine } = await running({
    services: {
      app: { volumes: ['store:/var/lib'] },
      backup: data({ volumesFrom: ['app'] }),
    },
    volumes: { store: {} },
  });
  expect(mountsOf(engine, 'demo-backup-1')).toEqual([
    expect.stringMatching(/^demo_backup_1_[0-9a-f]{8} \/var\/lib\/data rw$/),
    'demo_store /var/lib rw',
  ]);
});

test.each([
  ['that is attached to a network of the stack', true],
  ['that is only listed', false],
])('the volumes of a container of somebody else %s are shared', async (_, isAttached) => {
  const engine = engineWithImages();
  const words = { services: { backup: data({ volumesFrom: ['container:other'] }) } };
  if (isAttached) await passUntilSettled(engine, stack());
  engine.hands.run('other', { image: 'data:1', ...(isAttached ? { networks: { demo_default: {} } } : {}) });
  const before = mountsOf(engine, 'other');
  expect(before).toHaveLength(1);
  const { plans } = await passUntilSettled(engine, stack(words));
  expect(plans.at(-1)).toEqual([]);
  expect(mountsOf(engine, 'demo-backup-1')).toEqual(before);
});

test('while the image of whom it inherits from is not there, no volume is made on a guess', async () => {
  const engine = engineWithImages();
  engine.world.registry.set('later:1', { volumes: ['/var/lib/data'] });
  const services = { app: data({ image: 'later:1' }), backup: data({ volumesFrom: ['app'] }) };
  const plans = await passes(engine, { services });
  expect(plans[0]).toContain('pull image/later:1');
  expect(mountsOf(engine, 'demo-backup-1')).toEqual(ofApp('rw'));
  expect(engine.world.volumeHistory.map(({ name }) => name)).toEqual([expect.stringMatching(/^demo_app_1_/)]);
});

test('a volume that hides what is inherited by now stays until its container is replaced, and after', async () => {
  const services = (image: string, env: string) => ({
    app: { image },
    backup: data({ env: [env], volumesFrom: ['app'] }),
  });
  const { engine, memory: first } = await running({ services: services('app:1', 'A=1') });
  const own = mountsOf(engine, 'demo-backup-1');
  expect(own).toEqual([expect.stringMatching(/^demo_backup_1_[0-9a-f]{8} \/var\/lib\/data rw$/)]);
  const id = engine.world.container('demo-backup-1')?.id;
  // Replaced for nothing but that, it would run on other data all of a sudden.
  const next = await passUntilSettled(engine, stack({ services: services('data:1', 'A=1') }), {
    memory: first,
  });
  expect(text(next.last)).toEqual([]);
  expect(engine.world.container('demo-backup-1')?.id).toBe(id);
  await passUntilSettled(engine, stack({ services: services('data:1', 'A=2') }), { memory: next.memory });
  expect(mountsOf(engine, 'demo-backup-1')).toEqual(ofApp('rw'));
  expect([...engine.world.volumes.values()]).toEqual(engine.world.volumeHistory);
  expect(engine.world.volumes.size).toBe(2);
});

test('with start-first, a container that only reads inherited volumes runs beside the one before it', async () => {
  const services = (env: string) => ({
    app: data(),
    reader: data({ env: [env], update: { order: 'start-first' }, volumesFrom: ['app:ro'] }),
  });
  const { engine, memory } = await running({ services: services('A=1') });
  const plan = await planned(engine, { services: services('A=2') }, { memory });
  expect(plan).toContain('start container/demo-reader-1.<hash>');
  expect(plan).not.toMatch(/\[1\] -> #2 stop container\/demo-reader-1/);
});
