import { posix } from 'node:path';
import type { BareStore, GitLimits } from './bare-store.ts';
import { GitFault, shown } from './fault.ts';

/** An entry of a commit's tree that is used. */
export interface TreeFile {
  /** Relative to the root of the repository. */
  readonly path: string;
  readonly kind: 'file' | 'program' | 'link';
  /** Of its content. */
  readonly sha: string;
  readonly bytes: number;
}

export interface CheckedTree {
  readonly files: readonly TreeFile[];
  /** What was left out, and why. */
  readonly notes: readonly string[];
}

/** Answers the files below a path of a commit. Throws `ContentRefused` when there is something that must not be. */
export async function readTree(
  store: BareStore,
  commit: string,
  from: { readonly path: string; readonly limits: GitLimits },
  signal: AbortSignal,
): Promise<CheckedTree> {
  const { path, limits } = from;
  const args = ['ls-tree', '-r', '-z', '--full-tree', commit, ...(path === '' ? [] : ['--', `${path}/`])];
  const { stdout } = await store.git(
    { args, outputBytes: limits.files * 300 },
    'the commit cannot be read',
    signal,
  );
  const { entries, notes } = parseTree(stdout, limits);
  const sizes = await sizesOf(store, entries, signal);
  const files = entries.map((entry) => ({
    ...entry,
    bytes: sizes.get(entry.sha) ?? Number.POSITIVE_INFINITY,
  }));
  refuseLarge(files, limits);
  await refuseLinksOut(store, files, path, signal);
  return { files, notes };
}

type Entry = Omit<TreeFile, 'bytes'>;

const KINDS: Readonly<Record<string, TreeFile['kind']>> = {
  '100644': 'file',
  '100664': 'file',
  '100755': 'program',
  '120000': 'link',
};

/** Reads `git ls-tree -r -z`. Throws `ContentRefused`. */
export function parseTree(listing: Buffer, limits: Pick<GitLimits, 'files'>) {
  const entries: Entry[] = [];
  const notes: string[] = [];
  for (const record of splitAtZero(listing)) {
    const tab = record.indexOf(0x09);
    const [mode = '', , sha = ''] = record.subarray(0, tab).toString('latin1').split(' ');
    const path = nameOf(record.subarray(tab + 1));
    if (mode === '160000') {
      if (notes.length < 20) notes.push(`submodule ${path} is not fetched`);
      continue;
    }
    const kind = KINDS[mode];
    if (kind === undefined) throw refused(`${path} is of an unknown kind (${shown(mode)})`);
    entries.push({ path, kind, sha });
    if (entries.length > limits.files) throw refused(`there are more than ${limits.files} files`);
  }
  return { entries, notes };
}

function* splitAtZero(listing: Buffer): Generator<Buffer> {
  for (let start = 0; start < listing.length; ) {
    const end = listing.indexOf(0, start);
    if (end === -1) return;
    yield listing.subarray(start, end);
    start = end + 1;
  }
}

/** Throws for names that would mean something else on a disk, in a message or to Git. */
function nameOf(bytes: Buffer): string {
  const name = bytes.toString('utf8');
  const shownName = JSON.stringify(shown(name).slice(0, 100));
  if (!Buffer.from(name, 'utf8').equals(bytes)) throw refused(`a name is not UTF-8: ${shownName}`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused.
  if (/[\u0000-\u001f\u007f-\u009f\\]/.test(name))
    throw refused(`a name has control characters or a backslash: ${shownName}`);
  const parts = name.split('/');
  const isBad = (part: string) => part === '' || part === '.' || part === '..' || /^\.git$/i.test(part);
  if (parts.some(isBad)) throw refused(`a name is not allowed: ${shownName}`);
  if (bytes.length > 2048 || parts.length > 32 || parts.some((part) => Buffer.byteLength(part) > 255)) {
    throw refused(`a name is too long or too deep: ${shownName}`);
  }
  return name;
}

/** From the heads of the objects: the content of a large one is never looked at. */
async function sizesOf(
  store: BareStore,
  entries: readonly Entry[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const shas = [...new Set(entries.map(({ sha }) => sha))];
  if (shas.length === 0) return new Map();
  const { stdout } = await store.git(
    { args: ['cat-file', '--batch-check'], input: `${shas.join('\n')}\n` },
    'the files of the commit cannot be read',
    signal,
  );
  const lines = stdout.toString('latin1').split('\n');
  return new Map(
    lines.flatMap((line) => {
      const [sha = '', type, size] = line.split(' ');
      return type === 'blob' ? [[sha, Number(size)] as const] : [];
    }),
  );
}

function refuseLarge(files: readonly TreeFile[], limits: GitLimits): void {
  let total = 0;
  for (const { path, bytes } of files) {
    if (!Number.isFinite(bytes)) throw refused(`the content of ${path} is missing`);
    if (bytes > limits.fileBytes) {
      throw refused(`${path} is too large (${bytes} bytes; at most ${limits.fileBytes})`);
    }
    total += bytes;
  }
  if (total > limits.totalBytes)
    throw refused(`the files are too large together (${total} bytes; at most ${limits.totalBytes})`);
}

async function refuseLinksOut(
  store: BareStore,
  files: readonly TreeFile[],
  root: string,
  signal: AbortSignal,
): Promise<void> {
  for (const link of files.filter(({ kind }) => kind === 'link')) {
    if (link.bytes > 4096) throw refused(`${link.path} is a link to too long a path`);
    const { stdout } = await store.git(
      { args: ['cat-file', 'blob', link.sha] },
      'a link cannot be read',
      signal,
    );
    const target = stdout.toString('utf8');
    if (!leadsInside(link.path, target, root)) {
      throw refused(`${link.path} is a link out of the repository, to ${shown(target)}`);
    }
  }
}

/**
 * Whether a link stays in the tree whatever else is there. `..` may stand only at its beginning: there it goes up the
 * directories of the tree itself, further on it might go up from where another link leads.
 */
export function leadsInside(path: string, target: string, root: string): boolean {
  if (target === '' || target.startsWith('/') || target.includes('\0')) return false;
  const parts = target.split('/').filter((part) => part !== '' && part !== '.');
  const firstName = parts.findIndex((part) => part !== '..');
  if (firstName === -1 || parts.slice(firstName).includes('..')) return false;
  if (parts.some((part) => /^\.git$/i.test(part))) return false;
  const place = posix.join(posix.dirname(path), target);
  if (place === '..' || place.startsWith('../')) return false;
  return root === '' || place.startsWith(`${root}/`);
}

function refused(message: string): GitFault {
  return new GitFault('ContentRefused', message, 'take it out of the repository; what was in force stays so');
}
