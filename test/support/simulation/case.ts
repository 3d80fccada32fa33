import type { Profile } from '../simulated/objects.ts';
import { type Act, perform, performBeside } from './acts.ts';
import type { WriteCrash } from './disk.ts';
import { ALL_EVENTS, type EventFate } from './event-wire.ts';
import { judge, strangersOf } from './oracles.ts';
import { Simulation } from './simulation.ts';
import type { CallFault, CallPlan, CrashMoment, WireCall } from './wire.ts';

/** Something that goes wrong, counted from the beginning of `change`. */
export type Injection =
  | { readonly at: 'write'; readonly number: number; readonly crash: CrashMoment }
  | { readonly at: 'state-write'; readonly number: number; readonly crash: WriteCrash }
  /** `times` calls from that one on; -1: for ever. */
  | { readonly at: 'call'; readonly number: number; readonly fault: CallFault; readonly times: number }
  /** Somebody does something, or asks for it, from the very moment of a call on. */
  | { readonly at: 'moment'; readonly number: number; readonly acts: readonly Act[] }
  /** Every call with this method. */
  | { readonly at: 'method'; readonly method: string; readonly fault: CallFault; readonly times: number };

/** A whole history of a host, as plain data: what it says and the program's text decide all of it. */
export interface Case {
  readonly profile: Profile;
  readonly seed: number;
  /** Undisturbed. */
  readonly before: readonly Act[];
  /** Under the injections; when it is over they end, and all must come right. */
  readonly change: readonly Act[];
  readonly injections?: readonly Injection[];
  readonly events?: EventFate;
  /** Looks are up to so many own writes old. */
  readonly staleness?: number;
  /** Stacks that must be Ready in the end. */
  readonly stacks: readonly string[];
  /** Objects of these may be left, as somebody lost the note that they were to go. */
  readonly mayStay?: readonly string[];
  /** Injections go on for ever: these need not be Ready. */
  readonly mayFail?: readonly string[];
}

export interface Verdict {
  readonly faults: readonly string[];
  /** Of `change`, for the enumeration of what can go wrong. */
  readonly calls: number;
  readonly writes: number;
  readonly stateWrites: number;
  /** Made, started, stopped and removed, by name: what it cost. */
  readonly costs: Readonly<Record<string, number>>;
  readonly trace: readonly string[];
}

/** Whether one history cost what the other did, container by container. */
export function otherCosts({ costs }: Verdict, reference: Verdict): readonly string[] {
  const [here, there] = [costs, reference.costs].map((each) => JSON.stringify(Object.entries(each).sort()));
  return here === there ? [] : [`it cost ${here} instead of ${there}`];
}

/** Longer than any back-off. */
const SETTLING_MS = 3_600_000;

/** Lives through a case and judges how it ended. */
export async function runCase(given: Case): Promise<Verdict> {
  const sim = new Simulation({ profile: given.profile, seed: given.seed });
  sim.isUndisturbed = isUndisturbed(given);
  sim.start();
  for (const act of given.before) await perform(sim, act);
  if (given.before.length > 0) await sim.settleShortly(SETTLING_MS);
  const isEngineStopped = given.change.some((act) => act.do === 'engine');
  const strangers = strangersOf(sim, isEngineStopped);
  const costs = countCosts(sim);
  const start = { calls: sim.calls, writes: sim.writes, stateWrites: sim.disk.writes };
  sim.note('=== the change');
  inject(sim, given, start);
  for (const act of given.change) await perform(sim, act);
  const isAtRest = await settleUndisturbed(sim, given);
  const used = {
    calls: sim.calls - start.calls,
    writes: sim.writes - start.writes,
    stateWrites: sim.disk.writes - start.stateWrites,
    costs: { ...costs },
  };
  const isStale = (given.staleness ?? 0) > 0;
  const stacks = given.stacks.filter((name) => given.mayFail?.includes(name) !== true);
  const faults = [
    ...(isAtRest ? [] : ['it does not come to rest']),
    ...(await judge(sim, { stacks, strangers, isEngineStopped, isStale, mayStay: given.mayStay ?? [] })),
  ];
  if (faults.length === 0 && given.mayFail === undefined) faults.push(...(await writesOfANewDaemon(sim)));
  sim.daemon?.kill();
  return { ...used, faults, trace: sim.trace };
}

const BY_THE_DAEMON = new Set(['write', 'apply', 'delete', 'command', 'wait', 'settle', 'daemon', 'disk']);

