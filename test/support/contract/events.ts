import { expect, onTestFinished, test } from 'vitest';
import { type ContractWorld, createStarted } from './world.ts';

/** What the engine tells by itself. */
export function eventContract(worldOf: () => ContractWorld): void {
  test('says that it is connected, and then what happens to our containers', async () => {
    const world = worldOf();
    const stop = new AbortController();
    onTestFinished(() => stop.abort());
    const events = world.engine.events(stop.signal)[Symbol.asyncIterator]();
    expect((await events.next()).value).toMatchObject({ kind: 'connected' });
    const id = await createStarted(world);
    await world.outside.kill(id);
    const actions: string[] = [];
    while (!actions.includes('die')) {
      const { value } = await events.next();
      if (value?.id === id && value.stack === world.stack) actions.push(value.action);
    }
    expect(actions).toEqual(expect.arrayContaining(['create', 'start', 'die']));
    stop.abort();
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });
}
