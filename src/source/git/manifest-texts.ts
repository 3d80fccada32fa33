import { join, posix } from 'node:path';
import { ignoreFault, ignoreRules, mayBeManifest } from '../ignore-rules.ts';
import type { SourceFile, SourceScan } from '../source.ts';
import { decode } from '../stable-read.ts';
import { DIRECTORY_LIMITS } from '../survey.ts';
import type { BareStore } from './bare-store.ts';
import { readBlobs } from './blobs.ts';
import { GitFault } from './fault.ts';
import type { TreeFile } from './tree.ts';

/** The files of a commit that may be manifests. */
export interface ManifestTexts {
  readonly files: readonly SourceFile[];
  readonly unreadable: SourceScan['unreadable'];
}

const IGNORE_FILE = '.stackctlignore';

/**
 * Reads them from Git's own objects, whatever was made of the files that are laid out. As in a directory: by their
 * names, without what `.stackctlignore` leaves out. Links are no manifests: what they lead to is one already.
 */
export async function readManifestTexts(
  store: BareStore,
  files: readonly TreeFile[],
  at: { readonly root: string; readonly path: string },
  signal: AbortSignal,
): Promise<ManifestTexts> {
  const ignoreText = await readIgnoreFile(store, files, at.path, signal);
  const ignored = ignoreRules(ignoreText);
  const isLeftOut = (path: string) => {
    const parts = path.split('/');
    return parts.some((_, index) => ignored(parts.slice(0, index + 1).join('/'), index < parts.length - 1));
  };
  const manifests = files.filter(
    ({ path, kind }) =>
      kind !== 'link' && mayBeManifest(posix.basename(path)) && !isLeftOut(posix.relative(at.path, path)),
  );
  refuseMany(manifests);
  const isLarge = ({ bytes }: TreeFile) => bytes > DIRECTORY_LIMITS.fileBytes;
  const small = manifests.filter((file) => !isLarge(file));
  const texts = await textsOf(store, small, signal);
  const read = manifests.map((file) => {
    const placed = { path: join(at.root, file.path), relativePath: file.path };
    if (isLarge(file))
      return {
        ...placed,
        reason: `is too large (${file.bytes} bytes; at most ${DIRECTORY_LIMITS.fileBytes})`,
      };
    const attempt = decode(texts.get(file.sha) ?? Buffer.alloc(0));
    if (attempt.kind === 'text') return { ...placed, text: attempt.text };
    return { ...placed, reason: attempt.kind === 'unreadable' ? attempt.reason : 'cannot be read' };
  });
  return {
    files: read.flatMap((each) => ('text' in each ? [each] : [])),
    unreadable: read.flatMap((each) => ('reason' in each ? [each] : [])),
  };
}

/** Directories of files that defined stacks, as far as a look at them tells, and are not there any more. */
export function stacksLost(before: ManifestTexts | undefined, after: ManifestTexts): readonly string[] {
  const present = new Set([...after.files, ...after.unreadable].map(({ relativePath }) => relativePath));
  const lost = (before?.files ?? []).filter(
    ({ relativePath, text }) =>
      !present.has(relativePath) && (COMPOSE_NAME.test(relativePath) || text.includes('stackctl.io/')),
  );
  return lost.map(({ relativePath }) => posix.dirname(relativePath).replace(/^\.$/, ''));
}

const COMPOSE_NAME = /(^|[./-])compose\.ya?ml$/;

function refuseMany(manifests: readonly TreeFile[]): void {
  const bytes = manifests.reduce((sum, file) => sum + Math.min(file.bytes, DIRECTORY_LIMITS.fileBytes), 0);
  if (manifests.length <= DIRECTORY_LIMITS.manifests && bytes <= DIRECTORY_LIMITS.totalBytes) return;
  throw new GitFault(
    'ContentRefused',
    `there are more than ${DIRECTORY_LIMITS.manifests} files that may be manifests, or they are too large together`,
    `set path, or leave files out with ${IGNORE_FILE}`,
  );
}

async function textsOf(
  store: BareStore,
  files: readonly TreeFile[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Buffer>> {
  const texts = new Map<string, Buffer>();
  const take = async (sha: string, content: Buffer) => {
    texts.set(sha, Buffer.from(content));
  };
  await readBlobs(store, [...new Set(files.map(({ sha }) => sha))], take, signal);
  return texts;
}

async function readIgnoreFile(
  store: BareStore,
  files: readonly TreeFile[],
  path: string,
  signal: AbortSignal,
): Promise<string> {
  const file = files.find((each) => each.path === posix.join(path, IGNORE_FILE) && each.kind === 'file');
  if (file === undefined) return '';
  if (file.bytes > DIRECTORY_LIMITS.fileBytes)
    throw new GitFault('ContentRefused', `${IGNORE_FILE} is too large`);
  const text = (await textsOf(store, [file], signal)).get(file.sha)?.toString('utf8') ?? '';
  const fault = ignoreFault(text);
  if (fault !== undefined) throw new GitFault('ContentRefused', `${IGNORE_FILE} ${fault}`);
  return text;
}
