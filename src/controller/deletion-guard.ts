import type { HeldReason } from '../model/status.ts';
import { isoTime } from '../model/time.ts';

/** A stack that is there and came from this source. */
export interface KnownStack {
  readonly name: string;
  /** Stacks that it needs: they go after it. */
  readonly dependsOn?: readonly string[];
}

/** What a scan of the source said about stacks. */
export interface GuardScan {
  /** False: incomplete, or doubtful; what is absent says nothing. */
  readonly trusted: boolean;
  /** Why it is not trusted. */
  readonly reason: string | undefined;
  /** Stacks that have a good manifest. */
  readonly names: readonly string[];
  /** Stacks whose manifest is there and cannot be read or used: they keep their last good one. */
  readonly broken: readonly string[];
  /** Files that may be manifests, are broken, and belonged to no stack so far: a stack may have moved into one. */
  readonly unattributed: readonly string[];
}

/** What is remembered of one source between its scans. It may be lost: then everything is waited for anew. */
export interface GuardState {
  readonly absent: Readonly<Record<string, Absence>>;
  /** Stacks whose deletion was decided and that are still known. Unix ms. */
  readonly decided: Readonly<Record<string, number>>;
  /** Deletions that count against the window; also those that a manifest that came back has cancelled. */
  readonly deleted: readonly { readonly name: string; readonly atMs: number }[];
  /** `unattributed` of the last trusted scan. */
  readonly unattributed: readonly string[];
}

interface Absence {
  /** Unix ms. */
  readonly sinceMs: number;
  /** Trusted scans in a row. */
  readonly scans: number;
  /** Files that broke when the stack went away, or since: it may be in one of them. */
  readonly suspects: readonly string[];
}

export const EMPTY_GUARD_STATE: GuardState = { absent: {}, decided: {}, deleted: [], unattributed: [] };

export interface GuardLimits {
  readonly scans: number;
  readonly graceMs: number;
  /** At most `max(minimum, share * stacks)` deletions in a window. */
  readonly windowMs: number;
  readonly minimum: number;
  readonly share: number;
}

/** DESIGN 4.9. */
export const GUARD_LIMITS: GuardLimits = {
  scans: 2,
  graceMs: 30_000,
  windowMs: 600_000,
  minimum: 1,
  share: 0.2,
};

export interface GuardRequest {
  /**
   * What an absence means in this source. `nothing` is for manifests that were pushed: there deletion is a command,
   * and what is missing was lost.
   */
  readonly absence: 'deletes' | 'nothing';
  readonly known: readonly KnownStack[];
  readonly scan: GuardScan;
  readonly state: GuardState;
  /** Stacks that nobody is to touch. */
  readonly suspended: readonly string[];
  readonly nowMs: number;
  readonly limits: GuardLimits;
}

/** How a person lets a held deletion go on. */
const CONFIRM = '`stackctl delete NAME --confirm` deletes the stack all the same';

/** A stack that is absent and is kept: why, for people, and when it is worth asking again (unix ms). */
export interface HeldDeletion {
  readonly name: string;
  readonly reason: HeldReason;
  /** Why, and after the first `; ` what to do. */
  readonly message: string;
  readonly retryAtMs: number;
}

export interface GuardAnswer {
  readonly state: GuardState;
  /** Names to delete. Answered again at every scan until they are no longer known or their manifest is back. */
  readonly delete: readonly string[];
  readonly held: readonly HeldDeletion[];
}

/**
 * Which stacks may be deleted because their manifests are gone (reliability R10). An absence alone is never enough:
 * it takes two trusted scans in a row and a time of grace, it is limited in number, and a source that shows nothing at
 * all is suspect. Pure; called after every scan with the state of the last call.
 */
export function guardDeletions(request: GuardRequest): GuardAnswer {
  const { scan, known, limits, nowMs } = request;
  const state = withoutOld(request.state, known, limits, nowMs);
  if (request.absence === 'nothing') return { state: EMPTY_GUARD_STATE, delete: [], held: [] };

  const present = new Set([...scan.names, ...scan.broken]);
  const absent = known.filter(({ name }) => !present.has(name));
  const decided = pick(state.decided, absent);
  const suspicion = suspect(request);
  if (suspicion !== undefined) {
    const held = absent.map(({ name }) =>
      hold(name, 'SourceSuspect', named(suspicion, name), nowMs + limits.graceMs),
    );
    return {
      state: { ...state, absent: startAnew(pick(state.absent, absent)), decided },
      delete: [],
      held,
    };
  }
  const counted = countAbsent(absent, state, request);
  return decide(absent, { ...state, absent: counted, decided, unattributed: scan.unattributed }, request);
}

