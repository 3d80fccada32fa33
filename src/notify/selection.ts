import type { StackEvent } from '../model/status.ts';
import type { NotifierSettings } from './configuration.ts';

const MOST_REMEMBERED = 2000;

/** What is to be told of an event: as it is, or as the end of warnings that were told. */
export type Selected = 'tell' | 'recovery';

/**
 * Decides what one receiver is told. INVARIANT: the same warning about the same object is told once in `repeatMs`, or
 * again after the stack was ready in between; at most two thousand are remembered.
 */
export class Selection {
  readonly #settings: NotifierSettings;
  /** When each warning was told last (unix ms), by stack. */
  readonly #told = new Map<string, Map<string, number>>();

  constructor(settings: NotifierSettings) {
    this.#settings = settings;
  }

  /** Undefined: nothing. */
  select({ stack, type, reason, object }: StackEvent, nowMs: number): Selected | undefined {
    const { stacks, severities, repeatMs } = this.#settings;
    if (stacks.length > 0 && !stacks.some((pattern) => matches(pattern, stack))) return undefined;
    if (type === 'Normal') {
      // Steps that went well are what a daemon does all day.
      if (object !== `stack/${stack}`) return undefined;
      const wasWarned = this.#told.delete(stack);
      if (wasWarned) return 'recovery';
      return severities.includes('Normal') ? 'tell' : undefined;
    }
    if (!severities.includes('Warning')) return undefined;
    const told = this.#told.get(stack) ?? new Map<string, number>();
    const key = `${reason} ${object}`;
    const lastMs = told.get(key);
    if (lastMs !== undefined && nowMs - lastMs < repeatMs) return undefined;
    told.delete(key);
    told.set(key, nowMs);
    this.#told.delete(stack);
    this.#told.set(stack, told);
    this.#bound(told);
    return 'tell';
  }

  #bound(latest: Map<string, number>): void {
    const [first] = latest.keys();
    if (latest.size > MOST_REMEMBERED / 10 && first !== undefined) latest.delete(first);
    const [oldest] = this.#told.keys();
    if (this.#told.size > MOST_REMEMBERED / 10 && oldest !== undefined) this.#told.delete(oldest);
  }
}

/** `*` stands for any characters. Linear in the text for each star. */
export function matches(pattern: string, text: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  if (rest.length === 0) return pattern === text;
  const last = rest.pop() ?? '';
  if (!text.startsWith(first) || text.length < first.length + last.length || !text.endsWith(last))
    return false;
  let from = first.length;
  for (const part of rest) {
    const at = text.indexOf(part, from);
    if (at === -1 || at + part.length > text.length - last.length) return false;
    from = at + part.length;
  }
  return true;
}
