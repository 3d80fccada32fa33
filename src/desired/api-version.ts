/** The first Docker release that speaks an Engine API version (moby's API changelog). */
const RELEASES: Readonly<Record<string, string>> = {
  '1.41': '20.10',
  '1.42': '23.0',
  '1.43': '24.0',
  '1.44': '25.0',
  '1.45': '26.0',
  '1.46': '27.0',
  '1.47': '27.2',
  '1.48': '28.0',
  '1.49': '28.1',
  '1.50': '28.2',
  '1.51': '28.3',
  '1.52': '29.0',
};

/** True when `version` is `minimum` or newer; both are like `1.44`. */
export function isAtLeast(version: string, minimum: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [leastMajor = 0, leastMinor = 0] = minimum.split('.').map(Number);
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
}

/** `Docker 25.0`, for hints; undefined for a version we do not know. */
export function dockerRelease(apiVersion: string): string | undefined {
  const release = RELEASES[apiVersion];
  return release === undefined ? undefined : `Docker ${release}`;
}
