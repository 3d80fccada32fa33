import type { Headers } from './webhook-signature.ts';

/** As GitHub, Gitea, Forgejo and (the last one) GitLab name a delivery; one that is sent again has the same name. */
const ID_HEADERS = [
  'x-github-delivery',
  'x-gitea-delivery',
  'x-forgejo-delivery',
  'idempotency-key',
] as const;

const KEPT_MS = 10 * 60_000;
const MOST_KEPT = 1000;
const LONGEST_ID = 200;

/** The id that the sender gave; undefined when it gave none, or one that is none. */
export function deliveryOf(headers: Headers): string | undefined {
  for (const name of ID_HEADERS) {
    const id = headers[name];
    if (typeof id === 'string' && id !== '' && id.length <= LONGEST_ID) return id;
  }
  return undefined;
}

/** Deliveries that were taken in the last ten minutes. INVARIANT: at most a thousand; the oldest goes first. */
export class Deliveries {
  readonly #nowMs: () => number;
  readonly #taken = new Map<string, number>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  has(repository: string, id: string): boolean {
    const takenAtMs = this.#taken.get(keyOf(repository, id));
    return takenAtMs !== undefined && this.#nowMs() - takenAtMs < KEPT_MS;
  }

  note(repository: string, id: string): void {
    const key = keyOf(repository, id);
    this.#taken.delete(key);
    this.#taken.set(key, this.#nowMs());
    const [oldest] = this.#taken.keys();
    if (this.#taken.size > MOST_KEPT && oldest !== undefined) this.#taken.delete(oldest);
  }
}

const keyOf = (repository: string, id: string): string => `${repository} ${id}`;
