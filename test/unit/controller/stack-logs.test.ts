import { setImmediate as turn } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import type { Controller } from '../../../src/controller/controller.ts';
import type { LogsRequest } from '../../../src/controller/operations.ts';
import { stackLogs } from '../../../src/controller/stack-logs.ts';
import type { LogLine } from '../../../src/engine/engine.ts';
import { Failure } from '../../../src/model/failure.ts';
import { VirtualClock } from '../../support/simulated/clock.ts';

const FOLLOW: LogsRequest = {
  stack: 'web',
  services: [],
  follow: true,
  tail: undefined,
  sinceMs: undefined,
  timestamps: false,
};
const LIVE = { id: 'a', name: 'web-app-1', service: 'app', ordinal: 1, state: 'running', ownership: 'ours' };
const NEVER = new AbortController().signal;

/** More than may ever wait. */
const LINES = 50_000;

/** A container that has written a lot, and looks at the engine that end as a test wants. */
class Scene {
  readonly clock = new VirtualClock();
  readonly controller: Controller;
  /** Lines that were taken of its log. */
  taken = 0;
  isRead = false;
  look = (_signal: AbortSignal): Promise<unknown> =>
    Promise.resolve({ containers: [{ ...LIVE, stack: 'web' }] });

  constructor(lineChars: number) {
    const engine = {
      observe: (_query: unknown, signal: AbortSignal) => this.look(signal),
      logs: (_id: string, _options: unknown, signal: AbortSignal) =>
        this.#logs('x'.repeat(lineChars), signal),
    };
    const ports = { engine, clock: this.clock, log: { warn: () => undefined } };
    this.controller = { ports } as unknown as Controller;
  }

  async *#logs(text: string, signal: AbortSignal): AsyncGenerator<LogLine> {
    this.isRead = true;
    try {
      for (; this.taken < LINES && !signal.aborted; this.taken += 1) yield { stream: 'stdout', text };
    } finally {
      this.isRead = false;
    }
  }

  /** Has the containers looked for again. */
  async lookAgain(): Promise<void> {
    this.clock.advance(1000);
    await turn();
  }
}

/** What nobody caught: a daemon ends at the first. */
function uncaught(): readonly unknown[] {
  const all: unknown[] = [];
  const note = (thrown: unknown) => all.push(thrown);
  process.on('unhandledRejection', note);
  onTestFinished(() => {
    process.off('unhandledRejection', note);
  });
  return all;
}

test('an engine that goes while the reader stands still is told to the reader, behind the lines', async () => {
  const scene = new Scene(1000);
  const all = uncaught();
  const lines = stackLogs(scene.controller, FOLLOW, NEVER);
  await lines.next();
  scene.look = () => Promise.reject(new Failure('unreachable', 'the engine does not answer'));
  await scene.lookAgain();
  expect(all).toEqual([]);
  expect(scene.isRead).toBe(false);
  const rest = async () => {
    for await (const line of lines) expect(line.container).toBe('app-1');
  };
  await expect(rest()).rejects.toMatchObject({ kind: 'unreachable' });
});

test('a reader that goes during a look at the engine, which is given up, leaves nothing behind', async () => {
  const scene = new Scene(1000);
  const all = uncaught();
  const lines = stackLogs(scene.controller, FOLLOW, NEVER);
  await lines.next();
  scene.look = (signal) =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(new Failure('superseded', 'given up')));
    });
  await scene.lookAgain();
  await lines.return(undefined);
  await turn();
  expect(all).toEqual([]);
  expect([scene.isRead, scene.clock.timers]).toEqual([false, 0]);
});

test.each([
  ['few long', 256 * 1024, 20],
  ['many short', 10, 10_010],
])('%s lines wait for a slow reader, and who writes waits beyond', async (_what, lineChars, most) => {
  const scene = new Scene(lineChars);
  const lines = stackLogs(scene.controller, FOLLOW, NEVER);
  onTestFinished(async () => {
    await lines.return(undefined);
  });
  await lines.next();
  await turn();
  const held = scene.taken;
  expect(held).toBeGreaterThan(most / 2);
  expect(held).toBeLessThanOrEqual(most);
  for (let count = 0; count < held + 1; count += 1) await lines.next();
  expect(scene.taken).toBeGreaterThan(held);
});
