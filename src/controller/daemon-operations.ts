import { Failure } from '../model/failure.ts';
import type { StackStatus } from '../model/status.ts';
import { isoTime } from '../model/time.ts';
import { deriveStatus } from '../status/derive.ts';
import { findProject } from './compose-project.ts';
import type { Controller } from './controller.ts';
import { networkingOf } from './networking.ts';
import type {
  DeleteRequest,
  DiffRequest,
  LogsRequest,
  Operations,
  StackDiff,
  StackNotice,
} from './operations.ts';
import { isSuspended } from './pass.ts';
import { applyManifests, diffManifest, diffManifests, engineOf } from './push.ts';
import { historyOf, rollBack, steerRollout } from './rollouts.ts';
import { stackLogs } from './stack-logs.ts';
import { isToBeSeen, type StackRecord } from './stack-record.ts';

/** All that the daemon offers, by way of its controller. */
export function createOperations(controller: Controller): Operations {
  const startedAt = isoTime(controller.ports.clock.nowMs());
  return {
    version: () => ({
      version: controller.options.version,
      instance: controller.options.instance,
      engine:
        controller.engineInfo === undefined
          ? undefined
          : { version: controller.engineInfo.version, apiVersion: controller.engineInfo.apiVersion },
      startedAt,
    }),
    notReady: () => controller.notReady(),
    stacks: () => knownNames(controller).map((name) => statusOf(controller, name)),
    stack: (name) => statusOf(controller, name),
    apply: async (request, signal) => {
      await controller.whenProbed(signal);
      return applyManifests(controller, request, signal);
    },
    diff: async (request, signal) => {
      await controller.whenProbed(signal);
      return request.manifests === undefined
        ? diffKnown(controller, request, signal)
        : diffManifests(controller, request.manifests, request.adopt, signal);
    },
    composeProject: async (name, signal) => {
      await controller.whenProbed(signal);
      const project = await findProject(controller, name, signal);
      if (project !== undefined) return project;
      throw new Failure('invalid', `docker compose has no project ${name} here that is not ours already`, {
        hint: '`docker compose ls` lists its projects',
        status: 404,
      });
    },
    adopt: async (name) => {
      statusOf(controller, name);
      await controller.records.adopt(controller.records.ensure(name));
      controller.ask(name);
    },
    delete: (request) => deleteStack(controller, request),
    reconcile: (name) => {
      statusOf(controller, name);
      controller.ask(name);
    },
    suspend: (name) => setSuspended(controller, name, true),
    resume: (name) => setSuspended(controller, name, false),
    history: (name) => historyOf(controller, knownRecord(controller, name)),
    rollBack: async (name, toRevision, signal) => {
      await controller.whenProbed(signal);
      return rollBack(controller, knownRecord(controller, name), toRevision);
    },
    rollout: (request) => steerRollout(controller, knownRecord(controller, request.name), request),
    networking: async (signal) => {
      await controller.whenProbed(signal);
      return networkingOf(controller, signal);
    },
    events: (filter) => controller.events.list(filter.stack, filter.afterSequence),
    watch: (filter, signal) => watch(controller, filter.stack, signal),
    verify: async function* (request, signal) {
      await controller.whenLooked(signal);
      yield* controller.isolation.verify(request, signal);
    },
    logs: (request: LogsRequest, signal) => {
      statusOf(controller, request.stack);
      return stackLogs(controller, request, signal);
    },
  };
}

function knownNames(controller: Controller): readonly string[] {
  const remembered = controller.records
    .all()
    .filter(isToBeSeen)
    .filter((record) => record.status !== undefined || record.tombstone !== undefined)
    .map((record) => record.name);
  return [...new Set<string>([...controller.catalog.names(), ...remembered])].sort();
}

/** Throws `invalid` for a name that nobody knows. */
function knownRecord(controller: Controller, name: string): StackRecord {
  statusOf(controller, name);
  return controller.records.ensure(name);
}

/** Throws `invalid` for a name that nobody knows. */
function statusOf(controller: Controller, name: string): StackStatus {
  const known = controller.records.get(name);
  const record = isToBeSeen(known) ? known : undefined;
  const entry = controller.catalog.get(name);
  // The generation counts at once, what was observed of it only after a pass.
  if (record?.status !== undefined) return { ...record.status, generation: record.generation };
  if (record === undefined && entry === undefined) {
    throw new Failure('invalid', `there is no stack named ${name}`, {
      hint: 'see `stackctl get stacks`',
      status: 404,
    });
  }
  return notLookedAt(controller, record ?? controller.records.ensure(name));
}

