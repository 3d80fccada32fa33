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

const RETRY_FAILED_PULL_MS = 5 * 60_000;

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
  const gate: Gate = { kind: 'image', ref: desired.ref };
  const about = { target: imageRef(desired.ref), because: cause(image ? 'ImageChanged' : 'Missing') };
  if (isBuildDue(desired, image, needed(desired.ref))) {
    scope.draft.add('build-image', { image: desired }, about);
    return { image: undefined, gate, blocked: false };
  }
  if (isPullDue(scope, desired, image, needed(desired.ref))) {
    scope.draft.add('pull-image', { image: desired }, about);
    return { image: undefined, gate, blocked: false };
  }
  if (image === undefined && needed(desired.ref) && desired.pullPolicy.kind === 'never') {
    scope.draft.block({
      target: imageRef(desired.ref),
      service: undefined,
      code: 'ImageMissing',
      message: `image ${desired.ref} is not on this engine and its pull_policy is never`,
      hint: `load or build it (docker load, docker build -t ${desired.ref}), or change pull_policy`,
    });
    return { image: undefined, gate, blocked: true };
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
  const isSameRevision = last?.revision === scope.desired.revision;
  if (last?.failed === true && isSameRevision && nowMs - last.atMs < RETRY_FAILED_PULL_MS) {
    scope.draft.lookAgainAt(last.atMs + RETRY_FAILED_PULL_MS);
    return false;
  }
  if (desired.pullPolicy.kind === 'always') return !isSameRevision || last?.failed === true;
  if (desired.pullPolicy.kind !== 'every') return false;
  const dueAtMs = (last?.atMs ?? image.createdAtMs) + desired.pullPolicy.periodMs;
  if (dueAtMs > nowMs) scope.draft.lookAgainAt(dueAtMs);
  return dueAtMs <= nowMs;
}
