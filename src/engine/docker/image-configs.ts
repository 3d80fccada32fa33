import type { WireImage } from './wire.ts';

type ImageConfig = NonNullable<WireImage['Config']>;

interface Known {
  readonly config: ImageConfig;
  readonly repoDigests: readonly string[];
}

const NOTHING: Known = { config: {}, repoDigests: [] };

/** Enough for every image in use on a large host; the oldest go first. */
const MAX_REMEMBERED = 2000;

/**
 * Configurations of images by id. An id is a digest over the image's configuration, so what was read once stays
 * true; of its digests in registries, only that a later push or pull may add to them. An image that is gone (removed by force under its container) has nothing that could be inherited.
 */
export class ImageConfigs {
  readonly #read: (id: string, signal?: AbortSignal) => Promise<WireImage | undefined>;
  readonly #known = new Map<string, Known>();

  constructor(read: (id: string, signal?: AbortSignal) => Promise<WireImage | undefined>) {
    this.#read = read;
  }

  async of(id: string, signal?: AbortSignal): Promise<ImageConfig> {
    return (await this.#ask(id, signal)).config;
  }

  /** What registries call it, as far as was known when it was first asked for. */
  async repoDigestsOf(id: string, signal?: AbortSignal): Promise<readonly string[]> {
    return (await this.#ask(id, signal)).repoDigests;
  }

  async #ask(id: string, signal?: AbortSignal): Promise<Known> {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    const image = id === '' ? undefined : await this.#read(id, signal);
    if (image === undefined) return NOTHING;
    const read = { config: image.Config ?? {}, repoDigests: image.RepoDigests ?? [] };
    this.#known.set(id, read);
    const oldest = this.#known.keys().next();
    if (this.#known.size > MAX_REMEMBERED && oldest.done !== true) this.#known.delete(oldest.value);
    return read;
  }
}
