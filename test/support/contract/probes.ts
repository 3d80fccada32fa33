import { expect, test } from 'vitest';
import type { ContainerId } from '../../../src/model/names.ts';
import type { Probe, ProbeResult } from '../../../src/model/probe.ts';
import { endpoint, inNetwork } from '../engine-requests.ts';
import {
  type ContractWorld,
  createNetwork,
  createStarted,
  failureOf,
  look,
  lookAt,
  signal,
} from './world.ts';

/** For an answer that has to come; what is silent takes all of it, in one test. */
const WAIT_MS = 5000;

async function ask(
  { engine }: ContractWorld,
  from: ContainerId | 'host',
  probes: readonly Probe[],
): Promise<readonly ProbeResult[]> {
  return engine.probe({ from, probes, waitMs: WAIT_MS, image: undefined }, AbortSignal.timeout(120_000));
}

const tcp = (host: string, port = 9): Probe => ({ kind: 'tcp', host, port });

/** Probes from within a container's network namespace. */
export function probeContract(worldOf: () => ContractWorld): void {
  test('a probe finds out who is reached, by what name, and whether there is a way out', async () => {
    const world = worldOf();
    const here = await createNetwork(world, { name: `${world.stack}_a` });
    const there = await createNetwork(world, { name: `${world.stack}_b` });
    const on = (network: typeof here, service: string) =>
      createStarted(world, { service, ...inNetwork(network, endpoint({ aliases: [service] })) });
    const source = await on(here, 'web');
    const near = await on(here, 'near');
    const far = await on(there, 'far');
    const addressOf = async (id: ContainerId) => (await lookAt(world, id)).attachments[0]?.address ?? '';
    const before = await lookAt(world, source);
    const results = await ask(world, source, [
      tcp(await addressOf(near)),
      tcp(await addressOf(far)),
      tcp('127.0.0.1'),
      { kind: 'udp', host: await addressOf(near), port: 9 },
      { kind: 'name', name: 'near' },
      { kind: 'name', name: 'far' },
      { kind: 'route', family: 4 },
    ]);
    expect(results.map(({ outcome }) => outcome)).toEqual([
      'refused',
      'timeout',
      'refused',
      'refused',
      'resolved',
      expect.stringMatching(/^(no-such-name|timeout)$/),
      'route',
    ]);
    expect(results[4]?.addresses).toEqual([await addressOf(near)]);
    // It is as it was, and nothing has joined it.
    expect(await lookAt(world, source)).toEqual(before);
    const seen = await look(world);
    expect(
      [...seen.containers, ...seen.others].filter(({ name }) => name.startsWith('stackctl-probe')),
    ).toEqual([]);
  });

  test('a probe from a container that does not run, or with an image that is not there, is refused', async () => {
    const world = worldOf();
    const id = await createStarted(world);
    const missing = { from: id, probes: [tcp('127.0.0.1')], waitMs: WAIT_MS, image: 'no.such/image:1' };
    expect(await failureOf(world.engine.probe(missing, signal()))).toMatchObject({ kind: 'invalid' });
    await world.engine.stopContainer(id, 0, undefined, signal());
    expect(await failureOf(ask(world, id, [tcp('127.0.0.1')]))).toMatchObject({ kind: 'conflict' });
  });

  test('a probe goes into no container of somebody else', async () => {
    const world = worldOf();
    const foreign = await world.outside.runForeign(`${world.stack}-foreign`);
    expect(await failureOf(ask(world, foreign, [tcp('127.0.0.1')]))).toMatchObject({ kind: 'conflict' });
  });

  test('there is nothing to remove where no probe was cut short', async () => {
    expect(await worldOf().engine.removeProbes(signal())).toBe(0);
  });
}