/** Keeps what still matters, so that the state does not grow: known stacks, and deletions of the window. */
function withoutOld(
  state: GuardState,
  known: readonly KnownStack[],
  limits: GuardLimits,
  nowMs: number,
): GuardState {
  return {
    ...state,
    absent: pick(state.absent, known),
    decided: pick(state.decided, known),
    // A time in the future is a clock that was set back; it counts as now, so that it ends some time.
    deleted: state.deleted
      .map(({ name, atMs }) => ({ name, atMs: Math.min(atMs, nowMs) }))
      .filter(({ atMs }) => nowMs - atMs < limits.windowMs),
  };
}

function suspect({ scan, known }: GuardRequest): string | undefined {
  if (!scan.trusted) {
    return `its manifest is not there, and the source is not trusted: ${scan.reason ?? 'it was not read completely'}; see that the source is complete, or ${CONFIRM}`;
  }
  if (scan.names.length === 0 && known.length > 0) {
    return `its manifest is gone, and so are all others of the source; restore the source, or ${CONFIRM}`;
  }
  return undefined;
}

/** Scans must follow each other: a suspect one between them starts the waiting anew. */
function startAnew(absent: GuardState['absent']): GuardState['absent'] {
  return Object.fromEntries(Object.entries(absent).map(([name, before]) => [name, { ...before, scans: 0 }]));
}

function countAbsent(
  absent: readonly KnownStack[],
  state: GuardState,
  { scan, nowMs }: GuardRequest,
): GuardState['absent'] {
  const before = new Set(state.unattributed);
  const newlyBroken = scan.unattributed.filter((file) => !before.has(file));
  const broken = new Set(scan.unattributed);
  const absenceOf = (name: string): Absence => {
    const { sinceMs, scans, suspects } = own(state.absent, name) ?? {
      sinceMs: nowMs,
      scans: 0,
      suspects: [],
    };
    const stillBroken = suspects.filter((file) => broken.has(file));
    return {
      // A time in the future is from before the clock was set back.
      sinceMs: scans === 0 ? nowMs : Math.min(nowMs, sinceMs),
      scans: scans + 1,
      suspects: [...new Set([...stillBroken, ...newlyBroken])],
    };
  };
  return Object.fromEntries(absent.map(({ name }) => [name, absenceOf(name)]));
}

/** Those that others depend on go after them; of the rest, those that are absent for longest go first. */
function decide(absent: readonly KnownStack[], state: GuardState, request: GuardRequest): GuardAnswer {
  const { nowMs } = request;
  const sinceOf = (name: string) => own(state.absent, name)?.sinceMs ?? nowMs;
  const byAge = [...absent].sort((a, b) => sinceOf(a.name) - sinceOf(b.name) || (a.name < b.name ? -1 : 1));
  const names = dependentsFirst(byAge);
  const decided = new Map(Object.entries(state.decided));
  const deleted = [...state.deleted].sort((a, b) => a.atMs - b.atMs);
  const allowed = allowance(request, state);
  const held: HeldDeletion[] = [];

  for (const name of names) {
    if (decided.has(name)) continue;
    const refusal =
      stayOf(name, absent, held) ??
      suspension(name, request) ??
      mayHaveMoved(name, state, request) ??
      graceOf(name, state, request) ??
      tooMany(name, allowed, deleted, request.limits);
    if (refusal !== undefined) {
      held.push(refusal);
      continue;
    }
    decided.set(name, nowMs);
    deleted.push({ name, atMs: nowMs });
  }
  return {
    state: { ...state, absent: pick(state.absent, held), decided: Object.fromEntries(decided), deleted },
    delete: names.filter((name) => decided.has(name)),
    held,
  };
}

