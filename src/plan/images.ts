import type { DesiredImage } from '../model/desired.ts';
import { OURS } from '../model/labels.ts';
import type { ObservedImage } from '../model/observed.ts';
import type { Gate } from '../model/plan.ts';
import { cause, imageRef } from './draft.ts';
import type { Scope } from './scope.ts';

/** Where the image of a service stands. */
export interface ImageState {
  /** On the engine, and fit to make containers from. */
  readonly image: ObservedImage | undefined;
  /** What a container that is to be made has to wait for. */
  readonly gate: Gate | undefined;
  /** It cannot be had; a blocker says why. */
  readonly blocked: boolean;
}

const LOOK_WHILE_PULLING_MS = 10_000;
/** After a failure: doubled with each further one, up to a minute where a service stands still, else five. */
const FIRST_RETRY_MS = 5_000;
const LAST_RETRY_MS = { missing: 60_000, present: 300_000 } as const;

/**
 * Pulls and builds what is due. An image that is gone from the engine while its containers run is no reason
 * to act (`needed` is asked only when a container has to be made).
 */
export function planImages(scope: Scope, needed: (ref: string) => boolean): Map<string, ImageState> {
  const states = new Map<string, ImageState>();
  for (const desired of scope.desired.images) states.set(desired.ref, planImage(scope, desired, needed));
  return states;
}

function planImage(scope: Scope, desired: DesiredImage, needed: (ref: string) => boolean): ImageState {
  const image = scope.observed.images[desired.ref];
  if (isBuildDue(desired, image, needed(desired.ref))) return obtain(scope, 'build-image', desired, image);
  if (isPullDue(scope, desired, image, needed(desired.ref))) {
    return obtain(scope, 'pull-image', desired, image);
  }
  if (image === undefined && needed(desired.ref) && desired.pullPolicy.kind === 'never') {
    scope.draft.block({
      target: imageRef(desired.ref),
      service: undefined,
      code: 'ImageMissing',
      message: `image ${desired.ref} is not on this engine and its pull_policy is never`,
      hint: `load or build it (docker load, docker build -t ${desired.ref}), or change pull_policy`,
    });
    return { image: undefined, gate: awaited(desired), blocked: true };
  }
  return { image, gate: undefined, blocked: false };
}

function isBuildDue(desired: DesiredImage, image: ObservedImage | undefined, needed: boolean): boolean {
  if (desired.build === undefined || desired.pullPolicy.kind === 'never') return false;
  if (image === undefined) return needed;
  return image.labels[OURS.buildDigest] !== desired.build.digest;
}

function isPullDue(
  scope: Scope,
  desired: DesiredImage,
  image: ObservedImage | undefined,
  needed: boolean,
): boolean {
  if (desired.build !== undefined || desired.pullPolicy.kind === 'never') return false;
  if (image === undefined) return needed;
  const last = scope.memory.pulls[desired.ref];
  const { nowMs } = scope.context;
  const retry = retryOf(scope, desired, image);
  // What is there is used until then.
  if (retry !== undefined && retry.atMs > nowMs) {
    scope.draft.lookAgainAt(retry.atMs);
    return false;
  }
  switch (desired.pullPolicy.kind) {
    case 'always':
      return last?.revision !== scope.desired.revision || retry !== undefined;
    case 'every': {
      const dueAtMs = retry?.atMs ?? (last?.atMs ?? image.createdAtMs) + desired.pullPolicy.periodMs;
      if (dueAtMs > nowMs) scope.draft.lookAgainAt(dueAtMs);
      return dueAtMs <= nowMs;
    }
    default:
      return false;
  }
}

/** Plans to have the image, and what needs it waits; after a failure not before its back-off is over. */
function obtain(
  scope: Scope,
  kind: 'pull-image' | 'build-image',
  desired: DesiredImage,
  image: ObservedImage | undefined,
): ImageState {
  const retry = retryOf(scope, desired, image);
  const isHeld = retry !== undefined && retry.atMs > scope.context.nowMs;
  // A pull may go on after its pass, and what it ended with is learnt by looking.
  scope.draft.lookAgainAt(isHeld ? retry.atMs : scope.context.nowMs + LOOK_WHILE_PULLING_MS);
  scope.draft.add(
    kind,
    { image: desired },
    {
      target: imageRef(desired.ref),
      because: cause(image ? 'ImageChanged' : 'Missing'),
      gate: isHeld ? { kind: 'backoff', untilMs: retry.atMs, attempt: retry.attempt } : undefined,
    },
  );
  return { image: undefined, gate: awaited(desired), blocked: false };
}

const awaited = ({ ref }: DesiredImage): Gate => ({ kind: 'image', ref });

/** When what failed for this revision is due again; another revision is tried at once. */
function retryOf(
  scope: Scope,
  desired: DesiredImage,
  image: ObservedImage | undefined,
): { readonly atMs: number; readonly attempt: number } | undefined {
  const last = scope.memory.pulls[desired.ref];
  if (last === undefined || last.failures < 1 || last.revision !== scope.desired.revision) return undefined;
  const longestMs = LAST_RETRY_MS[image === undefined ? 'missing' : 'present'];
  const backOffMs = Math.min(longestMs, FIRST_RETRY_MS * 2 ** (last.failures - 1));
  return { atMs: last.atMs + backOffMs, attempt: last.failures + 1 };
}
