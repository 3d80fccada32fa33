import type { DesiredImage, DesiredService, DesiredStack } from '../model/desired.ts';
import type { BadRevision, Memory } from '../model/memory.ts';
import type { Observed } from '../model/observed.ts';
import type { Revision } from '../model/revision.ts';
import { containerRef, type PlanDraft } from './draft.ts';

/** A service that is not what its manifest says, because that has failed. */
export interface HeldBack {
  readonly service: DesiredService;
  readonly bad: BadRevision;
}

export interface Withheld {
  readonly desired: DesiredStack;
  readonly held: readonly HeldBack[];
}

/**
 * Puts services whose revision is known to be bad back to what they were when the stack was last Ready. From there on
 * going back is a change like any other: replicas that were replaced already are replaced once more, by
 * `rollback_config`. A service of which that is not known, or whose image is gone, stays as it is wanted: the planner
 * keeps what is left of its old containers.
 */
export function holdBack(
  desired: DesiredStack,
  observed: Observed,
  about: { readonly memory: Memory; readonly lastReady: Revision | undefined },
): Withheld {
  const { memory, lastReady } = about;
  const held: HeldBack[] = [];
  if (lastReady === undefined) return { desired, held };
  const images: DesiredImage[] = [];
  const services = desired.services.map((service) => {
    const bad = badRevisionOf(service, observed, memory);
    if (bad === undefined || bad.isPaused === true) return service;
    const good = lastReady.desired.services.find(({ name }) => name === service.name);
    if (good === undefined) return service;
    const pinned = pinImage(good, lastReady, observed);
    if (pinned === undefined || isSame(pinned.service, service)) return service;
    held.push({ service, bad });
    images.push(pinned.image);
    // Of two revisions that fail the older one is kept: there is no other to go to.
    const update = { ...good.rollback, failureAction: 'continue', maxFailureRatio: 0 } as const;
    return { ...pinned.service, update };
  });
  if (held.length === 0) return { desired, held };
  return { desired: withParts({ ...desired, services }, images, lastReady.desired), held };
}

/** The revision of a service that failed, as long as it is still the one that is wanted. */
export function badRevisionOf(
  service: DesiredService,
  observed: Observed,
  memory: Pick<Memory, 'badRevisions'>,
): BadRevision | undefined {
  const bad = memory.badRevisions[service.name];
  if (bad === undefined || !service.containers.some(({ specHash }) => specHash === bad.specHash)) {
    return undefined;
  }
  const image = observed.images[service.image];
  return image === undefined || image.id === bad.imageId ? bad : undefined;
}

export function blockHeldBack(draft: PlanDraft, held: readonly HeldBack[]): void {
  for (const { service, bad } of held) draft.block(badRevisionBlocker(service, bad));
}

export function badRevisionBlocker(service: DesiredService, bad: BadRevision) {
  return {
    target: containerRef(service.containers[0]?.name ?? service.name),
    service: service.name,
    code: 'BadRevision',
    message: `the new revision failed (${bad.reason}); the one before it keeps running`,
    hint: 'change the manifest: this revision is not tried again',
  } as const;
}

/** A stack as it was, with images by their id wherever a tag leads to another one now. */
export function pinImages(revision: Revision, observed: Observed): DesiredStack {
  const images: DesiredImage[] = [];
  const services = revision.desired.services.map((service) => {
    const pinned = pinImage(service, revision, observed);
    if (pinned === undefined) return service;
    images.push(pinned.image);
    return pinned.service;
  });
  return withParts({ ...revision.desired, services }, images, revision.desired);
}

/** Undefined when the image is not on the engine any more. The spec hash stays: what it is made from is the same. */
function pinImage(
  service: DesiredService,
  revision: Revision,
  observed: Observed,
): { readonly service: DesiredService; readonly image: DesiredImage } | undefined {
  const id = revision.images[service.image];
  const known = revision.desired.images.find(({ ref }) => ref === service.image);
  if (known === undefined) return undefined;
  if (id === undefined || observed.images[service.image]?.id === id) {
    return { service, image: { ...known, build: undefined, pullPolicy: { kind: 'missing' } } };
  }
  if (observed.images[id] === undefined) return undefined;
  return {
    service: {
      ...service,
      image: id,
      containers: service.containers.map((each) => ({ ...each, config: { ...each.config, Image: id } })),
    },
    image: { ref: id, platform: known.platform, pullPolicy: { kind: 'never' } },
  };
}

const isSame = (a: DesiredService, b: DesiredService): boolean =>
  a.image === b.image && a.containers[0]?.specHash === b.containers[0]?.specHash;

/** The stack with these images first, and with what networks and volumes its services of before need. */
function withParts(stack: DesiredStack, images: readonly DesiredImage[], before: DesiredStack): DesiredStack {
  const refs = new Set(images.map(({ ref }) => ref));
  const used = new Set(
    stack.services.flatMap(({ containers }) =>
      containers.flatMap(({ endpoints }) => endpoints.map(({ network }) => network)),
    ),
  );
  const keys = new Set(stack.networks.map(({ key }) => key));
  const volumes = new Set(stack.volumes.map(({ name }) => name));
  return {
    ...stack,
    images: [...images, ...stack.images.filter(({ ref }) => !refs.has(ref))],
    networks: [...stack.networks, ...before.networks.filter(({ key }) => used.has(key) && !keys.has(key))],
    volumes: [...stack.volumes, ...before.volumes.filter(({ name }) => !volumes.has(name))],
  };
}
