import { nearestName } from '../compose/spelling.ts';
import { Failure } from '../model/failure.ts';
import type { StackStatus } from '../model/status.ts';
import { isoTime } from '../model/time.ts';
import { BEING_REMOVED, deriveStatus } from '../status/derive.ts';
import { findProject } from './compose-project.ts';
import type { Controller } from './controller.ts';
import { networkingOf } from './networking.ts';
import type {
  DiffRequest,
  LogsRequest,
  Operations,
  StackDiff,
  StackManifestNote,
  StackNotice,
} from './operations.ts';
import { isSuspended } from './pass.ts';
import { applyManifests, diffManifest, diffManifests, engineOf } from './push.ts';
import { deleteRepository } from './push-repositories.ts';
import { historyOf, rollBack, steerRollout } from './rollouts.ts';
import { reconcileSource, sourceStatus, sourceStatuses } from './source-statuses.ts';
import { deleteStack } from './stack-deletion.ts';
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
    manifest: (name) => manifestOf(controller, name),
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
    delete: (request) => {
      const { name } = request;
      return deleteStack(controller, request, () => statusOf(controller, name));
    },
    reconcile: (name) => {
      statusOf(controller, name);
      controller.ask(name);
    },
    reconcileWithSource: async (name, signal) => {
      statusOf(controller, name);
      const origin = controller.catalog.get(name)?.origin;
      if (origin !== undefined) await reconcileSource(controller, origin.name, signal);
      controller.ask(name);
    },
    sources: () => sourceStatuses(controller),
    source: (name) => sourceStatus(controller, name),
    reconcileSource: (name, signal) => reconcileSource(controller, name, signal),
    deleteSource: (name) => deleteRepository(controller, name),
    lookAtSource: (name) => {
      const source = controller.repositories.find(name);
      source?.lookNow();
      return source !== undefined;
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

function noSuchStack(controller: Controller, name: string): Failure {
  const meant = nearestName(name, knownNames(controller));
  return new Failure('invalid', `there is no stack named ${name}`, {
    hint:
      meant === undefined
        ? 'see `stackctl get stacks`'
        : `did you mean ${meant}? See \`stackctl get stacks\``,
    status: 404,
  });
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
    throw noSuchStack(controller, name);
  }
  return notLookedAt(controller, record ?? controller.records.ensure(name));
}

function manifestOf(controller: Controller, name: string): StackManifestNote {
  statusOf(controller, name);
  const entry = controller.catalog.get(name);
  if (entry === undefined) {
    throw new Failure('invalid', `the manifest of ${name} is gone`, {
      hint: `\`stackctl describe stack ${name}\` says what becomes of it`,
      status: 404,
    });
  }
  return { name, files: entry.manifest.texts.map(({ path, text }) => ({ path, text })) };
}

/** The status of a stack before its first pass. */
function notLookedAt(controller: Controller, record: StackRecord): StackStatus {
  const entry = controller.catalog.get(record.name);
  return deriveStatus({
    name: record.name,
    labels: entry?.manifest.labels,
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
    deleting: record.tombstone === undefined ? undefined : BEING_REMOVED,
    deletionHeld: undefined,
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
    if (entry === undefined) throw noSuchStack(controller, name);
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
