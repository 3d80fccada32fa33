import { setTimeout as delay } from 'node:timers/promises';
import type { NotifierSettings } from './configuration.ts';
import { type Notification, renderMessage } from './message.ts';

/** Where to send to. Never logged. */
export interface Destination {
  readonly url: string;
  readonly token: string | undefined;
}

export interface DeliveryOptions {
  readonly settings: NotifierSettings;
  /** Read anew for each attempt, so that a secret can be changed. Throws when it cannot be read. */
  readonly destination: () => Destination;
  readonly log: { warn(fields: object, message: string): void };
  readonly onResult: (result: DeliveryResult) => void;
  /** Milliseconds between attempts; their number is one more. */
  readonly backOffsMs?: readonly number[];
  /** Between two notifications, so that a receiver gets at most so many. */
  readonly paceMs?: number;
}

export type DeliveryResult = 'sent' | 'failed' | 'dropped';

const MOST_WAITING = 100;
const BACK_OFFS_MS = [1_000, 5_000, 15_000, 60_000];
const PACE_MS = 1_000;
const TIMEOUT_MS = 10_000;

/**
 * Sends to one receiver, one at a time, in order. INVARIANT: `add` never waits and never throws; at most a hundred wait,
 * and what is left out is counted in the next one that is sent.
 */
export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #waiting: Notification[] = [];
  #leftOut = 0;
  #wake: () => void = () => undefined;

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  add(notification: Notification): void {
    if (this.#waiting.length >= MOST_WAITING) {
      this.#leftOut += 1;
      this.#options.onResult('dropped');
      return;
    }
    this.#waiting.push(notification);
    this.#wake();
  }

  /** Sends until the signal; what waits then is forgotten. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const next = this.#waiting.shift();
      if (next === undefined) {
        await this.#untilWoken(signal);
        continue;
      }
      const leftOut = this.#leftOut;
      const isSent = await this.#deliver({ ...next, leftOut }, signal);
      if (isSent) this.#leftOut -= leftOut;
      if (!signal.aborted) this.#options.onResult(isSent ? 'sent' : 'failed');
      await rest(this.#options.paceMs ?? PACE_MS, signal);
    }
  }

  async #deliver(notification: Notification, signal: AbortSignal): Promise<boolean> {
    const { settings, log } = this.#options;
    const pauses = this.#options.backOffsMs ?? BACK_OFFS_MS;
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      const answer = await this.#attempt(notification, signal);
      if (answer === 'sent') return true;
      const pauseMs = answer.isFinal ? undefined : pauses[attempt];
      if (signal.aborted) return false;
      if (pauseMs === undefined) {
        log.warn({ notifier: settings.name, reason: answer.why }, 'a notification could not be sent');
        return false;
      }
      await rest(pauseMs, signal);
    }
    return false;
  }

  async #attempt(notification: Notification, signal: AbortSignal): Promise<'sent' | Refusal> {
    let destination: Destination;
    try {
      destination = this.#options.destination();
    } catch {
      return { why: 'where to send to cannot be read', isFinal: false };
    }
    const { url, token } = destination;
    const { headers, body } = renderMessage(this.#options.settings.type, notification);
    try {
      const { status, body: rest } = await fetch(url, {
        method: 'POST',
        headers: { ...headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
        body,
        // A redirect could lead the token elsewhere.
        redirect: 'manual',
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      await rest?.cancel();
      if (status >= 200 && status < 300) return 'sent';
      return { why: `status ${status}`, isFinal: status < 500 && status !== 429 && status !== 408 };
    } catch (thrown) {
      return { why: reasonOf(thrown), isFinal: false };
    }
  }

  async #untilWoken(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }
}

interface Refusal {
  /** Without the address, which may be a secret. */
  readonly why: string;
  readonly isFinal: boolean;
}

/** A code only: messages may name the address. */
function reasonOf(thrown: unknown): string {
  const { name, cause } = thrown as { readonly name?: string; readonly cause?: { readonly code?: string } };
  return cause?.code ?? name ?? 'unknown';
}

const rest = (ms: number, signal: AbortSignal): Promise<void> =>
  delay(ms, undefined, { signal }).catch(() => undefined);
