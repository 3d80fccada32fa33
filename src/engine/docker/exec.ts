import type { IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from '../../model/failure.ts';
import type { Hook } from '../../model/hooks.ts';
import type { ContainerId } from '../../model/names.ts';
import type { ExecResult } from '../engine.ts';
import { admitExec } from './admission/gate.ts';
import { DEADLINE, superseded } from './connection.ts';
import type { Caller } from './container-calls.ts';
import { transportFailure } from './failures.ts';
import { LogSplitter } from './logs.ts';

/** How much of what a command wrote is kept: its end. */
const OUTPUT_CHARS = 300;
const END_POLL_MS = 100;
/** What an engine says of a program that it cannot run at all. */
const NOT_RUNNABLE = /OCI runtime exec failed|executable file not found|no such file or directory: unknown/;

/** The answer of `GET /exec/{id}/json`, as far as it is looked at. */
interface WireExec {
  readonly Running?: boolean;
  readonly ExitCode?: number | null;
}

/** What is run, and how long it is waited for. */
export interface ExecRequest {
  readonly command: Hook;
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

/**
 * Runs a command in a container of ours and waits for its end. The engine has no call that ends the process: past the
 * limit it goes on, and the failure says so. A program that is not there is exit code 126 or 127 to one engine and a
 * refused call to another (20.10: 400); both are a command that failed.
 */
export async function exec(
  caller: Caller,
  container: ContainerId,
  request: ExecRequest,
): Promise<ExecResult> {
  const wire = await caller.guard.requireContainer(container, 'run a command in container');
  const what = `run ${request.command.command[0] ?? ''} in container ${(wire.Name ?? container).replace(/^\//, '')}`;
  if (wire.State?.Running !== true || wire.State.Paused === true) {
    throw new Failure('conflict', `${what}: it does not run`, { status: 409 });
  }
  const limit = AbortSignal.timeout(request.limitMs);
  const signal = AbortSignal.any([request.signal, limit]);
  try {
    const id = await createExec(caller, container, request.command, what);
    const output = await runToEnd(caller, id, what, signal);
    return { exitCode: await exitCodeOf(caller, id, what, signal), output };
  } catch (thrown) {
    if (limit.aborted) {
      const seconds = Math.round(request.limitMs / 1000);
      throw new Failure('refused', `${what}: it did not end within ${seconds} s`, {
        hint: 'it goes on in the container; spec.timeout is how long it may take',
      });
    }
    if (request.signal.aborted) throw superseded(what);
    if (thrown instanceof Failure && NOT_RUNNABLE.test(thrown.message)) {
      return { exitCode: 127, output: thrown.message.slice(-OUTPUT_CHARS) };
    }
    throw thrown instanceof Failure ? thrown : transportFailure(what, caller.connection.address.text, thrown);
  }
}

async function createExec(
  caller: Caller,
  container: ContainerId,
  command: Hook,
  what: string,
): Promise<string> {
  const body = {
    AttachStdout: true,
    AttachStderr: true,
    Cmd: command.command,
    User: command.user ?? '',
    Privileged: command.privileged ?? false,
    WorkingDir: command.workingDir ?? '',
    Env: command.env,
  };
  admitExec(caller, body, what);
  const answer = await caller.connection.request<{ Id: string }>({
    method: 'POST',
    path: `/containers/${container}/exec`,
    body,
    what,
    deadlineMs: DEADLINE.write,
  });
  return answer.Id;
}

/** Starts it and reads what it writes; the engine ends the stream when nobody holds its outputs any more. */
async function runToEnd(caller: Caller, id: string, what: string, signal: AbortSignal): Promise<string> {
  const response = await caller.connection.stream(
    {
      method: 'POST',
      path: `/exec/${id}/start`,
      body: { Detach: false, Tty: false },
      what,
      deadlineMs: DEADLINE.start,
    },
    signal,
  );
  try {
    return await lastLines(response);
  } finally {
    response.destroy();
  }
}

async function lastLines(response: IncomingMessage): Promise<string> {
  const splitter = new LogSplitter(false);
  let end = '';
  const keep = (lines: readonly { readonly text: string }[]) => {
    for (const { text } of lines) end = `${end}\n${text}`.slice(-OUTPUT_CHARS);
  };
  for await (const chunk of response) keep(splitter.push(chunk as Buffer));
  keep(splitter.end());
  return end.trim();
}

/** A command may close its outputs and go on; the engine may need a moment to note its end. */
async function exitCodeOf(caller: Caller, id: string, what: string, signal: AbortSignal): Promise<number> {
  for (;;) {
    const state = await caller.connection.request<WireExec>({
      method: 'GET',
      path: `/exec/${id}/json`,
      what,
      deadlineMs: DEADLINE.inspect,
      signal,
    });
    if (state.Running !== true && typeof state.ExitCode === 'number') return state.ExitCode;
    await delay(END_POLL_MS, undefined, { signal });
  }
}
