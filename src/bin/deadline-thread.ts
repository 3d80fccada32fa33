import { Worker } from 'node:worker_threads';
import pLimit from 'p-limit';
import { Failure } from '../model/failure.ts';
import type { LoaderMessage, LoaderNote, LoaderRequest, LoaderSettings } from './loader-messages.ts';

export interface ThreadOptions {
  /** The file that the thread runs. */
  readonly url: URL;
  readonly settings: LoaderSettings;
  readonly heapBytes: number;
  /** Until it says that it is ready. */
  readonly startMs: number;
  /** How many calls may wait for their turn. */
  readonly waiting: number;
  /** A thread that was not asked for so long is ended; the next call starts another. */
  readonly idleMs: number;
  /** Told why a thread was ended, or ended by itself. */
  readonly onEnded: (why: string) => void;
}

export interface Call {
  readonly request: LoaderRequest;
  readonly signal: AbortSignal;
  /** Until the answer, unless a note sets it anew. */
  readonly limitMs: number;
  /** Until the answer, whatever the notes say. */
  readonly totalMs: number;
  /** Told how far the call has come; returns how long it may take from here on, or undefined: as it was. */
  readonly onNote: (note: LoaderNote) => number | undefined;
}

/** What became of a call; the last two cost the thread its life. */
export type CallEnd =
  | { readonly kind: 'answer'; readonly packed: Uint8Array }
  | { readonly kind: 'too-large'; readonly bytes: number }
  | { readonly kind: 'overdue'; readonly what: 'part' | 'whole'; readonly afterMs: number }
  /** It wanted more memory than it may have. */
  | { readonly kind: 'exhausted' };

/** By default it grows to 48 MiB, of which nothing is given back. */
const YOUNG_MIB = 6;

/** How a thread ended. */
type Ending = { readonly kind: 'exhausted' } | { readonly kind: 'broken'; readonly why: string };

interface Running {
  readonly worker: Worker;
  /** Settled when it can be asked; throws `Failure` when it cannot. */
  readonly ready: Promise<void>;
  /** Undefined while it lives. */
  ending: Ending | undefined;
  /**
   * Told when it ends, on behalf of the call that it is at. A reaction to a promise, for each call, would keep the call
   * with its answer as long as the thread lives.
   */
  onEnding: (ending: Ending) => void;
}

/**
 * A thread that is asked one thing after another, in order, each with a deadline. One that is overdue or broken is
 * replaced at the next call; one that has nothing to do is ended, since each holds 10 MB and more.
 */
