/**
 * How a running service takes a change of an attribute: by the engine's `update` or `rename` (`in-place`), by
 * connecting and disconnecting networks (`attach`), by us alone (`controller`), or in a new container (`recreate`).
 */
export type ChangeKind = 'in-place' | 'attach' | 'controller' | 'recreate';

/** What becomes of an attribute of the Compose model. */
export interface Capability {
  /** Where it goes in the engine's requests; empty: nowhere. */
  readonly fields: readonly string[];
  readonly change: ChangeKind;
  /** The first Engine API version that honours it; absent: every one we speak (1.41 and newer). */
  readonly minApi?: string;
  /** A container means the same without it: below `minApi` it is left out, with a warning, and not refused. */
  readonly isDispensable?: boolean;
  /** Why it cannot be had at all. */
  readonly refused?: string;
  /** For people: what is special about it. */
  readonly note?: string;
  /** Only these values need `minApi` or are refused; absent: any. */
  readonly concerns?: Concern;
}

/** Some values of an attribute. */
export interface Concern {
  /** For people: `anything but default`. */
  readonly words: string;
  readonly includes: (value: unknown) => boolean;
}

type Details = Pick<Capability, 'minApi' | 'isDispensable' | 'note' | 'concerns'>;

export const recreate = (field: string, details: Details = {}): Capability => ({
  fields: field.split(' '),
  change: 'recreate',
  ...details,
});
export const inPlace = (field: string, details: Details = {}): Capability => ({
  fields: field.split(' '),
  change: 'in-place',
  ...details,
});
export const attach = (field: string, details: Details = {}): Capability => ({
  fields: field.split(' '),
  change: 'attach',
  ...details,
});
const NO_EFFECT = 'no effect: ';

/** Honoured by us; no engine sees it. */
export const controller = (note?: string): Capability => ({
  fields: [],
  change: 'controller',
  ...(note === undefined ? {} : { note }),
});
/** Accepted, because it means something to others, and without effect here. */
export const ignored = (why: string): Capability => controller(`${NO_EFFECT}${why}`);
export const isIgnored = ({ note }: Capability): boolean => note?.startsWith(NO_EFFECT) ?? false;
export const refused = (reason: string, concerns?: Concern): Capability => ({
  fields: [],
  change: 'controller',
  refused: reason,
  ...(concerns === undefined ? {} : { concerns }),
});
