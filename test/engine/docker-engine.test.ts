import { describe, expect, onTestFinished, test } from 'vitest';
import { failureOf } from '../support/contract/world.ts';
import { engineContract } from '../support/engine-contract.ts';
import { containerRequest } from '../support/engine-requests.ts';
import { hasEngine, Lab } from '../support/lab.ts';

engineContract('a Docker Engine', () => new Lab(), hasEngine);

describe.skipIf(!hasEngine())('a command in a container', () => {
  const never = new AbortController().signal;

  async function started(): Promise<
    Lab & { readonly id: Awaited<ReturnType<Lab['engine']['createContainer']>> }
  > {
    const lab = new Lab();
    onTestFinished(() => lab.dispose());
    const id = await lab.engine.createContainer(containerRequest(lab), never);
    await lab.engine.startContainer(id, never);
    return Object.assign(lab, { id });
  }

  test('that does not end is given up at its limit, and says so', async () => {
    const { engine, id } = await started();
    const failure = await failureOf(engine.exec(id, { command: ['sleep', '60'], env: [] }, 700, never));
    expect(failure).toMatchObject({ kind: 'refused' });
    expect(failure.message).toMatch(/^run sleep in container \S+: it did not end within 1 s$/);
  });

  test('is not waited for any more when nobody wants its end', async () => {
    const { engine, id } = await started();
    const stop = new AbortController();
    const run = engine.exec(id, { command: ['sleep', '60'], env: [] }, 60_000, stop.signal);
    setTimeout(() => stop.abort(), 300);
    expect(await failureOf(run)).toMatchObject({ kind: 'superseded' });
  });

  test('that is not there failed, whatever the engine calls it', async () => {
    const { engine, id } = await started();
    const run = engine.exec(id, { command: ['/nowhere'], env: [] }, 20_000, never);
    const outcome = await run.then(
      ({ exitCode }) => `exit ${exitCode}`,
      (thrown: Error) => thrown.message,
    );
    expect(outcome).toMatch(/^exit 12[67]$|\/nowhere/);
  });

  test('that writes without end leaves only its last words', async () => {
    const { engine, id } = await started();
    const line = 'i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done; exit 5';
    const ran = await engine.exec(id, { command: ['sh', '-c', line], env: [] }, 60_000, never);
    expect(ran.exitCode).toBe(5);
    expect(ran.output.length).toBeLessThanOrEqual(300);
    expect(ran.output.endsWith('line 19999')).toBe(true);
  });
});
