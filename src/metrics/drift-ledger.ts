import type { CauseCode, Plan, ResourceRef } from '../model/plan.ts';

/** What a wish for something else brings about, and so no drift. */
const WANTED: readonly CauseCode[] = [
  'SpecChanged',
  'ImageChanged',
  'RestartAsked',
  'RolledBack',
  'StackDeleted',
];

/** Which objects drifted or were put right since the last pass, by kind. */
export interface DriftChange {
  readonly found: readonly ResourceRef['kind'][];
  readonly repaired: readonly ResourceRef['kind'][];
}

const NOTHING: DriftChange = { found: [], repaired: [] };

/** Remembers what of each stack has drifted until a plan has nothing more to do about it. */
export class DriftLedger {
  readonly #open = new Map<string, Map<string, ResourceRef['kind']>>();

  /** Takes a pass in. `wasSynced`: before it, the stack was as it is wanted now. */
  note(stack: string, plan: Plan, wasSynced: boolean): DriftChange {
    const open = this.#open.get(stack) ?? new Map<string, ResourceRef['kind']>();
    if (open.size === 0 && !wasSynced) return NOTHING;
    if (plan.steps.length === 0 && plan.blockers.length === 0) {
      this.#open.delete(stack);
      return { found: [], repaired: [...open.values()] };
    }
    const found: ResourceRef['kind'][] = [];
    for (const { target, because } of wasSynced ? plan.steps : []) {
      const key = `${target.kind}/${target.name}`;
      if (WANTED.includes(because.code) || open.has(key)) continue;
      open.set(key, target.kind);
      found.push(target.kind);
    }
    if (open.size > 0) this.#open.set(stack, open);
    return { found, repaired: [] };
  }

  forget(stack: string): void {
    this.#open.delete(stack);
  }
}
