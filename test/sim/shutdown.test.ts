import { afterEach, expect, test } from 'vitest';
import { runPass } from '../../src/controller/pass.ts';
import type { PassState } from '../../src/controller/pass-state.ts';
import { Failure } from '../../src/model/failure.ts';
import { Simulation } from '../support/simulation/simulation.ts';

const WEB = 'services: {web: {image: "app:1"}}\n';
let simulation: Simulation;
afterEach(() => simulation.kill());

/** A daemon that has a stack, and what its passes work on. */
async function daemon(): Promise<PassState> {
  simulation = new Simulation({ profile: '28', seed: 1 });
  simulation.directory.write('web.compose.yaml', WEB);
  simulation.start();
  expect(await simulation.settle(120_000)).toBe(true);
  const state = simulation.daemon?.controller.passState;
  if (state === undefined) throw new Error('there is no daemon');
  return state;
}

/** What nobody waits for any more when the daemon ends. */
function cutOff(end: AbortController): never {
  end.abort();
  throw new Failure('superseded', 'given up, something newer came between');
}

test.each([
  ['observe', 'looks'],
  ['createContainer', 'acts'],
])('a pass that the end of the daemon cuts short in %s says of no failure', async (method) => {
  const state = await daemon();
  simulation.engine.hands.rm('web-web-1');
  const end = new AbortController();
  const engine = new Proxy(state.ports.engine, {
    get: (target, name, receiver) =>
      name === 'admitting'
        ? () => receiver
        : name === method
          ? async () => cutOff(end)
          : Reflect.get(target, name),
  });
  const cut = runPass('web', { ...state, ports: { ...state.ports, engine } }, end.signal);
  await simulation.run(5_000);
  expect((await cut).kind).toBe('settled');
  const reasons = simulation.statuses.get('web')?.conditions.map(({ reason }) => reason);
  expect(reasons).not.toContain('StepFailed');
  expect(state.events.list('web', undefined).map(({ reason }) => reason)).not.toContain('StepFailed');
});
