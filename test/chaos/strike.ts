import type { World } from '../support/stackctld.ts';
import type { Dice } from './dice.ts';

/** When the blow falls: at a write that is on its way or done, or after some time. */
export type Strike =
  | { readonly kind: 'write'; readonly phase: 'seen' | 'answered'; readonly number: number }
  | { readonly kind: 'time'; readonly afterMs: number };

/** Mostly at a write, where something is half done. */
export function drawStrike(dice: Dice, writes: number): Strike {
  if (dice.chance(0.25)) return { kind: 'time', afterMs: dice.whole(0, 150 * writes) };
  return { kind: 'write', phase: dice.pick(['seen', 'answered']), number: dice.whole(1, writes) };
}

export const strikeText = (strike: Strike) =>
  strike.kind === 'time' ? `after ${strike.afterMs} ms` : `write ${strike.number} ${strike.phase}`;

export interface Armed {
  /** Resolves when the blow has fallen. */
  readonly struck: Promise<void>;
  /** Lets it fall now, unless it has. */
  readonly now: () => Promise<void>;
}

/** The blow falls once. */
export function arm(world: World, strike: Strike, blow: () => Promise<void>): Armed {
  let falling: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let tell: (outcome: Promise<void>) => void = () => undefined;
  const struck = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const now = () => {
    if (falling === undefined) {
      world.proxy.onWrite = undefined;
      clearTimeout(timer);
      falling = blow();
      tell(falling);
    }
    return falling;
  };
  if (strike.kind === 'time') timer = setTimeout(now, strike.afterMs);
  else {
    const count = world.proxy.writes().length + strike.number;
    world.proxy.onWrite = (phase, number) => {
      if (phase !== strike.phase || number !== count) return undefined;
      const fallen = now();
      // The answer is held until there is nobody to take it; a write goes on while the blow falls.
      return phase === 'answered' ? fallen : undefined;
    };
  }
  return { struck, now };
}
