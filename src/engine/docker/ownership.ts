import { COMPOSE, OURS } from '../../model/labels.ts';
import type { Owned, Ownership } from '../../model/observed.ts';

type Labels = Readonly<Record<string, string>>;

const OUR_LABELS = [
  OURS.stack,
  OURS.service,
  OURS.ordinal,
  OURS.specHash,
  OURS.instance,
  OURS.image,
] as const;

/**
 * Whose an object is, by its labels. `imageLabels` are those of a container's own image: an image made by
 * `docker commit` hands the labels of the container it came from to whatever is run from it (measured), and
 * an image that docker compose built carries its project's. Labels that only repeat the image's say nothing
 * about who made the container; one that was given to the container itself is enough, since a container of
 * ours names the image that it was made from, which no image can do itself.
 */
export function ownerOf(labels: Labels, imageLabels: Labels, instance: string): Owned {
  return {
    ownership: ownership(labels, imageLabels, instance),
    stack: labels[OURS.stack],
    project: labels[COMPOSE.project],
  };
}

function ownership(labels: Labels, imageLabels: Labels, instance: string): Ownership {
  const own = (name: string) => labels[name] !== undefined && labels[name] !== imageLabels[name];
  if (labels[OURS.stack] !== undefined && labels[OURS.instance] !== undefined && OUR_LABELS.some(own)) {
    return labels[OURS.instance] === instance ? 'ours' : 'other-instance';
  }
  const isComposed =
    own(COMPOSE.project) || (labels[COMPOSE.project] !== undefined && own(COMPOSE.configHash));
  return isComposed ? 'compose' : 'foreign';
}

/** Whether it is worth asking for the image's labels: only where the container's claim an owner. */
export function claimsAnOwner(labels: Labels): boolean {
  return labels[OURS.stack] !== undefined || labels[COMPOSE.project] !== undefined;
}
