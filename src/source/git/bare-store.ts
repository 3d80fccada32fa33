import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { faultOf, GitFault } from './fault.ts';
import { type GitAccess, type GitAnswer, type GitCall, runGit } from './git-binary.ts';
import type { RemoteTarget } from './remote.ts';

/** Bounds of one repository. */
export interface GitLimits {
  /** Of what is fetched, packed, and of all that is kept. */
  readonly storeBytes: number;
  /** Of one file. */
  readonly fileBytes: number;
  /** Of all files that are laid out. */
  readonly totalBytes: number;
  readonly files: number;
}

export const GIT_LIMITS: GitLimits = {
  storeBytes: 512 * 1024 * 1024,
  fileBytes: 64 * 1024 * 1024,
  totalBytes: 256 * 1024 * 1024,
  files: 20_000,
};

const INCOMING = 'refs/stackctl/incoming';
const CURRENT = 'refs/stackctl/current';
const LOCAL_TIMEOUT_MS = 60_000;
/** Each fetch leaves a pack; so many may gather before they become one. */
const MOST_PACKS = 12;

/** A bare repository of our own, with what was fetched last of one remote. There is never a work tree. */
export class BareStore {
  readonly #directory: string;
  readonly #limits: GitLimits;

  constructor(directory: string, limits: GitLimits) {
    this.#directory = directory;
    this.#limits = limits;
  }

  /** Runs Git in it. Throws `GitFault` when Git does not succeed. */
  async git(
    call: Omit<GitCall, 'directory' | 'timeoutMs'>,
    what: string,
    signal: AbortSignal,
  ): Promise<GitAnswer> {
    const answer = await this.#run({ ...call, timeoutMs: LOCAL_TIMEOUT_MS }, signal);
    if (answer.code !== 0) throw faultOf(answer.stderr, what);
    return answer;
  }

  /** The commit in force; undefined when there is none. */
  async current(signal: AbortSignal): Promise<string | undefined> {
    if (!(await this.#isThere())) return undefined;
    return this.#commitOf(CURRENT, signal);
  }

  async setCurrent(commit: string, signal: AbortSignal): Promise<void> {
    await this.git({ args: ['update-ref', CURRENT, commit] }, 'the commit cannot be kept', signal);
  }

  /** Fetches one commit, or the tag that names it, and nothing before it. Answers the commit. */
  async fetch(
    url: string,
    target: RemoteTarget,
    asked: { readonly access: GitAccess; readonly timeoutMs: number },
    signal: AbortSignal,
  ): Promise<string> {
    await this.#open(signal);
    await this.#sweep();
    const before = await this.#bytes();
    const limit = this.#limits.storeBytes;
    const tooMuch = async () =>
      (await this.#bytes()) - before > limit
        ? `what the remote sends is larger than ${limit} bytes`
        : undefined;
    const answer = await this.#run(
      {
        args: [
          'fetch',
          '--quiet',
          '--depth=1',
          '--no-tags',
          '--no-recurse-submodules',
          '--no-write-fetch-head',
          '--refmap=',
          '--',
          url,
          `+${target.want}:${INCOMING}`,
        ],
        ...asked,
        tooMuch,
      },
      signal,
    ).finally(() => this.#sweep());
    if (answer.code !== 0) throw faultOf(answer.stderr, 'the remote cannot be fetched');
    // It may have come between two looks.
    const reason = await tooMuch();
    if (reason !== undefined) throw new GitFault('ContentRefused', reason);
    const commit = await this.#commitOf(INCOMING, signal);
    if (commit === undefined)
      throw new GitFault('RefNotFound', `${target.want} names no commit`, 'correct ref');
    return commit;
  }

  /** The object that was fetched last: a commit, or a tag. */
  async incomingObject(signal: AbortSignal): Promise<string> {
    const { stdout } = await this.git(
      { args: ['rev-parse', '--verify', '--quiet', INCOMING] },
      'nothing was fetched',
      signal,
    );
    return stdout.toString('utf8').trim();
  }

  /** Forgets what was fetched and not taken, and packs what is left when there is much. */
  async tidy(signal: AbortSignal): Promise<void> {
    const packs = await readdir(join(this.#directory, 'objects', 'pack')).catch(() => []);
    const isLarge = (await this.#bytes()) > this.#limits.storeBytes / 2;
    if (!isLarge && packs.filter((name) => name.endsWith('.pack')).length <= MOST_PACKS) return;
    await this.#run({ args: ['update-ref', '-d', INCOMING], timeoutMs: LOCAL_TIMEOUT_MS }, signal);
    await this.#run({ args: ['gc', '--quiet', '--prune=now'], timeoutMs: 10 * LOCAL_TIMEOUT_MS }, signal);
  }

  /** Forgets what was fetched and is refused: it may be large. */
  async discardIncoming(signal: AbortSignal): Promise<void> {
    await this.#run({ args: ['update-ref', '-d', INCOMING], timeoutMs: LOCAL_TIMEOUT_MS }, signal);
    await this.#run({ args: ['gc', '--quiet', '--prune=now'], timeoutMs: 10 * LOCAL_TIMEOUT_MS }, signal);
  }

  async #open(signal: AbortSignal): Promise<void> {
    if (await this.#isThere()) return;
    // What is there without being whole is a start that was cut off.
    await rm(this.#directory, { recursive: true, force: true });
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const args = ['init', '--quiet', '--bare', '--template=', '--initial-branch=none', this.#directory];
    const { code, stderr } = await runGit({ args, timeoutMs: LOCAL_TIMEOUT_MS }, signal);
    if (code !== 0) throw faultOf(stderr, 'the store cannot be made');
  }

  async #isThere(): Promise<boolean> {
    const parts = ['HEAD', 'objects', 'refs'].map((name) => stat(join(this.#directory, name)));
    return Promise.all(parts).then(
      () => true,
      () => false,
    );
  }

  async #commitOf(ref: string, signal: AbortSignal): Promise<string | undefined> {
    const args = ['rev-parse', '--verify', '--quiet', `${ref}^{commit}`];
    const { code, stdout } = await this.#run({ args, timeoutMs: LOCAL_TIMEOUT_MS }, signal);
    return code === 0 ? stdout.toString('utf8').trim() : undefined;
  }

  #run(call: Omit<GitCall, 'directory'>, signal: AbortSignal): Promise<GitAnswer> {
    return runGit({ ...call, directory: this.#directory }, signal);
  }

  async #bytes(): Promise<number> {
    const pack = join(this.#directory, 'objects', 'pack');
    const names = await readdir(pack).catch(() => []);
    const sizes = await Promise.all(
      names.map((name) =>
        stat(join(pack, name)).then(
          ({ size }) => size,
          () => 0,
        ),
      ),
    );
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  /** What a fetch that was cut off leaves is never used again, and locks of ours have nobody behind them. */
  async #sweep(): Promise<void> {
    const pack = join(this.#directory, 'objects', 'pack');
    const names = await readdir(pack).catch(() => []);
    for (const name of names) if (name.startsWith('tmp_')) await rm(join(pack, name), { force: true });
    for (const name of ['shallow.lock', 'packed-refs.lock', 'HEAD.lock', 'config.lock']) {
      await rm(join(this.#directory, name), { force: true });
    }
    for (const name of ['current.lock', 'incoming.lock']) {
      await rm(join(this.#directory, 'refs', 'stackctl', name), { force: true });
    }
  }
}
