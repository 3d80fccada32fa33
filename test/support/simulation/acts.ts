import type { Operations } from '../../../src/controller/operations.ts';
import type { Deed } from '../arbitraries.ts';
import { carryOut } from '../arbitraries.ts';
import type { Behaviour, ImageSpec } from '../simulated/objects.ts';
import type { Simulation } from './simulation.ts';

/** Something that somebody or something does to the host, as plain data, so that a case can be kept and replayed. */
export type Act =
  /** A manifest or data file, relative to the directory; null: removed. */
  | { readonly do: 'write'; readonly file: string; readonly text: string | null }
  | { readonly do: 'directory'; readonly is: 'missing' | 'partial' | 'back' | 'silent' }
  /** `stackctl apply -f` of one file; nobody minds when it is refused. */
  | { readonly do: 'apply'; readonly file: string; readonly text: string }
  | { readonly do: 'delete'; readonly stack: string; readonly volumes: boolean }
  | {
      readonly do: 'command';
      readonly verb: 'suspend' | 'resume' | 'reconcile' | 'rollback';
      readonly stack: string;
    }
  | { readonly do: 'restart-rollout' | 'resume-rollout'; readonly stack: string }
  /** By name, as with the docker command line. */
  | { readonly do: 'hand'; readonly verb: HandVerb; readonly name: string; readonly other?: string }
  /** Whatever is there, by number. */
  | { readonly do: 'deed'; readonly deed: Deed }
  | { readonly do: 'behave'; readonly who: string; readonly how: Behaviour }
  /** What a registry has under a reference from now on, and the engine too when `isPulled`. */
  | { readonly do: 'image'; readonly ref: string; readonly spec: ImageSpec; readonly isPulled: boolean }
  | { readonly do: 'engine'; readonly is: 'stopped' | 'killed' | 'started' }
  | { readonly do: 'daemon'; readonly is: 'killed' }
  | { readonly do: 'disk'; readonly is: 'full' | 'free' | 'lost' }
  /** Somebody sets the clock. */
  | { readonly do: 'clock'; readonly ms: number }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'settle' };

export const HAND_VERBS = [
  'rm',
  'stop',
  'crash',
  'pause',
  'rename',
  'update',
  'disconnect',
  'connect',
  'rm-network',
  'remake-network',
  'dead',
  'run',
  'create-network',
  'create-volume',
  'rm-image',
  'copy',
] as const;
export type HandVerb = (typeof HAND_VERBS)[number];

const ATTEMPTS = 5;
const RESTARTED_MS = 10_000;
const LONGEST_ANSWER_MS = 120_000;
/** Long enough for every back-off and grace that there is. */
const SETTLING_MS = 1_800_000;

/** Does it; what a person or a command is refused is no fault. */
export async function perform(sim: Simulation, act: Act): Promise<void> {
  sim.note(`> ${JSON.stringify(act).slice(0, 160)}`);
  switch (act.do) {
    case 'write':
      return act.text === null ? sim.directory.remove(act.file) : sim.directory.write(act.file, act.text);
    case 'directory':
      sim.directory.isMissing = act.is === 'missing';
      sim.directory.isPartial = act.is === 'partial';
      sim.directory.isSilent = act.is === 'silent';
      return;
    case 'wait':
      return sim.run(act.ms);
    case 'settle':
      await sim.settle(SETTLING_MS);
      return;
    case 'hand':
      return byHand(sim, act.verb, act.name, act.other ?? '');
    case 'deed':
      return carryOut(sim.engine, act.deed);
    case 'behave':
      return sim.engine.behave(act.who, act.how);
    case 'image':
      sim.engine.world.registry.set(act.ref, act.spec);
      if (act.isPulled) sim.engine.world.addImage(act.ref, act.spec);
      return;
    case 'engine':
      return engine(sim, act.is);
    case 'daemon':
      return sim.kill();
    case 'disk':
      return disk(sim, act.is);
    case 'clock':
      return sim.clock.jump(act.ms);
    default:
      return command(sim, act);
  }
}

/** Does things one after another beside all else: who is in the middle of a call cannot wait for them. */
export async function performBeside(sim: Simulation, acts: readonly Act[]): Promise<void> {
  for (const act of acts) {
    if (act.do === 'wait') {
      await new Promise<void>((resolve) => sim.clock.setTimer(resolve, act.ms));
    } else if (isCommand(act) && sim.daemon !== undefined) {
      sim.note(`> ${JSON.stringify(act).slice(0, 160)}`);
      await ask(sim, sim.daemon.operations, act);
    } else {
      void perform(sim, act);
    }
  }
}

