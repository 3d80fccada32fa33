import equal from 'fast-deep-equal';
import type { DesiredStack } from '../model/desired.ts';
import type { ImageId } from '../model/names.ts';
import type { Observed } from '../model/observed.ts';
import type { Revision } from '../model/revision.ts';
import type { Store } from '../store/store.ts';
import { seal, unseal } from './sealed.ts';

/** As many can be gone back to. */
const REVISIONS_KEPT = 10;

interface StoredRevision {
  /** The generation that it was when it became Ready. */
  readonly number: number;
  readonly revision: string;
  readonly images: Revision['images'];
  readonly atMs: number;
  readonly sealed: string;
}

/** A revision that was Ready, without its content. */
export type RevisionEntry = Omit<StoredRevision, 'sealed'>;

/** What each stack was whenever it was Ready, newest first: what `rollback` and a failed rollout go back to. */
export class Revisions {
  readonly #store: Store;
  readonly #engineId: () => string | undefined;
  /** The newest of each stack, unsealed. */
  readonly #newest = new Map<string, { readonly entry: StoredRevision; readonly revision: Revision }>();

  constructor(store: Store, engineId: () => string | undefined) {
    this.#store = store;
    this.#engineId = engineId;
  }

  list(stack: string): readonly RevisionEntry[] {
    return this.#stored(stack);
  }

  newest(stack: string): Revision | undefined {
    const [entry] = this.#stored(stack);
    if (entry === undefined) return undefined;
    const known = this.#newest.get(stack);
    if (known?.entry === entry) return known.revision;
    const revision = this.#open(entry);
    if (revision !== undefined) this.#newest.set(stack, { entry, revision });
    return revision;
  }

  /** Undefined: there is none of this number, or it was kept for another engine. */
  get(stack: string, number: number): Revision | undefined {
    const entry = this.#stored(stack).find((each) => each.number === number);
    return entry === undefined ? undefined : this.#open(entry);
  }

  /** Keeps what is Ready now. The same again is no other revision; an older one that came back becomes the newest. */
  async note(
    stack: string,
    revision: Revision,
    about: { readonly number: number; readonly atMs: number },
  ): Promise<void> {
    const engineId = this.#engineId();
    if (engineId === undefined) return;
    const before = this.#stored(stack);
    const [latest] = before;
    const hash = revision.desired.revision;
    const isSame = latest?.revision === hash;
    if (isSame && equal(latest.images, revision.images)) return;
    const entry: StoredRevision = {
      number: isSame ? latest.number : about.number,
      atMs: about.atMs,
      revision: hash,
      images: revision.images,
      sealed: seal(revision, engineId),
    };
    const others = before.filter((each) => each.revision !== hash && each.number !== entry.number);
    const kept = [entry, ...others].slice(0, REVISIONS_KEPT);
    await this.#store.write('revisions', stack, kept);
  }

  #stored(stack: string): readonly StoredRevision[] {
    return (this.#store.read('revisions', stack) ?? []) as readonly StoredRevision[];
  }

  #open(entry: StoredRevision): Revision | undefined {
    const engineId = this.#engineId();
    return engineId === undefined ? undefined : (unseal(entry.sealed, engineId) as Revision | undefined);
  }
}

/** What the containers of a stack run from, by the reference that the manifest names. */
export function imagesOf(desired: DesiredStack, observed: Observed): Revision['images'] {
  const images: Record<string, ImageId> = {};
  for (const service of desired.services) {
    const live = observed.containers.find(
      (each) => each.ownership === 'ours' && each.stack === desired.name && each.service === service.name,
    );
    const id = live?.imageId ?? observed.images[service.image]?.id;
    if (id !== undefined) images[service.image] = id;
  }
  return images;
}
