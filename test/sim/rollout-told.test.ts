import { afterEach, beforeEach, expect, test } from 'vitest';
import { createClient } from '../../src/cli/client.ts';
import type { StackStatus } from '../../src/model/status.ts';
import { eventually } from '../support/eventually.ts';
import { WholeDaemon } from '../support/whole-daemon.ts';

let daemon: WholeDaemon;

beforeEach(async () => {
  daemon = new WholeDaemon();
  await daemon.start();
});
afterEach(() => daemon.stop());

const web = (color: string): string => `services:
  web:
    image: app:1
    restart: always
    environment: {COLOR: ${color}}
    deploy: {update_config: {monitor: 0s}}
`;

/** All that is said of a stack until the signal. */
async function listen(said: StackStatus[], signal: AbortSignal): Promise<void> {
  const client = createClient({ kind: 'socket', path: daemon.socketPath }, '');
  const notices = await client.watch({ stack: 'demo' }, signal);
  void (async () => {
    for await (const notice of notices) if (notice.kind === 'status') said.push(notice.status);
  })().catch(() => undefined);
}

test('a rollout that goes well is told as one that goes on, and never as a fault', async () => {
  const over = new AbortController();
  const said: StackStatus[] = [];
  await listen(said, over.signal);
  daemon.put('demo.compose.yaml', web('red'));
  await eventually('it is known', async () => (await daemon.ctl('get', 'stack', 'demo')) === 0 || undefined);
  expect(await daemon.ctl('rollout', 'status', 'demo')).toBe(0);
  daemon.put('demo.compose.yaml', web('green'));
  const isGreen = () => daemon.asked.at(-1)?.container.config.Env?.includes('COLOR=green');
  await eventually('it is green', async () => isGreen() || undefined);
  expect(await daemon.ctl('rollout', 'status', 'demo')).toBe(0);
  over.abort();
  // Nobody had looked at what was just made, and yet it is not missing.
  expect(said[0]?.services.map(({ state }) => state)).toEqual(['ContainerCreating']);
  const faults = said.filter(({ health }) => health === 'Degraded');
  expect(faults.map(({ services }) => services.map(({ state, message }) => `${state} ${message}`))).toEqual(
    [],
  );
  expect(said.some(({ services }) => services.some(({ containers }) => containers.length === 2))).toBe(true);
});
