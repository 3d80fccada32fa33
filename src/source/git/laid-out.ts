import { constants } from 'node:fs';
import {
  type FileHandle,
  lstat,
  mkdir,
  open,
  readFile,
  rename,
  rm,
  rmdir,
  symlink,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { BareStore } from './bare-store.ts';
import { readBlobs } from './blobs.ts';
import { GitFault } from './fault.ts';
import type { TreeFile } from './tree.ts';

const Index = z.object({
  files: z.record(
    z.string(),
    z.object({ sha: z.string(), kind: z.string(), stamp: z.string(), goneAtMs: z.number().optional() }),
  ),
});
type Made = z.infer<typeof Index>['files'][string];

/** Directories of stacks that the commit does not have any more. */
export interface Leaving {
  readonly directories: readonly string[];
  /** Unix ms. */
  readonly nowMs: number;
}

const STAY_MS = 24 * 3_600_000;

const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const MODES: Readonly<Record<TreeFile['kind'], number>> = { file: 0o444, program: 0o555, link: 0o777 };

/**
 * The files of a commit where containers can have them: always under the same path, since another path would make
 * every container anew with each commit. A file is replaced at one moment. What somebody else put there, such as a
 * container that may write to its directory, is never touched; and as it may have put links there, no link is ever
 * followed on the way.
 */
export class LaidOut {
  readonly root: string;
  readonly #index: string;
  readonly #staging: string;

  /** `own`: a directory of ours on the same file system, that no container sees. */
  constructor(root: string, own: string) {
    this.root = root;
    this.#index = join(own, 'laid-out.json');
    this.#staging = join(own, 'staging');
  }

  /**
   * Makes the directory show these files. Those of a stack that is to go stay for a while: its containers run until it
   * is deleted, and for ever when it is not. Throws
   * `ContentRefused` when something of others is in the way.
   */
  async show(
    store: BareStore,
    files: readonly TreeFile[],
    leaving: Leaving,
    signal: AbortSignal,
  ): Promise<void> {
    await mkdir(this.root, { recursive: true, mode: 0o755 });
    await rm(this.#staging, { recursive: true, force: true });
    await mkdir(this.#staging, { recursive: true, mode: 0o700 });
    const made = await this.#readIndex();
    const wanted = new Map(files.map((file) => [file.path, file]));
    const gone = [...made.keys()].filter((path) => !wanted.has(path));
    for (const [path, before] of made)
      if (wanted.has(path)) made.set(path, { ...before, goneAtMs: undefined });
    const directories = new Set(files.flatMap(({ path }) => parentsOf(path)));
    for (const path of gone) {
      const isInTheWay = directories.has(path) || parentsOf(path).some((parent) => wanted.has(parent));
      if (isInTheWay) await this.#remove(path, made);
    }
    await this.#write(store, await this.#changed(files, made), made, signal);
    for (const path of gone) {
      const before = made.get(path);
      if (before === undefined || !isToStay(path, before, leaving)) await this.#remove(path, made);
      else made.set(path, { ...before, goneAtMs: before.goneAtMs ?? leaving.nowMs });
    }
    await this.#writeIndex(made);
    await rm(this.#staging, { recursive: true, force: true });
  }

  async #changed(files: readonly TreeFile[], made: ReadonlyMap<string, Made>): Promise<readonly TreeFile[]> {
    const changed: TreeFile[] = [];
    for (const file of files) {
      const before = made.get(file.path);
      const isSame = before?.sha === file.sha && before.kind === file.kind;
      if (!isSame || (await stampOf(join(this.root, file.path))) === undefined) changed.push(file);
    }
    return changed;
  }

  async #write(
    store: BareStore,
    files: readonly TreeFile[],
    made: Map<string, Made>,
    signal: AbortSignal,
  ): Promise<void> {
    if (files.length === 0) return;
    // Known as ours before they are there: after a crash nobody would take them away.
    for (const { path, kind } of files) if (!made.has(path)) made.set(path, { sha: '', kind, stamp: '' });
    await this.#writeIndex(made);
    const bySha = new Map<string, TreeFile[]>();
    for (const file of files) bySha.set(file.sha, [...(bySha.get(file.sha) ?? []), file]);
    const take = async (sha: string, content: Buffer) => {
      for (const file of bySha.get(sha) ?? []) {
        const stamp = await this.#put(file, content);
        made.set(file.path, { sha, kind: file.kind, stamp });
      }
    };
    await readBlobs(store, [...bySha.keys()], take, signal);
  }

  async #put({ path, kind }: TreeFile, content: Buffer): Promise<string> {
    const staged = join(this.#staging, 'file');
    if (kind === 'link') await symlink(content.toString('utf8'), staged);
    else await writeWhole(staged, content, MODES[kind]);
    const { parent, name } = splitPath(path);
    const directory = await this.#open(parent, 'make');
    if (directory === undefined) throw inTheWay(path);
    try {
      const place = `/proc/self/fd/${directory.fd}/${name}`;
      await rename(staged, place).catch(() => {
        throw inTheWay(path);
      });
      return (await stampOf(place)) ?? '';
    } finally {
      await directory.close();
    }
  }

  /** Only what is as we made it: what somebody wrote into meanwhile is theirs. */
  async #remove(path: string, made: Map<string, Made>): Promise<void> {
    const before = made.get(path);
    made.delete(path);
    if (before === undefined) return;
    const { parent, name } = splitPath(path);
    const directory = await this.#open(parent, 'look');
    if (directory === undefined) return;
    try {
      const place = `/proc/self/fd/${directory.fd}/${name}`;
      const stamp = await stampOf(place);
      if (stamp === undefined || (before.stamp !== '' && stamp !== before.stamp)) return;
      await unlink(place).catch(() => undefined);
    } finally {
      await directory.close();
    }
    await this.#removeEmpty(parent);
  }

  async #removeEmpty(parts: readonly string[]): Promise<void> {
    for (let depth = parts.length; depth > 0; depth -= 1) {
      const directory = await this.#open(parts.slice(0, depth - 1), 'look');
      if (directory === undefined) return;
      const isGone = await rmdir(`/proc/self/fd/${directory.fd}/${parts[depth - 1] ?? ''}`).then(
        () => true,
        () => false,
      );
      await directory.close();
      if (!isGone) return;
    }
  }

  /** Goes down step by step, each by the directory before it: a link that is put there meanwhile leads nowhere. */
  async #open(parts: readonly string[], mode: 'make' | 'look'): Promise<FileHandle | undefined> {
    let directory = await open(this.root, DIRECTORY);
    for (const part of parts) {
      const place = `/proc/self/fd/${directory.fd}/${part}`;
      const next = await open(place, DIRECTORY)
        .catch(async (error: NodeJS.ErrnoException) => {
          if (mode === 'look' || error.code !== 'ENOENT') return undefined;
          await mkdir(place);
          const made = await open(place, DIRECTORY);
          await made.chmod(0o755);
          return made;
        })
        .finally(() => directory.close());
      if (next === undefined) return undefined;
      directory = next;
    }
    return directory;
  }

  async #readIndex(): Promise<Map<string, Made>> {
    const text = await readFile(this.#index, 'utf8').catch(() => '{}');
    try {
      return new Map(Object.entries(Index.parse(JSON.parse(text)).files));
    } catch {
      // Lost: what is there counts as others', and is replaced where a file of the commit has its name.
      return new Map();
    }
  }

  async #writeIndex(made: ReadonlyMap<string, Made>): Promise<void> {
    const staged = join(this.#staging, 'index');
    await writeFile(staged, JSON.stringify({ files: Object.fromEntries(made) }), { mode: 0o600 });
    await rename(staged, this.#index);
  }
}

async function writeWhole(path: string, content: Buffer, mode: number): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(content);
    await file.chmod(mode);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Changes when the file does; undefined when there is none. */
async function stampOf(path: string): Promise<string | undefined> {
  try {
    const { ino, size, mtimeNs } = await lstat(path, { bigint: true });
    return `${ino}:${size}:${mtimeNs}`;
  } catch {
    return undefined;
  }
}

function isToStay(path: string, { goneAtMs }: Made, { directories, nowMs }: Leaving): boolean {
  if (goneAtMs !== undefined) return nowMs - goneAtMs < STAY_MS;
  return directories.some((directory) => directory === '' || path.startsWith(`${directory}/`));
}

/** The directories above a path: a file that is to go may stand where one is to be, or the other way round. */
function parentsOf(path: string): readonly string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

function splitPath(path: string): { readonly parent: readonly string[]; readonly name: string } {
  const parts = path.split('/');
  return { parent: parts.slice(0, -1), name: parts.at(-1) ?? '' };
}

const inTheWay = (path: string): GitFault =>
  new GitFault(
    'ContentRefused',
    `${path} cannot be laid out: something that is not of the repository is in its place`,
    'take it away',
    true,
  );