export class DeadlineThread {
  readonly #options: ThreadOptions;
  readonly #turn = pLimit(1);
  #running: Running | undefined;
  #rest: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: ThreadOptions) {
    this.#options = options;
  }

  /** Throws `Failure`: `superseded` after the signal or `close`, `refused` when too many wait, `bug` after a crash. */
  async call(call: Call): Promise<CallEnd> {
    if (this.#turn.pendingCount >= this.#options.waiting) {
      throw new Failure('refused', 'too many manifests wait to be read', { hint: 'try again in a while' });
    }
    const given = givenUp(call.signal);
    try {
      // Whoever gives up need not wait for the thread, which goes on until the end of what it is at.
      return await Promise.race([given.promise, this.#turn(() => this.#run(call))]);
    } finally {
      given.forget();
    }
  }

  /** Ends the thread, and with it all calls. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#rest);
    await this.#running?.worker.terminate();
  }

  async #run(call: Call): Promise<CallEnd> {
    if (this.#closed || call.signal.aborted) throw superseded();
    clearTimeout(this.#rest);
    this.#running ??= this.#start();
    const running = this.#running;
    // A thread alone does not keep the process alive; a call does.
    running.worker.ref();
    try {
      await running.ready;
      return await this.#ask(running, call);
    } finally {
      running.worker.unref();
      this.#rest = setTimeout(() => this.#discard(running, undefined), this.#options.idleMs).unref();
    }
  }

  #ask(running: Running, { request, limitMs, totalMs, onNote }: Call): Promise<CallEnd> {
    const { worker } = running;
    return new Promise((resolve, reject) => {
      const overdue = (what: 'part' | 'whole', afterMs: number) => {
        end();
        this.#discard(running, `overdue after ${afterMs} ms`);
        resolve({ kind: 'overdue', what, afterMs });
      };
      const part = new Alarm((afterMs) => overdue('part', afterMs));
      const total = new Alarm((afterMs) => overdue('whole', afterMs));
      const onMessage = (message: LoaderMessage) => {
        if (message.kind === 'ready') return;
        if (message.kind === 'note') {
          const nextMs = onNote(message.note);
          if (nextMs !== undefined) part.set(nextMs);
          return;
        }
        end();
        if (message.kind === 'failed') reject(new Failure('bug', message.message));
        else resolve(message);
      };
      const end = () => {
        part.clear();
        total.clear();
        worker.off('message', onMessage);
        running.onEnding = ignore;
      };
      const onEnding = (ending: Ending) => {
        end();
        if (ending.kind === 'exhausted') resolve(ending);
        else reject(this.#closed ? superseded() : new Failure('bug', ending.why));
      };
      if (running.ending !== undefined) return onEnding(running.ending);
      running.onEnding = onEnding;
      worker.on('message', onMessage);
      part.set(limitMs);
      total.set(totalMs);
      worker.postMessage(request);
    });
  }

  #start(): Running {
    const { url, settings, heapBytes, startMs } = this.#options;
    const worker = new Worker(url, {
      workerData: settings,
      // What it reads is hostile: nothing of the daemon's environment is within its reach.
      env: {},
      resourceLimits: {
        maxOldGenerationSizeMb: heapBytes / 1024 ** 2,
        maxYoungGenerationSizeMb: YOUNG_MIB,
      },
    });
    worker.unref();
    const ended = endOf(worker);
    const ready = Promise.race([firstMessage(worker), ended.then(refuseToStart), late(startMs)]);
    const running: Running = { worker, ready, ending: undefined, onEnding: ignore };
    // Whoever waits for it hears of it; this is for when nobody does.
    ready.catch(() => this.#discard(running, 'does not start'));
    void ended.then((ending) => {
      running.ending = ending;
      this.#discard(running, ending.kind === 'broken' ? ending.why : ending.kind);
      running.onEnding(ending);
    });
    return running;
  }

  /** `why`: what is wrong with it; undefined: nothing. */
  #discard(running: Running, why: string | undefined): void {
    if (this.#running !== running) return;
    this.#running = undefined;
    if (!this.#closed && why !== undefined) this.#options.onEnded(why);
    // A thread that hangs in a call of the kernel ends later, or never: nobody waits for it.
    void running.worker.terminate();
  }
}

const ignore = (): void => undefined;

const superseded = () => new Failure('superseded', 'nobody waits for it any more');

function endOf(worker: Worker): Promise<Ending> {
  let fault: NodeJS.ErrnoException | undefined;
  worker.on('error', (error) => {
    fault = error as NodeJS.ErrnoException;
  });
  return new Promise((resolve) => {
    worker.once('exit', (code) => {
      if (fault?.code === 'ERR_WORKER_OUT_OF_MEMORY') resolve({ kind: 'exhausted' });
      else resolve({ kind: 'broken', why: `the thread ended: ${fault?.message ?? `exit ${code}`}` });
    });
  });
}

const firstMessage = (worker: Worker) =>
  new Promise<void>((resolve) => {
    worker.once('message', () => resolve());
  });

function refuseToStart(ending: Ending): never {
  throw new Failure('bug', ending.kind === 'broken' ? ending.why : 'the thread has too little memory');
}

const late = (startMs: number) =>
  new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Failure('refused', 'the thread does not start')), startMs).unref();
  });

/** Rejects when the signal comes. */
function givenUp(signal: AbortSignal): { readonly promise: Promise<never>; readonly forget: () => void } {
  let forget = (): void => undefined;
  const promise = new Promise<never>((_, reject) => {
    const giveUp = () => reject(superseded());
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    forget = () => signal.removeEventListener('abort', giveUp);
  });
  return { promise, forget };
}

/** A timer that can be set anew. */
class Alarm {
  readonly #ring: (afterMs: number) => void;
  #timer: NodeJS.Timeout | undefined;
  #last: NodeJS.Immediate | undefined;

  constructor(ring: (afterMs: number) => void) {
    this.#ring = ring;
  }

  set(ms: number): void {
    this.clear();
    this.#timer = setTimeout(() => {
      // Should this thread itself have been late, an answer may lie there already: it is taken first.
      this.#last = setImmediate(() => this.#ring(ms));
    }, ms);
  }

  clear(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#last);
  }
}