/** The status of a stack before its first pass. */
function notLookedAt(controller: Controller, record: StackRecord): StackStatus {
  const entry = controller.catalog.get(record.name);
  return deriveStatus({
    name: record.name,
    source: {
      kind: entry?.origin.kind ?? 'none',
      name: entry?.origin.name ?? '',
      path: entry?.manifest.at.file ?? '',
    },
    generation: record.generation,
    nowMs: controller.ports.clock.nowMs(),
    previous: undefined,
    suspended: entry !== undefined && isSuspended(record, entry),
    held: undefined,
    deleting: record.tombstone !== undefined,
    problems: entry?.problems ?? [],
    failure: undefined,
    desired: undefined,
    observed: undefined,
    plan: undefined,
    outcomes: [],
    nextLookAtMs: undefined,
  });
}

async function diffKnown(
  controller: Controller,
  { stacks: names, adopt }: DiffRequest,
  signal: AbortSignal,
): Promise<readonly StackDiff[]> {
  const engineInfo = engineOf(controller);
  const diffs: StackDiff[] = [];
  for (const name of names.length > 0 ? names : controller.catalog.names()) {
    const entry = controller.catalog.get(name);
    if (entry === undefined) {
      throw new Failure('invalid', `there is no stack named ${name}`, { status: 404 });
    }
    const diff = await diffManifest(
      controller,
      entry.manifest,
      { engineInfo, adopt, source: entry.origin.kind },
      signal,
    );
    diffs.push({ ...diff, problems: [...entry.problems, ...diff.problems] });
  }
  return diffs;
}

async function deleteStack(controller: Controller, request: DeleteRequest): Promise<void> {
  const { ports, records, catalog, sources } = controller;
  await readAgain(controller, request.name);
  const entry = catalog.get(request.name);
  const isHeld = sources.held.some((held) => held.name === request.name);
  if (entry !== undefined && entry.origin.kind !== 'applied' && !isHeld) {
    throw new Failure('conflict', `stack ${request.name} is managed from ${entry.manifest.at.file}`, {
      hint: 'remove its manifest there, or the stack would come back; `stackctl suspend` leaves it alone for a while',
    });
  }
  if (entry === undefined && !isToBeSeen(records.get(request.name))) {
    const owned = await ports.engine.ownedStacks(AbortSignal.timeout(15_000));
    if (!owned.some((name) => name === request.name)) statusOf(controller, request.name);
  }
  const record = records.ensure(request.name);
  const nowMs = ports.clock.nowMs();
  await sources.betweenReadings(ports.applied, async () => {
    await records.bury(record, {
      volumes: request.volumes,
      orphan: false,
      reason: 'deleted by command',
      atMs: nowMs,
    });
    // The tombstone is on disk: from here on the manifest may go.
    await ports.applied.remove(request.name);
    catalog.dropFrom({ kind: 'applied', name: ports.applied.name }, request.name);
  });
  controller.ask(request.name);
}

/** Whoever removes a manifest and deletes its stack at once must not be told that the manifest is still there. */
async function readAgain({ ports, catalog, sources }: Controller, name: string): Promise<void> {
  const origin = catalog.get(name)?.origin;
  const source = ports.sources.find((each) => each.kind === origin?.kind && each.name === origin?.name);
  if (source !== undefined && source !== ports.applied)
    await sources.read(source, AbortSignal.timeout(15_000));
}

async function setSuspended(controller: Controller, name: string, suspended: boolean): Promise<void> {
  statusOf(controller, name);
  const entry = controller.catalog.get(name);
  if (!suspended && entry?.manifest.control.suspend === true) {
    throw new Failure('conflict', `the manifest of ${name} says \`suspend: true\``, {
      hint: `take it out of ${entry.manifest.at.file}`,
    });
  }
  await controller.records.suspend(controller.records.ensure(name), suspended);
  controller.ask(name);
}

function watch(
  controller: Controller,
  stack: string | undefined,
  signal: AbortSignal,
): AsyncIterable<StackNotice> {
  // Of a stack that is not there (yet, or any more) there is nothing to begin with: who waits for it may.
  const names = knownNames(controller).filter((name) => stack === undefined || name === stack);
  const first = names.map((name): StackNotice => ({ kind: 'status', status: statusOf(controller, name) }));
  return filtered(controller.notices.read(first, signal), stack);
}

async function* filtered(
  notices: AsyncIterable<StackNotice>,
  stack: string | undefined,
): AsyncGenerator<StackNotice> {
  for await (const notice of notices) {
    if (stack === undefined || stackOf(notice) === stack) yield notice;
  }
}

function stackOf(notice: StackNotice): string {
  switch (notice.kind) {
    case 'status':
      return notice.status.name;
    case 'deleted':
      return notice.name;
    case 'event':
      return notice.event.stack;
    case 'progress':
      return notice.stack;
  }
}