/** Whether nobody else changes anything on the engine, and every look is a fresh one. */
function isUndisturbed({ before, change, injections = [], staleness = 0 }: Case): boolean {
  const isFault = (each: Injection) =>
    each.at === 'moment' || ('fault' in each && (each.fault === 'vanish' || each.fault === 'late'));
  const isLate = (each: Injection) => each.at === 'write' && each.crash === 'late';
  const isOwn = [...before, ...change].every((act) => BY_THE_DAEMON.has(act.do));
  return isOwn && staleness === 0 && !injections.some((each) => isFault(each) || isLate(each));
}

interface Counts {
  readonly calls: number;
  readonly writes: number;
  readonly stateWrites: number;
}

function inject(sim: Simulation, given: Case, start: Counts): void {
  const left = (given.injections ?? []).map((injection) => ({
    injection,
    times: 'times' in injection ? injection.times : 1,
  }));
  sim.onCall = (call) => {
    let plan: CallPlan = { kind: 'ok' };
    for (const each of left) {
      if (each.times === 0 || !isMeant(each.injection, call, start)) continue;
      each.times -= 1;
      plan = planOf(sim, each.injection) ?? plan;
    }
    return plan;
  };
  sim.onStoreWrite = (number) => {
    const found = left.find(
      ({ injection, times }) =>
        times !== 0 && injection.at === 'state-write' && injection.number === number - start.stateWrites,
    );
    if (found?.injection.at !== 'state-write') return undefined;
    found.times = 0;
    return found.injection.crash;
  };
  sim.eventFate = given.events ?? ALL_EVENTS;
  const { staleness = 0 } = given;
  sim.staleness = () => (staleness === 0 ? 0 : sim.chance.int(0, staleness));
}

function planOf(sim: Simulation, injection: Injection): CallPlan | undefined {
  switch (injection.at) {
    case 'write':
      return { kind: 'crash', moment: injection.crash };
    case 'call':
    case 'method':
      return { kind: 'fault', fault: injection.fault };
    case 'moment':
      void performBeside(sim, injection.acts);
      return undefined;
    case 'state-write':
      return undefined;
  }
}

function isMeant(injection: Injection, call: WireCall, start: Counts): boolean {
  switch (injection.at) {
    case 'write':
      return call.write - start.writes === injection.number;
    case 'call':
      return call.number - start.calls >= injection.number;
    case 'moment':
      return call.number - start.calls === injection.number;
    case 'method':
      return call.method === injection.method;
    case 'state-write':
      return false;
  }
}

/**
 * What goes wrong has its time; then it ends, as nothing can be promised of a world that is at odds with itself for
 * ever. False: it does not come to rest.
 */
async function settleUndisturbed(sim: Simulation, given: Case): Promise<boolean> {
  if (given.mayFail !== undefined) {
    await sim.run(600_000);
    return true;
  }
  if (given.staleness !== undefined || given.events !== undefined) await sim.run(90_000);
  sim.eventFate = ALL_EVENTS;
  sim.staleness = () => 0;
  return sim.settle(SETTLING_MS, () => isAsMeant(sim, given));
}

/** Who is to be there is Ready, and who is to go is gone. */
function isAsMeant(sim: Simulation, { stacks, mayStay = [] }: Case): boolean {
  const known = [...sim.statuses.keys()].filter((name) => !mayStay.includes(name));
  return [...stacks, ...known].every((name) => stacks.includes(name) && sim.isReady(name));
}

/** Of what is as it should be, a daemon that knows nothing of before has nothing to change. */
async function writesOfANewDaemon(sim: Simulation): Promise<readonly string[]> {
  const { writes } = sim;
  sim.onCall = () => ({ kind: 'ok' });
  sim.onStoreWrite = () => undefined;
  sim.kill();
  await sim.settle(SETTLING_MS);
  return sim.writes === writes ? [] : [`${sim.writes - writes} writes when nothing was to be done`];
}

/** Counts by what the engine tells of, with the temporary names of replacements as those they end with. */
function countCosts(sim: Simulation): Readonly<Record<string, number>> {
  const costs: Record<string, number> = {};
  sim.engine.world.listeners.add((event) => {
    if (event.kind !== 'container' || !['create', 'start', 'die', 'destroy'].includes(event.action)) return;
    const key = `${event.action} ${(event.name ?? '').replace(/\.[0-9a-f]{8}$/, '')}`;
    costs[key] = (costs[key] ?? 0) + 1;
  });
  return costs;
}
