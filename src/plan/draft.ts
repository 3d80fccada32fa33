import type { Memory } from '../model/memory.ts';
import type {
  Blocker,
  Cause,
  CauseCode,
  FieldChange,
  Gate,
  Plan,
  ResourceRef,
  Step,
  StepId,
  StepKind,
  StepPayloads,
} from '../model/plan.ts';

/** What every step says about itself, beside its payload. */
export interface StepAbout {
  readonly target: ResourceRef;
  readonly service?: string | undefined;
  readonly because: Cause;
  readonly needs?: readonly StepId[] | undefined;
  readonly gate?: Gate | undefined;
}

/**
 * A plan in the making: gives ids, keeps order.
 *
 * INVARIANTS: a step's needs are ids that were given before its own; a step that needs a gated step is as
 * good as gated, and the executor skips both.
 */
export class PlanDraft {
  readonly #steps: Step[] = [];
  readonly #gated = new Set<StepId>();
  readonly #byContainer = new Map<string, Step[]>();
  readonly #creations = new Map<string, StepId>();
  readonly #blockers: Blocker[] = [];
  #lookAgainAtMs: number | undefined;

  add<Kind extends StepKind>(kind: Kind, payload: StepPayloads[Kind], about: StepAbout): StepId {
    const id = this.#steps.length + 1;
    const step = {
      id,
      kind,
      ...payload,
      target: about.target,
      service: about.service,
      because: about.because,
      needs: about.needs ?? [],
      gate: about.gate,
    };
    // The compiler cannot see that the kind and the payload of a generic belong together.
    this.#keep(step as unknown as Step);
    if (about.gate !== undefined || step.needs.some((need) => this.#gated.has(need))) this.#gated.add(id);
    return id;
  }

  #keep(step: Step): void {
    this.#steps.push(step);
    if (step.kind === 'create-container') this.#creations.set(step.creation.container.service, step.id);
    if (!('container' in step) || step.container.by !== 'id') return;
    const { id } = step.container;
    const others = this.#byContainer.get(id);
    if (others === undefined) this.#byContainer.set(id, [step]);
    else others.push(step);
  }

  block(blocker: Blocker): void {
    this.#blockers.push(blocker);
  }

  /** Remembers the soonest of the times at which another plan would come out. */
  lookAgainAt(atMs: number): void {
    this.#lookAgainAtMs = Math.min(this.#lookAgainAtMs ?? Number.POSITIVE_INFINITY, atMs);
  }

  /** Whether this step, or one that it needs, waits for a gate. */
  isGated(id: StepId): boolean {
    return this.#gated.has(id);
  }

  get steps(): readonly Step[] {
    return this.#steps;
  }

  /** What is done to a container that exists, in order. */
  stepsOn(containerId: string): readonly Step[] {
    return this.#byContainer.get(containerId) ?? [];
  }

  /** The last container that is made for a service. */
  creationFor(service: string): StepId | undefined {
    return this.#creations.get(service);
  }

  build(memory: Memory): Plan {
    return {
      steps: this.#steps,
      blockers: this.#blockers,
      lookAgainAtMs: this.#lookAgainAtMs,
      memory,
    };
  }
}

export const cause = (code: CauseCode, changes: readonly FieldChange[] = []): Cause => ({ code, changes });
export const containerRef = (name: string): ResourceRef => ({ kind: 'container', name });
export const networkRef = (name: string): ResourceRef => ({ kind: 'network', name });
export const volumeRef = (name: string): ResourceRef => ({ kind: 'volume', name });
export const imageRef = (name: string): ResourceRef => ({ kind: 'image', name });
