/**
 * For tests that need something of the machine: true, and said aloud, when it is not there. Where an engine is demanded
 * (STACKCTL_REQUIRE_ENGINE=1, as in CI) everything is: a skip would be a failure that nobody sees.
 */
export function skipLoudly(
  what: string,
  missing: string | undefined,
  /** False for what a machine may well lack (Debian 12 has no docker compose 2): then it is skipped there too. */
  isDemanded = true,
): boolean {
  if (missing === undefined) return false;
  if (isDemanded && process.env['STACKCTL_REQUIRE_ENGINE'] === '1')
    throw new Error(`${what} cannot be tested: ${missing}`);
  console.error(`\n*** ${what} cannot be tested, and is SKIPPED: ${missing} ***\n`);
  return true;
}
