import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { lstat, opendir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type IgnoreRules, ignoreFault, ignoreRules, mayBeManifest } from './ignore-rules.ts';
import { readStable, stamp } from './stable-read.ts';

/** Bounds of one directory source. */
export interface DirectoryLimits {
  /** Of one manifest. */
  readonly fileBytes: number;
  /** Of all manifests together. */
  readonly totalBytes: number;
  /** How many possible manifests. */
  readonly manifests: number;
  /** How many entries are looked at, of any kind. */
  readonly entries: number;
  readonly depth: number;
}

export const DIRECTORY_LIMITS: DirectoryLimits = {
  fileBytes: 1024 * 1024,
  totalBytes: 32 * 1024 * 1024,
  manifests: 1000,
  entries: 100_000,
  depth: 32,
};

/** What is in the tree by its metadata; nothing but the ignore file is opened for it. */
export interface Survey {
  /** The resolved root; undefined when there is no directory to look at. */
  readonly root: string | undefined;
  /** `dev:ino` of the root, and where other file systems are mounted below it: an unmount changes it. */
  readonly identity: string | undefined;
  readonly ignoreText: string;
  /** Possible manifests, relative, sorted. */
  readonly manifests: readonly string[];
  /** Changes when any entry of the tree does. */
  readonly fingerprint: string;
  /** Why it is not the whole tree; empty when it is. */
  readonly faults: readonly string[];
}

/** Looks at the whole tree below `path`. What it meets on the way is in `faults`; it throws only when aborted. */
export async function survey(
  path: string,
  ignoreFile: string,
  limits: DirectoryLimits,
  signal: AbortSignal,
): Promise<Survey> {
  const root = await resolveRoot(path);
  if ('fault' in root) return nothing(root.fault);
  const rules = await readIgnoreFile(root.path, ignoreFile, limits);
  // Without the rules, what is to be left out would be taken for manifests.
  if ('fault' in rules) return nothing(rules.fault);

  const walk = new Walk(root.path, ignoreRules(rules.text), limits, signal);
  await walk.directory('', root.dev, 0);
  const again = await resolveRoot(path);
  if ('fault' in again || again.key !== root.key)
    walk.faults.push('the directory was replaced while it was read');
  return {
    root: root.path,
    identity: [root.key, ...walk.mounts.sort()].join(' '),
    ignoreText: rules.text,
    manifests: walk.manifests.sort(),
    fingerprint: fingerprint(root.key, rules.text, walk),
    faults: walk.faults,
  };
}

function nothing(fault: string): Survey {
  return {
    root: undefined,
    identity: undefined,
    ignoreText: '',
    manifests: [],
    fingerprint: fault,
    faults: [fault],
  };
}

function fingerprint(key: string, ignoreText: string, walk: Walk): string {
  const hash = createHash('sha256').update(JSON.stringify([key, ignoreText]));
  for (const line of [...walk.stamps, ...walk.faults].sort()) hash.update(`${line}\n`);
  return hash.digest('hex');
}

type Root =
  | { readonly path: string; readonly key: string; readonly dev: bigint }
  | { readonly fault: string };

/** The directory that the root's path leads to now. Its key is `dev:ino`. */
export async function resolveRoot(path: string): Promise<Root> {
  try {
    const resolved = await realpath(path);
    const stats = await stat(resolved, { bigint: true });
    if (!stats.isDirectory()) return { fault: 'the path is not a directory' };
    return { path: resolved, key: `${stats.dev}:${stats.ino}`, dev: stats.dev };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    return {
      fault: code === 'ENOENT' ? 'the directory does not exist' : `the directory cannot be read (${code})`,
    };
  }
}

