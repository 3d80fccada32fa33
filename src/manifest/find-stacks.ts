import path from 'node:path/posix';
import { type ParsedYaml, parseYaml } from '../compose/parse.ts';
import { isAcceptable, type Problem } from '../model/problem.ts';
import { brokenDraft, type Draft, startOf } from './draft.ts';
import { groupBy } from './group-by.ts';
import { type ComposeText, filesIncludedBy, liftCompose } from './lift-compose.ts';
import { composeFilesNamedBy, isOurs, readEnvelope, type Surroundings } from './read-envelope.ts';
import { isReachability, readReachability } from './read-reachability.ts';
import { isRepository, type RepositoryDraft, readRepository } from './read-repository.ts';
import { type FileName, glance, isBlank, isYaml, recogniseName } from './recognise.ts';
import { secretEnv, secretsShownIn } from './sealed-manifest.ts';
import { settle } from './settle.ts';
import type { FoundStacks, ReadableFile } from './stack.ts';

export interface FindOptions {
  readonly home: string | undefined;
  /** Files that are not to be parsed, by their path, and why. They count as broken. */
  readonly refused?: ReadonlyMap<string, Problem>;
  /** Told of each file before it is parsed: whoever waits knows then which one it is that takes so long. */
  readonly onParse?: (file: string) => void;
  /** Parses what was not encrypted; default `parseYaml`. */
  readonly parse?: ((file: ReadableFile) => ParsedYaml) | undefined;
}

/**
 * Finds the stacks in the files of one source. A file with documents of ours is a manifest, whatever its
 * name; a Compose file by its usual name is one too, unless a manifest names it or another Compose file
 * includes it. All other files are data. Faults are returned, all at once; none is thrown.
 */
export function findStacks(files: readonly ReadableFile[], options: FindOptions): FoundStacks {
  const { home } = options;
  const texts = new Map(files.map((file) => [file.path, file.original ?? file.text]));
  const read = files.filter((file) => isYaml(file.path)).map((file) => readFile(file, options));
  const parts = new Set([
    ...read.flatMap((each) =>
      each.documents.flatMap((document) => composeFilesNamedBy(document, each.file.path)),
    ),
    ...read.flatMap((each) => (each.content === 'compose' ? filesIncludedBy(each) : [])),
  ]);
  const drafts = read.flatMap((each) => draftsOf(each, { home, textOf: (other) => texts.get(other) }));
  const compose = read.filter((each) => each.content === 'compose' && !isPart(each, parts, read));
  return settle(
    [...drafts, ...liftAll(compose, home)],
    read.flatMap(suspectOf),
    read.flatMap(repositoriesOf),
  );
}

/**
 * The stacks in files that somebody named one by one: a file without documents of ours is a Compose file,
 * whatever it is called, and several of those are laid over each other, in order, as docker compose does it.
 */
export function findNamedStacks(files: readonly ReadableFile[], options: FindOptions): FoundStacks {
  const { home } = options;
  const texts = new Map(files.map((file) => [file.path, file.original ?? file.text]));
  const read = files.map((file) => asNamed(readFile(file, options), options));
  const drafts = read.flatMap((each) => draftsOf(each, { home, textOf: (other) => texts.get(other) }));
  const [base, ...overrides] = read.filter((each) => each.content === 'compose');
  const repositories = read.flatMap(repositoriesOf);
  if (base === undefined) return settle(drafts, [], repositories);
  const nameOfFile = base.name.kind === 'compose' ? base.name.stack : undefined;
  const lifted = liftCompose({ base, overrides, nameOfFile, isFound: false, passedOver: [], home });
  return settle([...drafts, lifted], [], repositories);
}

function asNamed(read: ReadFile, options: FindOptions): ReadFile {
  if (read.content === 'envelopes' || read.content === 'compose') return read;
  const parsed = isBlank(read.file.text) ? read : parseFile(read.file, options);
  return { ...read, content: 'compose', documents: parsed.documents, problems: parsed.problems };
}

/** A file of which it is known what it holds. */
interface ReadFile extends ComposeText {
  readonly name: FileName;
  readonly content: 'envelopes' | 'compose' | 'blank' | 'data';
}

/** What was encrypted is not kept for longer than it is needed. */
function parseFile(file: ReadableFile, { parse }: FindOptions): ParsedYaml {
  if (parse === undefined || file.original !== undefined) return parseYaml(file.path, file.text);
  return parse(file);
}

function readFile(file: ReadableFile, options: FindOptions): ReadFile {
  const { refused, onParse } = options;
  const name = recogniseName(file.path);
  const byName = name.kind === 'other' ? 'data' : 'compose';
  const blank = { file, name, documents: [], problems: [] };
  if (isBlank(file.text)) return { ...blank, content: byName === 'compose' ? 'compose' : 'blank' };
  const look = glance(file.path, file.text);
  if (look === 'no' && byName === 'data') return { ...blank, content: 'data' };
  const refusal = refused?.get(file.path);
  if (refusal === undefined) onParse?.(file.path);
  const { documents, problems } =
    refusal === undefined ? parseFile(file, options) : { documents: [], problems: [refusal] };
  const isBroken = !isAcceptable(problems);
  const isEnvelopes = isBroken ? look === 'ours' : documents.some(isOurs);
  const content = isEnvelopes ? 'envelopes' : byName;
  if (content === 'data') return { file, name, content, documents: [], problems };
  return { file, name, content, documents, problems: [...problems, ...secretsShownIn(file, content)] };
}

/** A half-written file says too little: none of it is used, even if a document in it can be read. */
function draftsOf(
  { content, documents, problems, file }: ReadFile,
  around: Pick<Surroundings, 'home' | 'textOf'>,
): readonly Draft[] {
  if (content !== 'envelopes') return [];
  if (!isAcceptable(problems)) return [brokenDraft(file.path, problems)];
  const { path: name, original } = file;
  const surroundings = { ...around, file: name, original, secretVariables: secretEnv(file) };
  return documents
    .filter((document) => isOurs(document) && !isRepository(document))
    .map((document) => {
      if (!isReachability(document)) return readEnvelope(document, surroundings);
      const draft = { name: undefined, file: name, at: document.at, manifest: undefined };
      return { ...draft, ...readReachability(document) };
    });
}

function repositoriesOf({ content, documents, problems, file }: ReadFile): readonly RepositoryDraft[] {
  if (content !== 'envelopes' || !isAcceptable(problems)) return [];
  return documents.filter(isRepository).map((document) => readRepository(document, file.path));
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
    liftCompose({ base: text, overrides: [], nameOfFile, isFound: false, passedOver: [], home }),
  );
  if (base === undefined) return drafts;
  const passedOver = others.map(({ file }) => file.path);
  const overrides = override === undefined ? [] : [override];
  return [
    ...drafts,
    liftCompose({ base, overrides, nameOfFile: undefined, isFound: true, passedOver, home }),
  ];
}

function ranked(files: readonly ReadFile[]): readonly ReadFile[] {
  return files.toSorted((a, b) => rankOf(a.name) - rankOf(b.name));
}

function rankOf(name: FileName): number {
  return name.kind === 'other' ? 0 : name.rank;
}
