const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

/**
 * A span as kubectl says it: exact while that matters, then coarser (`95s`, `5m30s`, `47m`, `7h5m`, `26h`,
 * `3d2h`, `90d`, `3y40d`).
 */
export function formatSpan(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 2 * MINUTE) return `${seconds}s`;
  if (seconds < 10 * MINUTE) return pair([seconds, MINUTE, 'm'], [1, 's']);
  if (seconds < 3 * HOUR) return `${Math.floor(seconds / MINUTE)}m`;
  if (seconds < 8 * HOUR) return pair([seconds, HOUR, 'h'], [MINUTE, 'm']);
  if (seconds < 2 * DAY) return `${Math.floor(seconds / HOUR)}h`;
  if (seconds < 8 * DAY) return pair([seconds, DAY, 'd'], [HOUR, 'h']);
  if (seconds < 2 * YEAR) return `${Math.floor(seconds / DAY)}d`;
  if (seconds < 8 * YEAR) return pair([seconds, YEAR, 'y'], [DAY, 'd']);
  return `${Math.floor(seconds / YEAR)}y`;
}

function pair(
  [seconds, size, unit]: readonly [number, number, string],
  [smallSize, smallUnit]: readonly [number, string],
): string {
  const small = Math.floor((seconds % size) / smallSize);
  return `${Math.floor(seconds / size)}${unit}${small === 0 ? '' : `${small}${smallUnit}`}`;
}

/** How long ago an ISO 8601 time was; `<unknown>` when it is none. */
export function formatAge(iso: string | undefined, nowMs: number): string {
  const atMs = iso === undefined ? Number.NaN : Date.parse(iso);
  return Number.isNaN(atMs) ? '<unknown>' : formatSpan(nowMs - atMs);
}
