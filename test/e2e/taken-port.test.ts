import type Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { hasEngine, SMALL_IMAGE } from '../support/lab.ts';
import { World } from '../support/stackctld.ts';

/** Found by the chaos agent: between the look and the start, the port was somebody else's. */
describe.skipIf(!hasEngine())('a port that somebody takes just before the start', () => {
  let world: World;

  beforeAll(async () => {
    world = await World.create({ flags: ['--resync', '2s'] });
    await world.start();
  });
  afterAll(() => world.dispose());

  /** Takes a port of the host as soon as the next start is asked for, before the engine hears of it. */
  function takeBeforeNextStart(port: number): Promise<Docker.Container> {
    const { docker, proxy, unique } = world;
    return new Promise((resolve, reject) => {
      proxy.onWrite = async (phase, _count, { path }) => {
        if (phase !== 'seen' || !/\/containers\/[^/]+\/start/.test(path)) return;
        proxy.onWrite = undefined;
        const stranger = await docker.createContainer({
          name: `stranger${unique}`,
          Image: SMALL_IMAGE,
          Cmd: ['sleep', '600'],
          StopSignal: 'SIGKILL',
          ExposedPorts: { '8000/tcp': {} },
          HostConfig: { PortBindings: { '8000/tcp': [{ HostIp: '127.0.0.1', HostPort: String(port) }] } },
        });
        await stranger.start().then(() => resolve(stranger), reject);
      };
    });
  }

  test('what served serves on, and the new revision comes once the port is free', async () => {
    const stack = `p${world.unique}`;
    const [first, second] = [await freePort(), await freePort()];
    const commit = (port: number) =>
      world.write(
        `${stack}.compose.yaml`,
        `services:\n  web: {image: "${SMALL_IMAGE}", command: sleep 600, stop_signal: SIGKILL, ports: ["127.0.0.1:${port}:8000"]}\n`,
      );
    /** Ports of the host that containers of the stack serve at. */
    const served = async () => {
      const filters = { label: [`io.stackctl.stack=${stack}`] };
      const running = await world.docker.listContainers({ filters });
      return running.flatMap(({ Ports }) => Ports.map(({ PublicPort }) => PublicPort));
    };
    const untilServed = (port: number) =>
      eventually(`it serves at ${port}`, async () => (await served()).join() === String(port) || undefined);
    await commit(first);
    await world.untilReady(stack);
    const taken = takeBeforeNextStart(second);
    await commit(second);
    const stranger = await taken;
    try {
      await eventually('it says whose the port is', async () => {
        const status = await world.status(stack);
        return status?.conditions.some(({ message }) => message.includes(String(second))) || undefined;
      });
      await untilServed(first);
      expect(await world.writesOfTwoPasses(stack)).toEqual([]);
    } finally {
      await stranger.remove({ force: true });
    }
    await untilServed(second);
    const status = await world.untilReady(stack, { generation: 2 });
    expect(status.conditions.find(({ type }) => type === 'Ready')).toMatchObject({ status: 'True' });
    const all = await world.docker.listContainers({
      all: true,
      filters: { label: [`io.stackctl.stack=${stack}`] },
    });
    expect(all.map(({ Names }) => Names)).toEqual([[`/${stack}-web-1`]]);
  });
});
