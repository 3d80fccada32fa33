import { setTimeout as delay } from 'node:timers/promises';
import type { CallAdmission } from '../../model/admission.ts';
import type { Resources, RestartPolicy } from '../../model/container.ts';
import { Failure } from '../../model/failure.ts';
import { OURS } from '../../model/labels.ts';
import { type ContainerId, containerId } from '../../model/names.ts';
import type { ContainerRequest } from '../engine.ts';
import { admitContainer } from './admission/gate.ts';
import { compareApiVersions } from './api-version.ts';
import { type Connection, DEADLINE } from './connection.ts';
import type { Guard } from './guard.ts';
import { endLostProcesses, hasProcesses, isRefusedForLostProcess } from './lost-process.ts';
import { inspectContainer } from './reads.ts';
import { containerBody, updateBody } from './requests.ts';
import type { WireContainer } from './wire.ts';

/** What a write call works with. */
export interface Caller {
  readonly connection: Connection;
  readonly guard: Guard;
  /** What its creates are held to; undefined: nothing. */
  readonly admission: CallAdmission | undefined;
  /** What was made here and not yet asked to start, with its name: it is ours, and can have no process that was lost. */
  readonly neverStarted: Map<ContainerId, string>;
}

const REMOVAL_PATIENCE_MS = 30_000;
/** Between two questions; twice as long each time. */
const FIRST_POLL_MS = 10;
const LONGEST_POLL_MS = 160;
const HOLDER_PATIENCE_MS = 2000;
const LOST_PATIENCE_MS = 500;
/** How much longer than its grace a stop may take: the kill and the tidying up after it. */
const STOP_MARGIN_MS = 30_000;

/**
 * Creates. Throws `superseded` when a container of ours with that very spec stands there already: from a call whose
 * answer was lost, or a copy of ours that another program made. A new look tells which.
 */
export async function createContainer(caller: Caller, request: ContainerRequest): Promise<ContainerId> {
  const { connection } = caller;
  const { apiVersion } = await connection.info();
  const what = `create container ${request.name}`;
  const body = containerBody(request, apiVersion);
  await admitContainer(caller, body, what);
  try {
    const answer = await connection.request<{ Id: string; Warnings?: readonly string[] | null }>({
      method: 'POST',
      path: '/containers/create',
      query: { name: request.name, platform: request.container.platform },
      body,
      what,
      deadlineMs: DEADLINE.create,
    });
    for (const warning of answer.Warnings ?? []) connection.log.warn({ container: request.name }, warning);
    const id = containerId(answer.Id);
    caller.neverStarted.set(id, request.name);
    return id;
  } catch (thrown) {
    if (!(thrown instanceof Failure) || thrown.status !== 409) throw thrown;
    const holder = await holderOf(connection, request.name);
    if (holder === undefined) throw thrown;
    if ((await caller.guard.isOurContainer(holder)) && isWhatWasAsked(holder, request)) {
      throw new Failure('superseded', `${what}: one stands there already; a new look tells what it is`, {
        status: 409,
        cause: thrown,
      });
    }
    throw new Failure(
      'conflict',
      `${what}: container ${holder.Id.slice(0, 12)} holds this name (state ${holder.State?.Status ?? 'unknown'})`,
      {
        hint: 'remove or rename it, adopt it (stackctl adopt), or set container_name',
        status: 409,
        cause: thrown,
      },
    );
  }
}

/** A name is taken a moment before there is a container to look at, while another call is making it (measured). */
async function holderOf(connection: Connection, name: string): Promise<WireContainer | undefined> {
  let holder: WireContainer | undefined;
  await waitUntil(HOLDER_PATIENCE_MS, async () => {
    holder = await inspectContainer(connection, name);
    return holder !== undefined;
  });
  return holder;
}

const IDENTITY = [OURS.stack, OURS.service, OURS.ordinal, OURS.specHash] as const;

function isWhatWasAsked(holder: WireContainer, request: ContainerRequest): boolean {
  const labels = holder.Config?.Labels ?? {};
  return (
    holder.Name === `/${request.name}` && IDENTITY.every((name) => labels[name] === request.labels[name])
  );
}

/**
 * Starts. The answer's status says little (404 for a network that is gone, 500 for a port that is taken), so
 * after a refusal the container itself is asked; its own account of the failure is added to the message.
 * Never cut short: from 28 on the engine cancels a start whose caller hangs up (reliability 1.6).
 */
