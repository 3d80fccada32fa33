import type { BareStore } from './bare-store.ts';
import { GitFault } from './fault.ts';

/** For one call of Git, whose time is limited: on a slow disk each content takes a while to be taken. */
const BLOBS_A_CALL = 256;

/**
 * Reads contents one after the other through `git cat-file --batch`, and hands each over whole. The next is asked for
 * when the one before was taken, so that one content is in memory at a time.
 */
export async function readBlobs(
  store: BareStore,
  shas: readonly string[],
  take: (sha: string, content: Buffer) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  for (let start = 0; start < shas.length; start += BLOBS_A_CALL)
    await readSome(store, shas.slice(start, start + BLOBS_A_CALL), take, signal);
}

async function readSome(
  store: BareStore,
  shas: readonly string[],
  take: (sha: string, content: Buffer) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const desk = new Desk();
  async function* questions(): AsyncGenerator<string> {
    for (const sha of shas) {
      yield `${sha}\n`;
      const content = await desk.next(sha);
      if (content === undefined) return;
      await take(sha, content);
    }
  }
  let broken: unknown;
  const asking = (async function* () {
    try {
      yield* questions();
    } catch (error) {
      broken = error;
    }
  })();
  const call = { args: ['cat-file', '--batch'], input: asking, onOutput: (chunk: Buffer) => desk.add(chunk) };
  await store.git(call, 'the files of the commit cannot be read', signal).finally(() => desk.close());
  if (broken !== undefined) throw broken;
}

/** Puts the pieces of an answer together. */
class Desk {
  #chunks: Buffer[] = [];
  #bytes = 0;
  #wake: (() => void) | undefined;
  #isClosed = false;

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    this.#wake?.();
  }

  close(): void {
    this.#isClosed = true;
    this.#wake?.();
  }

  /** Undefined when there will be no answer any more. */
  async next(sha: string): Promise<Buffer | undefined> {
    const head = await this.#head();
    if (head === undefined) return undefined;
    const [answered = '', type, size] = head.split(' ');
    if (answered !== sha || type !== 'blob')
      throw new GitFault('ContentRefused', `the content ${sha} is missing`);
    const length = Number(size);
    if (!(await this.#until(() => this.#bytes > length))) return undefined;
    const all = Buffer.concat(this.#chunks);
    // A newline follows the content.
    this.#keep(all.subarray(length + 1));
    return all.subarray(0, length);
  }

  async #head(): Promise<string | undefined> {
    const end = () => Buffer.concat(this.#chunks).indexOf(0x0a);
    if (!(await this.#until(() => end() !== -1))) return undefined;
    const all = Buffer.concat(this.#chunks);
    const at = all.indexOf(0x0a);
    this.#keep(all.subarray(at + 1));
    return all.subarray(0, at).toString('latin1');
  }

  #keep(rest: Buffer): void {
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#bytes = rest.length;
  }

  async #until(isSo: () => boolean): Promise<boolean> {
    while (!isSo()) {
      if (this.#isClosed) return false;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    return true;
  }
}
