/** ISO 8601 in UTC of unix milliseconds. */
export function isoTime(ms: number): string {
  // biome-ignore lint/style/noRestrictedGlobals: with an argument it reads no clock.
  return new Date(ms).toISOString();
}