async function readIgnoreFile(root: string, ignoreFile: string, limits: DirectoryLimits) {
  const read = await readStable(join(root, ignoreFile), root, { fileBytes: limits.fileBytes, quietMs: 0 });
  if (read.kind === 'text') {
    const fault = ignoreFault(read.text);
    return fault === undefined ? { text: read.text } : { fault: `${ignoreFile} ${fault}` };
  }
  if (read.kind === 'gone' || (read.kind === 'unreadable' && read.reason === 'is empty')) return { text: '' };
  const why = read.kind === 'unsettled' ? 'is still being written' : read.reason;
  return { fault: `${ignoreFile} ${why}` };
}

/** Bounds memory; more at once than there are threads for it brings nothing. */
const LOOKS_AT_ONCE = 64;

/** Depth first. Links to directories are not entered: inside, their target is walked anyway; outside is not ours. */
class Walk {
  readonly manifests: string[] = [];
  readonly stamps: string[] = [];
  readonly mounts: string[] = [];
  readonly faults: string[] = [];
  readonly #root: string;
  readonly #ignored: IgnoreRules;
  readonly #limits: DirectoryLimits;
  readonly #signal: AbortSignal;
  #entriesLeft: number;

  constructor(root: string, ignored: IgnoreRules, limits: DirectoryLimits, signal: AbortSignal) {
    this.#root = root;
    this.#ignored = ignored;
    this.#limits = limits;
    this.#signal = signal;
    this.#entriesLeft = limits.entries;
  }

  async directory(relative: string, dev: bigint, depth: number): Promise<void> {
    if (depth > this.#limits.depth) {
      this.faults.push(`${relative} is nested deeper than ${this.#limits.depth} directories`);
      return;
    }
    const paths = (await this.#names(relative)).map((name) =>
      relative === '' ? name : `${relative}/${name}`,
    );
    for (let start = 0; start < paths.length; start += LOOKS_AT_ONCE) {
      this.#signal.throwIfAborted();
      const batch = paths.slice(start, start + LOOKS_AT_ONCE);
      const looks = await Promise.all(batch.map((path) => this.#look(path)));
      for (const [index, path] of batch.entries()) {
        const stats = looks[index];
        if (stats === undefined || this.#ignored(path, stats.isDirectory())) continue;
        if (stats.isDirectory()) await this.#enter(path, stats, dev, depth + 1);
        else this.#file(path, stats);
      }
    }
  }

  async #enter(path: string, stats: BigIntStats, parentDev: bigint, depth: number): Promise<void> {
    if (stats.dev !== parentDev) this.mounts.push(`${path}=${stats.dev}`);
    this.stamps.push(`${path}/ ${stats.dev}:${stats.ino}`);
    await this.directory(path, stats.dev, depth);
  }

  #file(path: string, stats: BigIntStats): void {
    this.stamps.push(`${path} ${stats.mode}:${stamp(stats)}`);
    if (!mayBeManifest(path.slice(path.lastIndexOf('/') + 1))) return;
    if (this.manifests.length < this.#limits.manifests) this.manifests.push(path);
    else this.#faultOnce(`there are more than ${this.#limits.manifests} files that may be manifests`);
  }

  async #names(relative: string): Promise<readonly string[]> {
    const names: string[] = [];
    try {
      for await (const entry of await opendir(join(this.#root, relative), { bufferSize: 1024 })) {
        if (this.#entriesLeft === 0) {
          this.#faultOnce(`there are more than ${this.#limits.entries} entries`);
          break;
        }
        this.#entriesLeft -= 1;
        names.push(entry.name);
      }
    } catch (error) {
      this.faults.push(`${relative === '' ? 'the directory' : relative} cannot be read (${codeOf(error)})`);
    }
    return names.sort();
  }

  async #look(path: string): Promise<BigIntStats | undefined> {
    try {
      return await lstat(join(this.#root, path), { bigint: true });
    } catch (error) {
      // Gone between listing and looking is no fault; anything else hides something that is there.
      if (codeOf(error) !== 'ENOENT') this.faults.push(`${path} cannot be looked at (${codeOf(error)})`);
      return undefined;
    }
  }

  #faultOnce(fault: string): void {
    if (!this.faults.includes(fault)) this.faults.push(fault);
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
