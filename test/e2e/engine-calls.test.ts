import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SeenCall } from '../support/engine-proxy.ts';
import { eventually } from '../support/eventually.ts';
import { hasEngine } from '../support/lab.ts';
import { World } from '../support/stackctld.ts';

const SERVICES = 20;
const NETWORKS = 3;
/** Without a call for so long, nothing more comes. */
const QUIET_MS = 2000;

/** What each thing costs the engine: numbers that no clock has a part in, so that what was gained is not lost unseen. */
describe.skipIf(!hasEngine())('calls of the engine', () => {
  let world: World;
  let stack: string;
  let file: string;

  beforeAll(async () => {
    world = await World.create();
    stack = `calls${world.unique}`;
    file = await world.file(`${stack}/compose.yaml`, compose(stack));
    await world.start();
  });
  afterAll(() => world.dispose());

  /** What was asked while something was done, and until nothing more was. */
  async function during(work: () => Promise<unknown>) {
    const { proxy } = world;
    const [before, bytesBefore] = [proxy.calls.length, proxy.bytesAnswered];
    await work();
    for (let seen = -1; seen !== proxy.calls.length; ) {
      seen = proxy.calls.length;
      await delay(QUIET_MS);
    }
    return { counts: countsOf(proxy.calls.slice(before)), bytes: proxy.bytesAnswered - bytesBefore };
  }

  test('a first apply makes and starts each thing once, and looks twice', async () => {
    const { counts, bytes } = await during(async () => {
      expect(await world.ctl('apply', '-f', file, '--no-lint')).toMatchObject({ code: 0 });
    });
    expect(counts).toMatchObject({
      'POST /networks/create': NETWORKS,
      'POST /containers/create': SERVICES,
      'POST /containers/*/start': SERVICES,
    });
    // Each once, when it runs; once more where its start is told of so late that what is known of it counts no more,
    // which also makes for another look.
    expect(counts['GET /containers/*/json']).toBeLessThanOrEqual(2 * SERVICES + 5);
    expect(counts['GET /containers/json']).toBeLessThanOrEqual(6);
    // Once more for each that is made where the engine lets two have one name, before API 1.44.
    expect(counts['GET /networks']).toBeLessThanOrEqual(6 + NETWORKS);
    expect(bytes).toBeLessThan(600_000);
  });

  test('an apply without a change lists once, inspects nobody, and writes nothing', async () => {
    const { counts, bytes } = await during(() => world.ctl('apply', '-f', file));
    expect(writesIn(counts)).toEqual([]);
    expect(counts['GET /containers/*/json'] ?? 0).toBeLessThanOrEqual(2);
    expect(counts['GET /containers/json']).toBeLessThanOrEqual(2);
    expect(bytes).toBeLessThan(100_000);
  });

  test('a container that was removed is made and started, and nothing else is touched', async () => {
    const container = world.docker.getContainer(`${stack}-s0-1`);
    const old = (await container.inspect()).Id;
    const { counts } = await during(async () => {
      await container.remove({ force: true });
      await eventually('it is back', async () => {
        const now = await container.inspect().catch(() => undefined);
        return (now !== undefined && now.Id !== old && now.State.Running) || undefined;
      });
    });
    expect(counts).toMatchObject({ 'POST /containers/create': 1, 'POST /containers/*/start': 1 });
    // In the middle of its removal it may look like one that has only ended, and is then removed by the daemon too.
    const others = writesIn(counts).filter((kind) => !/ (POST|DELETE) \/containers\//.test(kind));
    expect(others).toEqual([]);
    expect(counts['GET /containers/*/json']).toBeLessThanOrEqual(10);
  });

  test('listing asks the engine nothing', async () => {
    const { counts } = await during(() => world.ctl('get', 'services'));
    expect(counts).toEqual({});
  });
});

function compose(name: string): string {
  const services = Array.from({ length: SERVICES }, (_, index) => [
    `s${index}`,
    {
      image: 'stackctl.local/busybox:1',
      command: ['sleep', '100000'],
      stop_signal: 'SIGKILL',
      networks: [`n${index % NETWORKS}`],
    },
  ]);
  return JSON.stringify({
    name,
    services: Object.fromEntries(services),
    networks: { n0: {}, n1: {}, n2: {} },
  });
}

/** How often each kind of call was made: `GET /containers/*` + `/json`, without the version and what is asked of which. */
function countsOf(calls: readonly SeenCall[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { method, path } of calls) {
    const bare = path.replace(/\?.*$/, '').replace(/^\/v[\d.]+/, '');
    const kind = `${method} ${bare.replace(/^\/(containers|networks|volumes|images|exec)\/(?!create|json)[^/]+/, '/$1/*')}`;
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

const writesIn = (counts: Readonly<Record<string, number>>): readonly string[] =>
  Object.entries(counts)
    .filter(([kind]) => !/^(GET|HEAD) /.test(kind))
    .map(([kind, count]) => `${count} ${kind}`)
    .toSorted();
