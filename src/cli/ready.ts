import type { StackNotice } from '../api/contract.ts';
import type { StackStatus } from '../model/status.ts';
import type { Client } from './client.ts';
import type { Context } from './command.ts';
import { createProgress, type Progress } from './output/progress.ts';
import { printable } from './output/table.ts';
import { formatSpan } from './output/time.ts';
import { reportError } from './report.ts';
import { type Judgement, type WaitEnd, waitForStacks } from './wait.ts';

interface ReadyRequest {
  /** The generation that must be ready, by stack. */
  readonly goals: ReadonlyMap<string, number>;
  readonly timeoutMs: number;
  /** Told when it listens, for what can be done meanwhile; perhaps more than once. */
  readonly onListening?: () => void;
}

/** Waits for stacks to be ready, shows how they come up, and says how it ended. True when all are ready. */
export async function waitUntilReady(
  client: Client,
  request: ReadyRequest,
  context: Context,
): Promise<boolean> {
  const progress = createProgress(context.stderr, context.errorColors);
  const ends = await waitForStacks(client, {
    names: [...request.goals.keys()],
    judge: (status, name) => judgeReady(status, request.goals.get(name) ?? 0),
    timeoutMs: request.timeoutMs,
    signal: context.signal,
    onListening: request.onListening,
    onNotice: (notice) => show(notice, progress),
  });
  await progress.end();
  for (const end of ends) await reportEnd(end, request.timeoutMs, context);
  return ends.every((end) => end.end === 'met');
}

function judgeReady(status: StackStatus | undefined, goal: number): Judgement {
  if (status === undefined) return { kind: 'waiting' };
  if (status.suspended) return { kind: 'met' };
  const holds = (type: string) =>
    status.conditions.find(
      (each) => each.type === type && each.status === 'True' && each.observedGeneration >= goal,
    );
  if (status.observedGeneration < goal) return { kind: 'waiting' };
  if (holds('Ready') !== undefined) return { kind: 'met' };
  const stalled = holds('Stalled');
  return stalled === undefined
    ? { kind: 'waiting' }
    : { kind: 'failed', why: `${stalled.reason}: ${stalled.message}` };
}

async function show(notice: StackNotice, progress: Progress): Promise<void> {
  if (notice.kind === 'status') await progress.status(notice.status);
  if (notice.kind === 'progress') await progress.line(notice.stack, notice.line);
}

async function reportEnd(
  { name, end, why, status }: WaitEnd,
  timeoutMs: number,
  context: Context,
): Promise<void> {
  switch (end) {
    case 'met':
      await context.stdout.write(
        `stack/${name} ${status?.suspended === true ? 'suspended, nothing was done' : 'ready'}\n`,
      );
      return;
    case 'failed':
      await reportError(`stack/${name} failed: ${why}`, undefined, context);
      break;
    case 'timeout':
      await reportError(`stack/${name} is not ready after ${formatSpan(timeoutMs)}`, undefined, context);
      break;
    case 'interrupted':
      await reportError(`stack/${name} is not ready yet, the daemon goes on without us`, undefined, context);
      break;
  }
  const notReady = status?.services.filter((service) => service.ready < service.desired) ?? [];
  const lines = notReady.map(({ name: service, ready, desired, state, message }) =>
    printable(
      `  service/${name}/${service} ${ready}/${desired} ${state}${message === '' ? '' : `: ${message}`}`,
    ),
  );
  await context.stderr.write([...lines, `hint: stackctl describe stack ${name}`, ''].join('\n'));
}
