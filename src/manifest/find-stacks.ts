import path from 'node:path/posix';
import { parseYaml } from '../compose/parse.ts';
import { isAcceptable, type Problem } from '../model/problem.ts';
import { brokenDraft, type Draft, startOf } from './draft.ts';
import { groupBy } from './group-by.ts';
import { type ComposeText, filesIncludedBy, liftCompose } from './lift-compose.ts';
import { composeFilesNamedBy, isOurs, readEnvelope, type Surroundings } from './read-envelope.ts';
import { type FileName, glance, isBlank, isYaml, recogniseName } from './recognise.ts';
import { settle } from './settle.ts';
import type { FoundStacks, ManifestFile } from './stack.ts';

/**
 * Finds the stacks in the files of one source. A file with documents of ours is a manifest, whatever its
 * name; a Compose file by its usual name is one too, unless a manifest names it or another Compose file
 * includes it. All other files are data. Faults are returned, all at once; none is thrown.
 */
export function findStacks(
  files: readonly ManifestFile[],
  { home }: { readonly home: string | undefined },
): FoundStacks {
  const texts = new Map(files.map((file) => [file.path, file.text]));
  const read = files.filter((file) => isYaml(file.path)).map(readFile);
  const parts = new Set([
    ...read.flatMap((each) =>
      each.documents.flatMap((document) => composeFilesNamedBy(document, each.file.path)),
    ),
    ...read.flatMap((each) => (each.content === 'compose' ? filesIncludedBy(each) : [])),
  ]);
  const surroundings = (file: string): Surroundings => ({ file, home, textOf: (other) => texts.get(other) });
  const drafts = read.flatMap((each) => draftsOf(each, surroundings(each.file.path)));
  const compose = read.filter((each) => each.content === 'compose' && !isPart(each, parts, read));
  return settle([...drafts, ...liftAll(compose, home)], read.flatMap(suspectOf));
}

/** A file of which it is known what it holds. */
interface ReadFile extends ComposeText {
  readonly name: FileName;
  readonly content: 'envelopes' | 'compose' | 'blank' | 'data';
}

function readFile(file: ManifestFile): ReadFile {
  const name = recogniseName(file.path);
  const byName = name.kind === 'other' ? 'data' : 'compose';
  const blank = { file, name, documents: [], problems: [] };
  if (isBlank(file.text)) return { ...blank, content: byName === 'compose' ? 'compose' : 'blank' };
  const look = glance(file.path, file.text);
  if (look === 'no' && byName === 'data') return { ...blank, content: 'data' };
  const { documents, problems } = parseYaml(file.path, file.text);
  const isBroken = !isAcceptable(problems);
  const isEnvelopes = isBroken ? look === 'ours' : documents.some(isOurs);
  const content = isEnvelopes ? 'envelopes' : byName;
  return { file, name, content, documents: content === 'data' ? [] : documents, problems };
}

/** A half-written file says too little: none of it is used, even if a document in it can be read. */
function draftsOf(
  { content, documents, problems, file }: ReadFile,
  surroundings: Surroundings,
): readonly Draft[] {
  if (content !== 'envelopes') return [];
  if (!isAcceptable(problems)) return [brokenDraft(file.path, problems)];
  return documents.filter(isOurs).map((document) => readEnvelope(document, surroundings));
}

/** An empty file may have been a manifest, or is data: a warning that matters only to those who know it. */
function suspectOf({ content, file }: ReadFile): { readonly file: string; readonly problem: Problem }[] {
  if (content !== 'blank') return [];
  const problem: Problem = {
    severity: 'warning',
    code: 'EmptyFile',
    message: 'there is nothing in the file',
    hint: 'stacks that it defined stay as they are; remove the file to remove them',
    at: startOf(file.path),
  };
  return [{ file: file.path, problem }];
}

/**
 * Whether a Compose file belongs to another manifest. A manifest that cannot be parsed counts as naming
 * every file whose name occurs in its text, or its parts would start as stacks of their own.
 */
function isPart({ file }: ReadFile, parts: ReadonlySet<string>, all: readonly ReadFile[]): boolean {
  if (parts.has(file.path)) return true;
  return all.some(
    (other) =>
      other.content === 'envelopes' &&
      !isAcceptable(other.problems) &&
      other.file.text.includes(path.relative(path.dirname(other.file.path), file.path)),
  );
}

function liftAll(compose: readonly ReadFile[], home: string | undefined): readonly Draft[] {
  const directories = groupBy(compose, ({ file }) => path.dirname(file.path));
  return [...directories.values()].flatMap((files) => liftDirectory(files, home));
}

/** As docker compose chooses: one base by its usual name, and one override beside it. */
function liftDirectory(files: readonly ReadFile[], home: string | undefined): readonly Draft[] {
  const named = files.flatMap((text) =>
    text.name.kind === 'compose' && text.name.stack !== undefined
      ? [{ text, nameOfFile: text.name.stack }]
      : [],
  );
  const [base, ...others] = ranked(
    files.filter(({ name }) => name.kind === 'compose' && name.stack === undefined),
  );
  const [override] = ranked(files.filter(({ name }) => name.kind === 'override'));
  const drafts = named.map(({ text, nameOfFile }) =>
    liftCompose({ base: text, override: undefined, nameOfFile, passedOver: [], home }),
  );
  if (base === undefined) return drafts;
  const passedOver = others.map(({ file }) => file.path);
  return [...drafts, liftCompose({ base, override, nameOfFile: undefined, passedOver, home })];
}

function ranked(files: readonly ReadFile[]): readonly ReadFile[] {
  return files.toSorted((a, b) => rankOf(a.name) - rankOf(b.name));
}

function rankOf(name: FileName): number {
  return name.kind === 'other' ? 0 : name.rank;
}
