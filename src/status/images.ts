import type { DesiredService } from '../model/desired.ts';
import type { Observed, ObservedContainer, ObservedImage } from '../model/observed.ts';
import type { Plan } from '../model/plan.ts';
import { isoTime } from '../model/time.ts';

/** What an image is, whatever its tag points at now. */
export interface RunningImage {
  readonly imageId: string;
  readonly imageDigest: string | undefined;
}

export type ImagesById = ReadonlyMap<string, ObservedImage>;

export const imagesById = ({ images }: Observed): ImagesById =>
  new Map(Object.values(images).map((image) => [image.id, image]));

/** The image that a container runs from. */
export function runningImage(known: ImagesById, live: ObservedContainer): RunningImage {
  return {
    imageId: live.imageId,
    imageDigest: digestOf(live.imageRef, known.get(live.imageId)?.repoDigests ?? live.imageDigests),
  };
}

/** An image may have digests in several repositories: that of the one it is named after counts. */
function digestOf(ref: string, repoDigests: readonly string[]): string | undefined {
  const repository = repositoryOf(ref);
  return repoDigests.find((digest) => repositoryOf(digest) === repository) ?? repoDigests[0];
}

/** Without tag and digest; names of Docker Hub as engines shorten them. */
function repositoryOf(ref: string): string {
  const [name = ''] = ref.split('@', 1);
  const tagAt = name.indexOf(':', name.lastIndexOf('/') + 1);
  const repository = tagAt === -1 ? name : name.slice(0, tagAt);
  return repository.replace(/^(?:index\.)?docker\.io\//, '').replace(/^library\//, '');
}

/** An image that could not be had, and waits for its next attempt. */
export interface HeldImage {
  readonly ref: string;
  readonly isBuild: boolean;
  readonly message: string;
}

/** Images that a service stands still for, after a pull or build that failed. */
export function heldImages(plan: Plan): readonly HeldImage[] {
  return plan.steps.flatMap((step) => {
    if (step.kind !== 'pull-image' && step.kind !== 'build-image') return [];
    if (step.gate?.kind !== 'backoff') return [];
    const { ref } = step.image;
    const { attempt, untilMs } = step.gate;
    const why = plan.memory.pulls[ref]?.failure ?? `image ${ref} could not be had`;
    const message = `${why}; attempt ${attempt} at ${isoTime(untilMs)}`;
    return [{ ref, isBuild: step.kind === 'build-image', message }];
  });
}

/** Why the image of a service that runs all the same may be out of date; empty: it is not. */
export function staleImageNote(plan: Plan, service: DesiredService): string {
  const last = plan.memory.pulls[service.image];
  if (last === undefined || !(last.failures > 0)) return '';
  return `runs the image that is here: ${last.failure ?? `image ${service.image} could not be had`}`;
}