export async function startContainer(caller: Caller, container: ContainerId): Promise<void> {
  const name = caller.neverStarted.get(container) ?? (await prepareStart(caller, container));
  caller.neverStarted.delete(container);
  const what = `start container ${name}`;
  const start = () => post(caller.connection, container, 'start', { what, deadlineMs: DEADLINE.start });
  try {
    await start();
  } catch (thrown) {
    if (!(thrown instanceof Failure) || thrown.status === undefined) throw thrown;
    const after = await inspectContainer(caller.connection, container);
    if (after === undefined)
      throw new Failure('gone', `${what}: it is not there any more`, { cause: thrown });
    if (after.State?.Running === true && after.State.Paused !== true) return;
    const stateError = after.State?.Error ?? '';
    const again = isRefusedForLostProcess(stateError, container) && (await endLost(caller, container));
    if (!again) throw withStateError(thrown, stateError);
    await start();
  }
}

/** Makes sure that it is ours, and that no process of it is left from before; returns its name. */
async function prepareStart(caller: Caller, container: ContainerId): Promise<string> {
  const wire = await caller.guard.requireContainer(container, 'start container');
  if (await isLost(caller, wire, container)) await endLost(caller, container);
  return nameOf(wire);
}

/** Looks twice, so that the engine may catch up with a process that has just started or ended. */
async function isLost(caller: Caller, wire: WireContainer, container: ContainerId): Promise<boolean> {
  if (wire.State?.Running === true || !(await hasProcesses(container))) return false;
  await delay(LOST_PATIENCE_MS);
  const now = await inspectContainer(caller.connection, container);
  return now !== undefined && now.State?.Running !== true && (await hasProcesses(container));
}

async function endLost({ connection }: Caller, container: ContainerId): Promise<boolean> {
  const ended = await endLostProcesses(container);
  if (ended) connection.log.warn({ container }, 'ended a process that the engine had lost');
  return ended;
}

function withStateError(failure: Failure, stateError: string): Failure {
  const known = stateError === '' || failure.message.includes(stateError.slice(0, 60));
  if (known || failure.status === undefined) return failure;
  return new Failure(failure.kind, `${failure.message} (${stateError})`, {
    status: failure.status,
    ...(failure.hint === undefined ? {} : { hint: failure.hint }),
    cause: failure,
  });
}

/** Stops, with SIGKILL after the grace. One that does not run is stopped already. */
export async function stopContainer(
  caller: Caller,
  container: ContainerId,
  graceMs: number,
  stopSignal: string | undefined,
): Promise<void> {
  const wire = await caller.guard.requireContainer(container, 'stop container');
  const what = `stop container ${nameOf(wire)}`;
  const deadlineMs = graceMs + STOP_MARGIN_MS;
  const { apiVersion } = await caller.connection.info();
  const ownSignal = wire.Config?.StopSignal ?? 'SIGTERM';
  if (stopSignal === undefined || stopSignal === ownSignal || compareApiVersions(apiVersion, '1.42') >= 0) {
    const query = { t: seconds(graceMs), signal: stopSignal === ownSignal ? undefined : stopSignal };
    await post(caller.connection, container, 'stop', { what, deadlineMs, query });
    return;
  }
  // Before API 1.42 a stop takes no signal: send it, wait out the grace, and let the stop find it stopped.
  if (wire.State?.Running === true) {
    await post(caller.connection, container, 'kill', {
      what,
      deadlineMs: DEADLINE.write,
      query: { signal: stopSignal },
    });
    await waitUntil(graceMs, async () => {
      const now = await inspectContainer(caller.connection, container);
      return now?.State?.Running !== true;
    });
  }
  await post(caller.connection, container, 'stop', { what, deadlineMs: STOP_MARGIN_MS, query: { t: 0 } });
}

/** Restarts in place, keeping its id and settings. */
export async function restartContainer(
  caller: Caller,
  container: ContainerId,
  graceMs: number,
): Promise<void> {
  const what = `restart container ${nameOf(await caller.guard.requireContainer(container, 'restart container'))}`;
  const deadlineMs = graceMs + STOP_MARGIN_MS + DEADLINE.start;
  await post(caller.connection, container, 'restart', { what, deadlineMs, query: { t: seconds(graceMs) } });
}

