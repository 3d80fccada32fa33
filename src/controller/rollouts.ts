import type { DesiredStack } from '../model/desired.ts';
import { Failure } from '../model/failure.ts';
import type { Revision } from '../model/revision.ts';
import { isoTime } from '../model/time.ts';
import { renderChange } from '../plan/render.ts';
import { specChanges } from '../plan/spec-changes.ts';
import type { Controller } from './controller.ts';
import type { RevisionNote, RollbackResult, RolloutRequest } from './operations.ts';
import { engineOf } from './push.ts';
import type { StackRecord } from './stack-record.ts';

/** The revisions of a stack, newest first, and what each changed. */
export function historyOf(controller: Controller, record: StackRecord): readonly RevisionNote[] {
  const kept = controller.revisions.list(record.name);
  const entries = record.status?.history ?? [];
  const numbers = [
    ...new Set([...entries.map(({ generation }) => generation), ...kept.map((each) => each.number)]),
  ];
  return numbers
    .sort((a, b) => b - a)
    .map((number) => {
      const entry = entries.find(({ generation }) => generation === number);
      const stored = kept.find((each) => each.number === number);
      const older = kept.find((each) => each.number < number);
      const revision = stored === undefined ? undefined : controller.revisions.get(record.name, number);
      const before = older === undefined ? undefined : controller.revisions.get(record.name, older.number);
      return {
        number,
        revision: entry?.revision ?? stored?.revision ?? '',
        outcome: entry?.outcome ?? 'Applied',
        appliedAt: entry?.firstAppliedAt ?? isoTime(stored?.atMs ?? 0),
        isRestorable: revision !== undefined,
        services: Object.fromEntries(
          (revision?.desired.services ?? []).map((service) => [service.name, service.image]),
        ),
        changes: revision === undefined || before === undefined ? [] : changesBetween(before, revision),
      };
    });
}

/** Values that may be secret are not among them (`specChanges`). */
function changesBetween(before: Revision, after: Revision): readonly string[] {
  const had = servicesOf(before.desired);
  const has = servicesOf(after.desired);
  const lines: string[] = [];
  for (const [name, service] of has) {
    const old = had.get(name);
    if (old === undefined) {
      lines.push(`${name}: added`);
      continue;
    }
    const [was] = old.containers;
    const [is] = service.containers;
    const fields = was === undefined || is === undefined ? [] : specChanges(was, is).map(renderChange);
    const moved = before.images[old.image] !== after.images[service.image] && fields.length === 0;
    if (moved) lines.push(`${name}: image ${service.image} is another`);
    if (old.containers.length !== service.containers.length) {
      lines.push(`${name}: replicas: ${old.containers.length} -> ${service.containers.length}`);
    }
    lines.push(...fields.map((field) => `${name}: ${field}`));
  }
  for (const name of had.keys()) if (!has.has(name)) lines.push(`${name}: removed`);
  return lines;
}

const servicesOf = (desired: DesiredStack) =>
  new Map(desired.services.map((service) => [service.name, service]));

/**
 * Holds a stack at an earlier revision until `rollout resume` or another `apply`; tells which. Without the engine, whose
 * id revisions are sealed with, nothing can be said of any.
 */
export async function rollBack(
  controller: Controller,
  record: StackRecord,
  toNumber: number | undefined,
): Promise<RollbackResult> {
  engineOf(controller);
  const kept = controller.revisions.list(record.name);
  const restorable = kept.map(({ number }) => number).join(', ');
  const target = toNumber ?? previousOf(record, kept);
  const revision = target === undefined ? undefined : controller.revisions.get(record.name, target);
  if (target === undefined || revision === undefined) {
    const what = toNumber === undefined ? 'no earlier revision' : `no revision ${toNumber}`;
    throw new Failure('invalid', `${what} of ${record.name} is kept that could be gone back to`, {
      hint:
        kept.length === 0
          ? 'a revision is kept once the stack was Ready with it'
          : `kept ${kept.length === 1 ? 'is revision' : 'are revisions'} ${restorable}; see \`stackctl history ${record.name}\``,
      status: 404,
    });
  }
  await controller.records.steer(record, {
    hold: { number: target, atMs: controller.ports.clock.nowMs() },
  });
  await controller.records.noteRevision(record, revision.desired.revision);
  controller.ask(record.name);
  return { number: target, generation: record.generation };
}

/** The last that was Ready, when what is wanted now never was; else the one before it. */
function previousOf(
  record: StackRecord,
  kept: readonly { readonly number: number; readonly revision: string }[],
): number | undefined {
  const present =
    record.rollout.hold?.number ?? kept.find(({ revision }) => revision === record.revision)?.number;
  return kept.find(({ number }) => present === undefined || number < present)?.number;
}

/** `stackctl rollout pause|resume|restart`. */
export async function steerRollout(
  controller: Controller,
  record: StackRecord,
  request: RolloutRequest,
): Promise<void> {
  const nowMs = controller.ports.clock.nowMs();
  switch (request.verb) {
    case 'pause':
      await controller.records.steer(record, { isPaused: true });
      break;
    case 'resume':
      await controller.records.steer(record, { isPaused: false, hold: undefined, retryAskedAtMs: nowMs });
      await controller.records.renew(record);
      break;
    case 'restart': {
      const known = (record.lastGood?.services ?? []).map(({ name }) => name);
      const unknown = request.services.filter((name) => known.length > 0 && !known.includes(name));
      if (unknown.length > 0) {
        throw new Failure('invalid', `${record.name} has no service ${unknown.join(', ')}`, {
          hint: `it has ${known.join(', ')}`,
          status: 404,
        });
      }
      const names = request.services.length > 0 ? request.services : known;
      const asked = Object.fromEntries(names.map((name) => [name, nowMs]));
      await controller.records.steer(record, {
        restartAsked: { ...record.rollout.restartAsked, ...asked },
      });
      await controller.records.renew(record);
      break;
    }
  }
  controller.ask(record.name);
}