const COMMANDS: ReadonlySet<string> = new Set([
  'apply',
  'delete',
  'command',
  'restart-rollout',
  'resume-rollout',
]);

const isCommand = (act: Act): act is Command => COMMANDS.has(act.do);

type Command = Extract<
  Act,
  { readonly do: 'apply' | 'delete' | 'command' | 'restart-rollout' | 'resume-rollout' }
>;

/** As somebody who wants it: says it again when the daemon died over it, and until one is there that answers. */
async function command(sim: Simulation, act: Command): Promise<void> {
  let isAnswered = false;
  for (let attempt = 0; attempt < ATTEMPTS && !isAnswered; attempt += 1) {
    await sim.runUntil(() => sim.daemon?.isAlive === true, RESTARTED_MS);
    const { daemon } = sim;
    if (daemon === undefined) return;
    const answer = ask(sim, daemon.operations, act);
    void answer.finally(() => {
      isAnswered = true;
    });
    await sim.runUntil(() => isAnswered || !daemon.isAlive, LONGEST_ANSWER_MS);
  }
}

/** Never rejects: what a command is refused is no fault. What was taken counts as applied. */
async function ask(sim: Simulation, operations: Operations, act: Command): Promise<void> {
  try {
    await operate(operations, act);
    if (act.do === 'apply') sim.applied.set(act.file, act.text);
    if (act.do === 'delete') sim.applied.delete(`${act.stack}.compose.yaml`);
    sim.note('  done');
  } catch (thrown) {
    sim.note(`  refused: ${String(thrown)}`);
  }
}

async function operate(operations: Operations, act: Command): Promise<unknown> {
  switch (act.do) {
    case 'apply':
      return operations.apply(
        {
          baseDirectory: '/home/somebody',
          files: [{ relativePath: act.file, text: act.text }],
          dryRun: false,
          force: false,
          adopt: false,
        },
        new AbortController().signal,
      );
    case 'delete':
      return operations.delete({ name: act.stack, volumes: act.volumes, confirm: true });
    case 'restart-rollout':
    case 'resume-rollout': {
      const verb = act.do === 'restart-rollout' ? 'restart' : 'resume';
      return operations.rollout({ name: act.stack, verb, services: [] });
    }
    case 'command':
      if (act.verb === 'rollback')
        return operations.rollBack(act.stack, undefined, new AbortController().signal);
      return operations[act.verb](act.stack);
  }
}

function byHand(sim: Simulation, verb: HandVerb, name: string, other: string): void {
  const { hands } = sim.engine;
  const deeds: Readonly<Record<HandVerb, () => unknown>> = {
    rm: () => hands.rm(name),
    stop: () => hands.stop(name),
    crash: () => hands.crash(name),
    pause: () => hands.pause(name),
    rename: () => hands.rename(name, other),
    update: () =>
      hands.update(name, { Memory: 32 * 1024 * 1024 }, { Name: 'on-failure', MaximumRetryCount: 0 }),
    disconnect: () => hands.disconnect(other, name),
    connect: () => hands.connect(other, name, { aliases: ['guest'] }),
    'rm-network': () => hands.rmNetwork(name),
    'remake-network': () => hands.remakeNetwork(name, { internal: true }, true),
    dead: () => hands.leaveDead(name),
    run: () => hands.run(name, other === '' ? {} : { networks: { [other]: {} } }),
    'create-network': () => hands.createNetwork(name),
    'create-volume': () => hands.createVolume(name),
    'rm-image': () => hands.rmImage(name),
    copy: () => hands.copy(name),
  };
  try {
    deeds[verb]();
  } catch (thrown) {
    sim.note(`  refused: ${String(thrown)}`);
  }
}

function engine(sim: Simulation, is: 'stopped' | 'killed' | 'started'): void {
  const { hands, world } = sim.engine;
  if (is === 'started' && world.isDown) hands.startEngine();
  if (is !== 'started' && !world.isDown) hands.stopEngine({ crash: is === 'killed' });
}

function disk(sim: Simulation, is: 'full' | 'free' | 'lost'): void {
  sim.disk.isFull = is === 'full';
  if (is === 'lost') sim.disk.files.clear();
}
