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

async function ctl(...argv: readonly string[]): Promise<void> {
  expect(await daemon.ctl(...argv), daemon.printed).toBe(0);
}

/** The next look at the engine waits until it is let go. */
function heldLook() {
  const { engine } = daemon;
  const observe = engine.observe.bind(engine);
  let letGo = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  let looks = 0;
  engine.observe = async (query, signal) => {
    looks += 1;
    if (looks === 1) await gate;
    return observe(query, signal);
  };
  const begun = () => eventually('a look has begun', async () => looks > 0 || undefined);
  return { begun, letGo };
}

async function exported(): Promise<string> {
  const from = daemon.printed.length;
  await ctl('export', 'demo');
  return daemon.printed.slice(from);
}

const colorMadeLast = () => daemon.asked.at(-1)?.container.config.Env;

test('what a pass was doing while the rollout was resumed says nothing about what is wanted then', async () => {
  daemon.put('demo.compose.yaml', web('red'));
  await eventually('it is known', async () => (await daemon.ctl('get', 'stack', 'demo')) === 0 || undefined);
  await ctl('rollout', 'status', 'demo');
  daemon.put('demo.compose.yaml', web('green'));
  await eventually('it is green', async () => colorMadeLast()?.includes('COLOR=green') || undefined);
  await ctl('rollout', 'status', 'demo');
  await ctl('rollback', 'demo');

  const { begun, letGo } = heldLook();
  daemon.put('demo.compose.yaml', web('blue'));
  await begun();
  // The look may be one that the rollback asked for: what is resumed to must be known.
  await eventually('blue is known', async () => (await exported()).includes('blue') || undefined);
  await ctl('rollout', 'resume', 'demo');
  const status = ctl('rollout', 'status', 'demo', '--timeout', '20s');
  letGo();
  await status;
  expect(colorMadeLast()).toContain('COLOR=blue');
});

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
  await ctl('rollout', 'status', 'demo');
  daemon.put('demo.compose.yaml', web('green'));
  await eventually('it is green', async () => colorMadeLast()?.includes('COLOR=green') || undefined);
  await ctl('rollout', 'status', 'demo');
  over.abort();
  // Nobody had looked at what was just made, and yet it is not missing.
  expect(said[0]?.services.map(({ state }) => state)).toEqual(['ContainerCreating']);
  const faults = said.filter(({ health }) => health === 'Degraded');
  expect(faults.map(({ services }) => services.map(({ state, message }) => `${state} ${message}`))).toEqual(
    [],
  );
  expect(said.some(({ services }) => services.some(({ containers }) => containers.length === 2))).toBe(true);
});