/** Unpauses. The engine calls it an error (500) when it is not paused; then it is done already. */
export async function unpauseContainer(caller: Caller, container: ContainerId): Promise<void> {
  const wire = await caller.guard.requireContainer(container, 'unpause container');
  if (wire.State?.Paused !== true) return;
  const what = `unpause container ${nameOf(wire)}`;
  try {
    await post(caller.connection, container, 'unpause', { what, deadlineMs: DEADLINE.write });
  } catch (thrown) {
    const after = await inspectContainer(caller.connection, container);
    if (after?.State?.Running !== true || after.State.Paused === true) throw thrown;
  }
}

/** Renames; to the name it has already is done already. */
export async function renameContainer(
  caller: Caller,
  container: ContainerId,
  newName: string,
): Promise<void> {
  const wire = await caller.guard.requireContainer(container, 'rename container');
  if (wire.Name === `/${newName}`) return;
  const what = `rename container ${nameOf(wire)} to ${newName}`;
  await post(caller.connection, container, 'rename', {
    what,
    deadlineMs: DEADLINE.write,
    query: { name: newName },
  });
}

/** Changes limits and the restart policy of a container in place. */
export async function updateContainer(
  caller: Caller,
  container: ContainerId,
  resources: Resources,
  restartPolicy: RestartPolicy | undefined,
): Promise<void> {
  const wire = await caller.guard.requireContainer(container, 'update container');
  const answer = await caller.connection.request<{ Warnings?: readonly string[] | null } | undefined>({
    method: 'POST',
    path: `/containers/${container}/update`,
    body: updateBody(resources, restartPolicy),
    what: `update container ${nameOf(wire)}`,
    deadlineMs: DEADLINE.write,
  });
  for (const warning of answer?.Warnings ?? []) caller.connection.log.warn({ container }, warning);
}

/** States of a container that nobody runs and that a crash of the engine may have left stuck (moby#36679). */
const FORCIBLE: ReadonlySet<string | undefined> = new Set(['created', 'removing', 'dead']);

/** Removes a stopped container, never its volumes. Gone already is success; on its way out is waited for. */
export async function removeContainer(caller: Caller, container: ContainerId): Promise<void> {
  const { connection } = caller;
  caller.neverStarted.delete(container);
  const wire = await caller.guard.findContainer(container, 'remove container');
  if (wire === undefined) return;
  const what = `remove container ${nameOf(wire)}`;
  const isGone = async () => (await inspectContainer(connection, container)) === undefined;
  try {
    await connection.request<unknown>({
      method: 'DELETE',
      path: `/containers/${container}`,
      query: { v: 0, link: 0, force: FORCIBLE.has(wire.State?.Status) ? 1 : 0 },
      what,
      deadlineMs: DEADLINE.write,
    });
  } catch (thrown) {
    if (!(thrown instanceof Failure) || thrown.status === undefined) throw thrown;
    const isUnderWay = thrown.status === 409 && thrown.message.includes('already in progress');
    if (isUnderWay && (await waitUntil(REMOVAL_PATIENCE_MS, isGone))) return;
    if (thrown.status === 404 || (await isGone())) return;
    throw thrown;
  }
}

interface Post {
  readonly what: string;
  readonly deadlineMs: number;
  readonly query?: Readonly<Record<string, unknown>>;
}

function post(connection: Connection, container: ContainerId, verb: string, more: Post): Promise<unknown> {
  return connection.request<unknown>({ method: 'POST', path: `/containers/${container}/${verb}`, ...more });
}

/** Asks again and again within a bound; whether it came true. */
async function waitUntil(patienceMs: number, isTrue: () => Promise<boolean>): Promise<boolean> {
  const endsAt = performance.now() + patienceMs;
  for (let pauseMs = FIRST_POLL_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_POLL_MS)) {
    if (await isTrue()) return true;
    if (performance.now() >= endsAt) return false;
    await delay(pauseMs);
  }
}

/** The engine counts in whole seconds; less than one must not become a kill at once. */
function seconds(ms: number): number {
  return Math.ceil(ms / 1000);
}

function nameOf(wire: WireContainer): string {
  return (wire.Name ?? wire.Id.slice(0, 12)).replace(/^\//, '');
}
