import type { ContainerState } from '../../model/observed.ts';

const STATES: Readonly<Record<string, ContainerState>> = {
  created: 'created',
  running: 'running',
  paused: 'paused',
  restarting: 'restarting',
  removing: 'removing',
  exited: 'exited',
  dead: 'dead',
};

/** A state that we do not know counts as one that nobody runs. */
export function containerState(status: string | undefined): ContainerState {
  return STATES[status ?? ''] ?? 'created';
}

/** Whether a healthcheck really probes: `NONE` switches an image's off. */
export function hasTest(test: readonly string[] | null | undefined): boolean {
  return test !== undefined && test !== null && test.length > 0 && test[0] !== 'NONE' && test[0] !== '';
}

/** Names of containers begin with a slash in the API. */
export function withoutSlash(name: string): string {
  return name.startsWith('/') ? name.slice(1) : name;
}

/** The API says empty text for nothing. */
export function filled(text: string | undefined): text is string {
  return text !== undefined && text !== '';
}

/** Decimal digits only. */
export function integer(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

/** Unix ms. The engine's zero time (year 1) stands for never. */
export function timeMs(text: string | undefined): number | undefined {
  if (text === undefined || text === '' || text.startsWith('0001-')) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}
