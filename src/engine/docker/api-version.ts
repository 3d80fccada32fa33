import { Failure } from '../../model/failure.ts';
import type { WireVersion } from './wire.ts';

/** The newest API version whose answers we know (Engine 28.3 to 28.5; 29 still speaks it). */
const OUR_MAX_API = '1.51';
/** Engine 20.10. Below it too many fields are dropped without a word. */
const OUR_MIN_API = '1.41';

/** min(server, ours), or a Failure that says which of the two must be upgraded. */
export function negotiateApiVersion(version: WireVersion): string {
  const server = version.ApiVersion;
  if (server === undefined) {
    throw new Failure('refused', 'what answers is no Docker Engine: it tells no API version', {
      hint: 'check the engine address (DOCKER_HOST)',
    });
  }
  if (compareApiVersions(server, OUR_MIN_API) < 0) {
    throw new Failure(
      'refused',
      `engine ${version.Version ?? ''} speaks API ${server}, at least ${OUR_MIN_API} is needed`,
      { hint: 'upgrade the Docker Engine to 20.10 or newer' },
    );
  }
  const minimum = version.MinAPIVersion ?? OUR_MIN_API;
  if (compareApiVersions(minimum, OUR_MAX_API) > 0) {
    throw new Failure(
      'refused',
      `engine ${version.Version ?? ''} speaks no API below ${minimum}, we speak up to ${OUR_MAX_API}`,
      { hint: 'upgrade stackctl' },
    );
  }
  return compareApiVersions(server, OUR_MAX_API) < 0 ? server : OUR_MAX_API;
}

/** Negative, zero or positive, like a comparator; `1.9` is older than `1.41`. */
export function compareApiVersions(left: string, right: string): number {
  const [leftMajor = 0, leftMinor = 0] = left.split('.').map(Number);
  const [rightMajor = 0, rightMinor = 0] = right.split('.').map(Number);
  return leftMajor - rightMajor || leftMinor - rightMinor;
}
