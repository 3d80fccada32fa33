import { type FindOptions, findStacks } from '../manifest/find-stacks.ts';
import type { FoundStacks, ManifestFile } from '../manifest/stack.ts';
import type { Admission } from '../model/admission.ts';
import { Failure } from '../model/failure.ts';
import type { FileLook, Files } from '../model/files.ts';
import type { EngineInfo } from '../model/observed.ts';
import { isAcceptable } from '../model/problem.ts';
import { Keyring } from '../sops/keyring.ts';
import { openManifests } from '../sops/open-manifests.ts';
import { type FileRead, type ReadNote, recordReads } from './file-reads.ts';
import type { DeclaredStack, FoundDeclarations, Loader } from './loader.ts';
import { resolveWish, type Wish, type WishContext } from './wish.ts';

/** A wish, and how to find out whether it would be another one now. */
export interface TracedWish extends Wish {
  /** As `ReadRecord.reads` has it. */
  readonly reads: readonly FileRead[] | undefined;
}

/** A loader that tells what its wishes were made of, and can look at that again. */
export interface TracingLoader extends Loader {
  resolve(
    stack: DeclaredStack,
    engine: EngineInfo,
    admission: Admission,
    signal: AbortSignal,
  ): Promise<TracedWish>;
  /** In the order of the paths. */
  looks(paths: readonly string[], signal: AbortSignal): Promise<readonly FileLook[]>;
}

/** Where wishes are read from. */
export interface WishFiles {
  readonly files: Files;
  readonly look: (path: string) => FileLook;
  readonly home: string | undefined;
  /** Opens what is encrypted; without it that is a problem. */
  readonly keyring?: Keyring | undefined;
  /** As `FindOptions.parse`. */
  readonly parse?: FindOptions['parse'];
  readonly onNote?: (note: ReadNote) => void;
}

/** The loader without a thread of its own: it blocks whoever calls it. For tests, and within the thread. */
export function createInProcessLoader(from: WishFiles): TracingLoader {
  return {
    find: async (files, signal) => {
      refuseAborted(signal);
      return withTexts(await findDeclared(files, { home: from.home }, from), files);
    },
    resolve: async (stack, engine, admission, signal) => {
      refuseAborted(signal);
      return resolveDeclared(stack, { engine, admission }, from);
    },
    looks: async (paths, signal) => {
      refuseAborted(signal);
      return paths.map(from.look);
    },
  };
}

/** What is found, without what was parsed. */
export type FoundHeads = Omit<FoundStacks, 'stacks'> & {
  readonly stacks: readonly Omit<DeclaredStack, 'texts'>[];
  readonly reads: FoundDeclarations['reads'];
};

/** What an encrypted manifest says is found like any other; its texts stay as they are in the source. */
export async function findDeclared(
  files: readonly ManifestFile[],
  options: FindOptions,
  from: Pick<WishFiles, 'files' | 'look' | 'keyring' | 'parse'>,
): Promise<FoundHeads> {
  const { files: readable, look, keyring = new Keyring(undefined), parse } = from;
  return keyring.run((openerWith) => {
    const record = recordReads(readable, look, () => undefined);
    const opened = openManifests(files, openerWith(record.files), options.refused);
    const found = findStacks(opened.files, { parse, ...options, refused: opened.refused });
    const stacks = found.stacks.map(({ compose: _parsed, ...head }) => head);
    return { ...found, stacks, reads: record.reads() };
  });
}

/** Gives the stacks their texts from the files they were found in. */
export function withTexts(found: FoundHeads, files: readonly ManifestFile[]): FoundDeclarations {
  const byPath = new Map(
    files.map(({ path, relativePath, text }) => [path, { path, relativePath, text }] as const),
  );
  const stacks = found.stacks.map((head) => ({
    ...head,
    texts: head.files.flatMap((path) => byPath.get(path) ?? []),
  }));
  return { ...found, stacks };
}

export async function resolveDeclared(
  { name, texts }: Pick<DeclaredStack, 'name' | 'texts'>,
  asked: WishContext,
  { files, look, home, keyring = new Keyring(undefined), parse, onNote = () => undefined }: WishFiles,
): Promise<TracedWish> {
  return keyring.run((openerWith) => {
    const record = recordReads(files, look, onNote);
    const opener = openerWith(record.files);
    const opened = openManifests(texts, opener);
    const found = findStacks(opened.files, { home, parse, refused: opened.refused });
    const manifest = found.stacks.find((each) => each.name === name);
    if (manifest === undefined) {
      if (isAcceptable(found.problems))
        throw new Failure('bug', `stack ${name} is not found in its own texts`);
      return { desired: undefined, problems: found.problems, filesUsed: [], reads: record.reads() };
    }
    return { ...resolveWish(manifest, asked, record.files, opener), reads: record.reads() };
  });
}

export function refuseAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new Failure('superseded', 'nobody waits for it any more');
}
