import type { DesiredStack } from './desired.ts';
import type { ImageId } from './names.ts';

/** What a stack once was: enough to make it so again. */
export interface Revision {
  readonly desired: DesiredStack;
  /** What its containers ran from, by the reference in `desired`: a tag may lead elsewhere since. */
  readonly images: Readonly<Record<string, ImageId>>;
}
