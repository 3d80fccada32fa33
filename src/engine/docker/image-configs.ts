import type { WireImage } from './wire.ts';

type ImageConfig = NonNullable<WireImage['Config']>;

/** Enough for every image in use on a large host; the oldest go first. */
const MAX_REMEMBERED = 2000;

/**
 * Configurations of images by id. An id is a digest over the image's configuration, so what was read once stays
 * true. An image that is gone (removed by force under its container) has nothing that could be inherited.
 */
export class ImageConfigs {
  readonly #read: (id: string, signal?: AbortSignal) => Promise<WireImage | undefined>;
  readonly #known = new Map<string, ImageConfig>();

  constructor(read: (id: string, signal?: AbortSignal) => Promise<WireImage | undefined>) {
    this.#read = read;
  }

  async of(id: string, signal?: AbortSignal): Promise<ImageConfig> {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    const image = id === '' ? undefined : await this.#read(id, signal);
    if (image === undefined) return {};
    const config = image.Config ?? {};
    this.#known.set(id, config);
    const oldest = this.#known.keys().next();
    if (this.#known.size > MAX_REMEMBERED && oldest.done !== true) this.#known.delete(oldest.value);
    return config;
  }
}
