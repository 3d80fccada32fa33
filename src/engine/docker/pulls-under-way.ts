import type { Progress, PullState } from '../engine.ts';

/** How long a pass waits for a pull: as long the other services of its stack are not looked at. */
const PATIENCE_MS = 5_000;
/** What came of a pull that nobody has asked for since is no longer news. */
const NEWS_MS = 60_000;

interface Pull {
  /** Of whoever asked last. */
  progress: Progress;
  readonly ended: Promise<void>;
  end: { readonly atMs: number; readonly failure: unknown } | undefined;
}

/**
 * Pulls that go on while nobody waits for them: a large image, or a registry that hangs, must not hold up a whole
 * stack. Whoever asks for an image that is being pulled joins that pull, and whoever asks first after its end is told
 * how it ended.
 */
export class PullsUnderWay {
  readonly #pulls = new Map<string, Pull>();
  readonly #patienceMs: number;

  constructor(patienceMs = PATIENCE_MS) {
    this.#patienceMs = patienceMs;
  }

  /** Begins or joins the pull of this name; throws what it failed with. */
  async pull(
    name: string,
    begin: (progress: Progress) => Promise<void>,
    progress: Progress,
  ): Promise<PullState> {
    this.#forgetOldNews();
    const pull = this.#pulls.get(name) ?? this.#begin(name, begin, progress);
    pull.progress = progress;
    await this.#patiently(pull.ended);
    if (pull.end === undefined) return 'under-way';
    if (this.#pulls.get(name) === pull) this.#pulls.delete(name);
    if (pull.end.failure !== undefined) throw pull.end.failure;
    return 'pulled';
  }

  #begin(name: string, begin: (progress: Progress) => Promise<void>, progress: Progress): Pull {
    const end = (failure: unknown): void => {
      pull.end = { atMs: performance.now(), failure };
    };
    const pull: Pull = {
      progress,
      end: undefined,
      ended: begin((line) => pull.progress(line)).then(() => end(undefined), end),
    };
    this.#pulls.set(name, pull);
    return pull;
  }

  #forgetOldNews(): void {
    const nowMs = performance.now();
    for (const [name, { end }] of this.#pulls)
      if (end !== undefined && nowMs - end.atMs > NEWS_MS) this.#pulls.delete(name);
  }

  async #patiently(ended: Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.#patienceMs);
    });
    await Promise.race([ended, over]);
    clearTimeout(timer);
  }
}
