import { expect, onTestFinished, test } from 'vitest';
import { Controller } from '../../../src/controller/controller.ts';
import { createOperations } from '../../../src/controller/daemon-operations.ts';
import { createInProcessLoader } from '../../../src/controller/in-process-loader.ts';
import { Revisions } from '../../../src/controller/revisions.ts';
import { digestContext } from '../../../src/engine/build-context.ts';
import { createLog } from '../../../src/log.ts';
import { DEFAULT_POLICY } from '../../../src/policy/configuration.ts';
import { createAppliedSource } from '../../../src/source/applied.ts';
import { createFiles } from '../../../src/source/files.ts';
import { look } from '../../../src/source/fingerprint.ts';
import { createMemoryStore } from '../../../src/store/memory.ts';
import { stack } from '../../support/builders.ts';
import { SimulatedEngine } from '../../support/simulated-engine.ts';

const NEVER = new AbortController().signal;

/** A daemon that was started again: it knows a stack and a revision of it, and has not spoken to its engine yet. */
async function startedAgain() {
  const engine = new SimulatedEngine({ profile: '28' });
  const store = createMemoryStore();
  const { id } = await engine.connect();
  const desired = stack({ services: { web: { image: 'app:1' } } });
  await new Revisions(store, () => id).note('demo', { desired, images: {} }, { number: 1, atMs: 0 });
  await store.write('stack', 'demo', { generation: 2, revision: 'another' });
  const applied = createAppliedSource(store);
  const controller = new Controller(
    {
      engine,
      sources: [applied],
      applied,
      store,
      loader: createInProcessLoader({ files: createFiles({ digestContext }), look, home: undefined }),
      clock: engine.clock,
      random: () => 0.5,
      log: createLog('silent'),
    },
    {
      instance: engine.instance,
      version: 'test',
      workers: 1,
      concurrency: 1,
      resyncMs: 30_000,
      deleteGraceMs: 30_000,
      onlyWhenAsked: false,
      policy: DEFAULT_POLICY,
    },
  );
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const run = () => void controller.run(stop.signal);
  return { engine, operations: createOperations(controller), run };
}

test('a rollback that comes before the engine has answered waits for it', async () => {
  const { operations, run } = await startedAgain();
  const back = operations.rollBack('demo', 1, NEVER);
  run();
  expect(await back).toEqual({ number: 1, generation: 3 });
});

test('of an engine that does not answer no revision is said to be lost', async () => {
  const { engine, operations, run } = await startedAgain();
  engine.hands.restartEngine({ crash: true, downForMs: 60_000 });
  run();
  await expect(operations.rollBack('demo', 1, NEVER)).rejects.toMatchObject({ kind: 'unreachable' });
});