/** Each after those that depend on it; a circle ends where it was entered. */
function dependentsFirst(stacks: readonly KnownStack[]): readonly string[] {
  const ordered = new Set<string>();
  const entered = new Set<string>();
  const visit = (name: string): void => {
    if (entered.has(name)) return;
    entered.add(name);
    for (const other of stacks) if (other.dependsOn?.includes(name) === true) visit(other.name);
    ordered.add(name);
  };
  for (const { name } of stacks) visit(name);
  return [...ordered];
}

/** It is needed by one that is kept for now. */
function stayOf(
  name: string,
  absent: readonly KnownStack[],
  held: readonly HeldDeletion[],
): HeldDeletion | undefined {
  const dependents = absent.filter(({ dependsOn }) => dependsOn?.includes(name) === true);
  const kept = held.find((each) => dependents.some((other) => other.name === each.name));
  if (kept === undefined) return undefined;
  const message = named(
    `its manifest is gone, and ${kept.name}, which depends on it, is kept; ${CONFIRM}`,
    name,
  );
  return hold(name, kept.reason, message, kept.retryAtMs);
}

function suspension(name: string, { suspended, nowMs, limits }: GuardRequest): HeldDeletion | undefined {
  if (!suspended.includes(name)) return undefined;
  const message = named(
    `its manifest is gone, and it is suspended; \`stackctl resume NAME\` lets it go, or ${CONFIRM}`,
    name,
  );
  return hold(name, 'SuspendedStack', message, nowMs + limits.graceMs);
}

const named = (message: string, name: string): string => message.replaceAll('NAME', name);

/** Of the stacks at the window's start: those that went meanwhile count, or each deletion would shrink the next. */
function allowance({ known, limits }: GuardRequest, state: GuardState): number {
  const stacks = new Set([...known, ...state.deleted].map(({ name }) => name));
  return Math.max(limits.minimum, Math.floor(limits.share * stacks.size));
}

function mayHaveMoved(
  name: string,
  state: GuardState,
  { nowMs, limits }: GuardRequest,
): HeldDeletion | undefined {
  const suspects = own(state.absent, name)?.suspects ?? [];
  if (suspects.length === 0) return undefined;
  const message = `its manifest is gone, and may be in a file that cannot be used: ${suspects.slice(0, 3).join(', ')}; repair that, or ${CONFIRM}`;
  return hold(name, 'BrokenManifests', named(message, name), nowMs + limits.graceMs);
}

function graceOf(name: string, state: GuardState, { nowMs, limits }: GuardRequest): HeldDeletion | undefined {
  const { sinceMs, scans } = own(state.absent, name) ?? { sinceMs: nowMs, scans: 0 };
  const endsAtMs = sinceMs + limits.graceMs;
  if (scans >= limits.scans && nowMs >= endsAtMs) return undefined;
  const message = `its manifest is gone, and the stack will be deleted at ${isoTime(endsAtMs)}; restore the manifest to keep it`;
  return hold(name, 'GracePeriod', message, Math.max(endsAtMs, nowMs));
}

function tooMany(
  name: string,
  allowed: number,
  deleted: GuardState['deleted'],
  { windowMs }: GuardLimits,
): HeldDeletion | undefined {
  if (deleted.length < allowed) return undefined;
  // The one that must leave the window before another is allowed.
  const first = deleted[deleted.length - allowed];
  const minutes = Math.round(windowMs / 60_000);
  const untilMs = (first?.atMs ?? 0) + windowMs;
  const many = allowed === 1 ? '1 stack goes' : `${allowed} stacks go`;
  const message = `its manifest is gone, and only ${many} in ${minutes} minutes, the next at ${isoTime(untilMs)}; restore the manifest to keep it, or ${CONFIRM}`;
  return hold(name, 'TooManyDeletions', named(message, name), untilMs);
}

function hold(name: string, reason: HeldReason, message: string, retryAtMs: number): HeldDeletion {
  return { name, reason, message, retryAtMs };
}

/** Stacks are named by users: a name such as `constructor` must not be found where it was not put. */
function own<Value>(record: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

function pick<Value>(record: Readonly<Record<string, Value>>, stacks: readonly { readonly name: string }[]) {
  const names = new Set(stacks.map(({ name }) => name));
  return Object.fromEntries(Object.entries(record).filter(([name]) => names.has(name)));
}
