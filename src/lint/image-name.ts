/** A reference to an image, taken apart. */
export interface ImageName {
  /** `ghcr.io/acme`; undefined for an image of Docker Hub's own. */
  readonly host: string | undefined;
  /** The last part of the name, without the tag: `postgres`. */
  readonly base: string;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

/** Takes a reference apart, however odd it is: the engine says what is wrong with one that is. */
export function imageName(reference: string): ImageName {
  const [named = '', digest] = reference.split('@');
  const parts = named.split('/');
  const [base = '', tag] = (parts.at(-1) ?? '').split(':');
  const [host = ''] = parts;
  const isHost = parts.length > 1 && (/[.:]/.test(host) || host === 'localhost');
  return { host: isHost ? host : undefined, base, tag: tag === '' ? undefined : tag, digest };
}

/** An image that no registry has, because its name leads to none: it is made on this host. */
export function isMadeHere({ host }: ImageName): boolean {
  return host === 'localhost' || host?.endsWith('.local') === true;
}
