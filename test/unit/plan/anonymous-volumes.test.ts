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

const HEX = 'c0ffee00'.repeat(8);

/** As if docker compose had made it: the volume of the image has a name that the engine gave it. */
function nameByEngine(engine: SimulatedEngine, name: string, target: string): void {
  engine.hands.createVolume(HEX);
  const container = engine.world.container(name);
  if (container === undefined) throw new Error(`no container ${name}`);
  const mounts = container.mounts.map((mount) => ({ ...mount, name: HEX, target }));
  Object.assign(container, { mounts });
}

function withImage(declares: readonly string[]): SimulatedEngine {
  const engine = engineWithImages();
  engine.world.addImage('spelled:1', { volumes: declares });
  return engine;
}

test('a mount of the manifest takes the place of a volume of the image, whose path ends in a slash', async () => {
  const engine = withImage(['/data/', 'logs']);
  const web = { image: 'spelled:1', volumes: ['data:/data', 'logs:/logs'] };
  const { plans } = await passUntilSettled(
    engine,
    stack({ services: { web }, volumes: { data: {}, logs: {} } }),
  );
  expect(plans.at(-1)).toEqual([]);
  expect(mountsOf(engine, 'demo-web-1')).toEqual(['demo_data /data rw', 'demo_logs /logs rw']);
  expect(engine.world.volumes.size).toBe(2);
});

test.each([
  ['/data/', '/data'],
  ['data', 'data'],
])(
  'the volume that the engine named for %s goes on to the next container, and to the one after',
  async (declared, shown) => {
    const engine = withImage([declared]);
    const words = (env: string) => stack({ services: { web: { image: 'spelled:1', env: [env] } } });
    let { memory } = await passUntilSettled(engine, words('A=1'));
    nameByEngine(engine, 'demo-web-1', shown);
    for (const env of ['A=2', 'A=3']) {
      ({ memory } = await passUntilSettled(engine, words(env), { memory }));
      expect(mountsOf(engine, 'demo-web-1'), env).toEqual([`${HEX} /data rw`]);
    }
  },
);

test('a volume of ours goes on to the next container, though its path was read in another spelling then', async () => {
  const engine = withImage([]);
  const words = (env: string) => stack({ services: { web: { image: 'spelled:1', env: [env] } } });
  const image = engine.world.image('spelled:1');
  if (image === undefined) throw new Error('no image');
  engine.world.images.set('spelled:1', { ...image, volumes: ['/data/'] });
  const { memory } = await passUntilSettled(engine, words('A=1'));
  const before = mountsOf(engine, 'demo-web-1');
  engine.world.images.set('spelled:1', { ...image, volumes: ['/data'] });
  await passUntilSettled(engine, words('A=2'), { memory });
  expect(before).toEqual([expect.stringMatching(/^demo_web_1_[0-9a-f]{8} \/data rw$/)]);
  expect(mountsOf(engine, 'demo-web-1')).toEqual(before);
  expect(engine.world.volumes.size).toBe(1);
});

test('a volume of a relative path is inherited like any other', async () => {
  const engine = withImage(['data']);
  const web = { image: 'spelled:1' };
  const { memory } = await passUntilSettled(engine, stack({ services: { web } }));
  nameByEngine(engine, 'demo-web-1', 'data');
  const backup = { image: 'spelled:1', volumesFrom: ['web'] };
  await passUntilSettled(engine, stack({ services: { web, backup } }), { memory });
  expect(mountsOf(engine, 'demo-backup-1')).toContain(`${HEX} data rw`);
  expect(mountsOf(engine, 'demo-backup-1')).not.toContainEqual(expect.stringMatching(/^demo_backup/));
});

test('the empty volume that the engine puts below ours at a relative path takes nothing over', async () => {
  const engine = withImage(['data']);
  const words = (env: string) => stack({ services: { web: { image: 'spelled:1', env: [env] } } });
  const { memory } = await passUntilSettled(engine, words('A=1'));
  const before = engine.world.container('demo-web-1')?.mounts ?? [];
  nameByEngine(engine, 'demo-web-1', 'data');
  const container = engine.world.container('demo-web-1');
  if (container !== undefined) Object.assign(container, { mounts: [...container.mounts, ...before] });
  await passUntilSettled(engine, words('A=2'), { memory });
  expect(engine.world.container('demo-web-1')?.mounts.map(({ name }) => name)).toEqual([
    expect.stringMatching(/^demo_web_1_[0-9a-f]{8}$/),
  ]);
});
