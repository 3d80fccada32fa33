import type { DesiredStack } from '../model/desired.ts';
import type { Observed, ObservedContainer } from '../model/observed.ts';
import type { Blocker, Outcome, Plan, Step } from '../model/plan.ts';
import { type HeldImage, heldImages } from './images.ts';

/** What the state of services is read from. */
export interface ServiceView {
  readonly desired: DesiredStack;
  readonly observed: Observed;
  readonly plan: Plan;
  readonly outcomes: readonly Outcome[];
  readonly nowMs: number;
}

/** What a pass found out about one service; of what there may be several, the first. */
export interface ServiceFindings {
  /** Those that are ours, all of them. */
  readonly containers: readonly ObservedContainer[];
  readonly blocker: Blocker | undefined;
  readonly failed: FailedStep | undefined;
  /** A step for it that has to wait. */
  readonly waiting: Step | undefined;
  /** It stands still for this image. */
  readonly held: HeldImage | undefined;
  /** A container was made for it, which nobody has looked at yet. */
  readonly isMade: boolean;
}

export type FailedStep = Extract<Outcome, { readonly result: 'failed' }>;

type Draft = { -readonly [Field in keyof ServiceFindings]: ServiceFindings[Field] } & {
  readonly containers: ObservedContainer[];
};

/**
 * By service, gathered in one go: were each service to look for its own, the status of a stack of thousands would keep the
 * daemon for seconds.
 */
export function findingsByService(view: ServiceView): ReadonlyMap<string, ServiceFindings> {
  const { desired, observed, plan, outcomes } = view;
  const drafts = new Drafts(desired);
  const ours = observed.containers.filter((live) => live.ownership === 'ours' && live.stack === desired.name);
  drafts.note(
    ours,
    ({ service }) => ({ service }),
    (draft, live) => draft.containers.push(live),
  );
  drafts.note(plan.blockers, aboutBlocker, (draft, blocker) => {
    draft.blocker ??= blocker;
  });
  drafts.note(outcomes.filter(isFailed), aboutOutcome, (draft, outcome) => {
    draft.failed ??= outcome;
  });
  const made = outcomes.filter(({ step, result }) => step.kind === 'create-container' && result === 'done');
  drafts.note(made, aboutOutcome, (draft) => {
    draft.isMade = true;
  });
  const gated = plan.steps.filter(({ gate }) => gate !== undefined);
  drafts.note(
    gated,
    ({ service }) => ({ service }),
    (draft, step) => {
      draft.waiting ??= step;
    },
  );
  drafts.note(
    heldImages(plan),
    ({ ref }) => ({ image: ref }),
    (draft, held) => {
      draft.held ??= held;
    },
  );
  return drafts.byService;
}

/** Whom something is about: a service, or all that use an image. */
interface About {
  readonly service?: string | undefined;
  readonly image?: string | undefined;
}

const isFailed = (outcome: Outcome): outcome is FailedStep => outcome.result === 'failed';

const aboutOutcome = ({ step }: Outcome): About => ({ service: step.service, image: imageOf(step) });

const aboutBlocker = ({ service, target }: Blocker): About => ({
  service,
  image: target.kind === 'image' ? target.name : undefined,
});

const imageOf = (step: Step): string | undefined =>
  step.kind === 'pull-image' || step.kind === 'build-image' ? step.image.ref : undefined;

class Drafts {
  readonly byService = new Map<string, Draft>();
  readonly #byImage = new Map<string, Draft[]>();

  constructor({ services }: DesiredStack) {
    for (const { name, image } of services) {
      const draft: Draft = {
        containers: [],
        blocker: undefined,
        failed: undefined,
        waiting: undefined,
        held: undefined,
        isMade: false,
      };
      this.byService.set(name, draft);
      const users = this.#byImage.get(image);
      if (users === undefined) this.#byImage.set(image, [draft]);
      else users.push(draft);
    }
  }

  note<Item>(
    items: readonly Item[],
    about: (item: Item) => About,
    note: (draft: Draft, item: Item) => void,
  ): void {
    for (const item of items) {
      const { service, image } = about(item);
      const own = this.byService.get(service ?? '');
      if (own !== undefined) note(own, item);
      for (const user of this.#byImage.get(image ?? '') ?? []) note(user, item);
    }
  }
}
