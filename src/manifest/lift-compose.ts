import path from 'node:path/posix';
import { nameKind } from '../compose/check-tree.ts';
import { normalForm } from '../compose/project-name.ts';
import { errorAt, warningAt } from '../compose/report.ts';
import { substitute } from '../compose/template.ts';
import { fieldOf, type Tree, textField } from '../compose/tree.ts';
import { isAcceptable, type Problem } from '../model/problem.ts';
import { readSpecFields } from './control.ts';
import { type Draft, startOf } from './draft.ts';
import { isBlank } from './recognise.ts';
import { revisionOf } from './revision.ts';
import { namePattern } from './schema/envelope.ts';
import type { ReadableFile } from './stack.ts';

/** A Compose file as parsed. */
export interface ComposeText {
  readonly file: ReadableFile;
  readonly documents: readonly Tree[];
  readonly problems: readonly Problem[];
}

/** A plain Compose file that becomes a stack. */
export interface LiftRequest {
  readonly base: ComposeText;
  /** Files laid over it, in order: the override file beside it, or what else was named. */
  readonly overrides: readonly ComposeText[];
  /** From `NAME.compose.yaml`. */
  readonly nameOfFile: string | undefined;
  /** Nobody named the files: they have the names by which docker compose looks for them. */
  readonly isFound: boolean;
  /** Files that would be taken if `base` were not there. */
  readonly passedOver: readonly string[];
  readonly home: string | undefined;
}

/**
 * Makes a stack of a plain Compose file: named by its `name:`, else by its file, else by its directory, with
 * every control field's default. A `name:` made of variables counts with their defaults; when they have
 * none the stack is named as if it were not there.
 */
export function liftCompose(request: LiftRequest): Draft {
  const { base, overrides, nameOfFile, isFound, passedOver, home } = request;
  const { path: file } = base.file;
  const directory = path.dirname(file);
  const texts = [base, ...overrides];
  const name = declaredName(texts) ?? normalForm(nameOfFile ?? path.basename(directory));
  const problems = [
    ...checkDocuments(base),
    ...overrides.filter((override) => !isCommentedOut(override)).flatMap(checkDocuments),
    ...(namePattern.test(name) ? [] : [badName(name, texts)]),
    ...passedOver.map((other) => notUsed(other, file)),
  ];
  const draft = { name, file, at: base.documents[0]?.at ?? startOf(file), problems };
  if (!isAcceptable(problems)) return { ...draft, manifest: undefined };
  return {
    ...draft,
    manifest: {
      name,
      labels: {},
      annotations: {},
      control: readSpecFields(undefined, directory).control,
      compose: {
        name,
        projectDirectory: directory,
        inputs: texts.map((each) => ({ kind: 'text', file: each.file.path, text: each.file.text })),
        environment: {},
        envFiles: [],
        profiles: [],
        home,
        foundByName: isFound,
      },
      files: texts.map((each) => each.file.path),
      at: draft.at,
      revision: revisionOf(texts.map(({ file: { original, text } }) => original ?? text)),
    },
  };
}

/** Files that a Compose file includes: they are parts of it. Absolute. */
export function filesIncludedBy({ file, documents }: ComposeText): string[] {
  const directory = path.dirname(file.path);
  return documents
    .flatMap((document) => textsIn(fieldOf(document, 'include')))
    .map((name) => path.resolve(directory, name));
}

/** `[a]`, `[{path: a}]`, `[{path: [a, b]}]`. */
function textsIn(include: Tree | undefined): string[] {
  if (include?.kind === 'sequence') return include.items.flatMap(textsIn);
  if (include?.kind === 'mapping') return textsIn(fieldOf(include, 'path'));
  return typeof include?.value === 'string' ? [include.value] : [];
}

function declaredName(texts: readonly ComposeText[]): string | undefined {
  const templates = texts.flatMap(({ documents }) =>
    documents.map((document) => textField(document, 'name')),
  );
  const template = templates.findLast((each) => each !== undefined);
  const filled = template === undefined ? undefined : substitute(template, () => undefined);
  if (filled?.ok !== true || filled.unset.length > 0) return undefined;
  const name = normalForm(filled.text);
  return name === '' ? undefined : name;
}

/** Files laid over another may say nothing, as for docker compose. One without any text may have been cut off. */
function isCommentedOut({ file, documents, problems }: ComposeText): boolean {
  return documents.length === 0 && problems.length === 0 && !isBlank(file.text);
}

function checkDocuments({ file, documents, problems }: ComposeText): readonly Problem[] {
  if (problems.length > 0) return problems;
  if (documents.length === 0) return [emptyFile(file.path)];
  return documents
    .filter((document) => document.kind !== 'mapping')
    .map((document) =>
      errorAt('WrongType', `expected a map, got ${nameKind(document)}`, {
        at: document.at,
        hint: 'start the file with "services:"',
      }),
    );
}

export function emptyFile(file: string): Problem {
  return errorAt('EmptyFile', 'there is nothing in the file', {
    at: startOf(file),
    hint: 'add "services:", or remove the file',
  });
}

function badName(name: string, texts: readonly ComposeText[]): Problem {
  const declared = texts.flatMap(({ documents }) => documents).findLast((each) => fieldOf(each, 'name'));
  return errorAt('InvalidValue', `"${name}" cannot be the name of a stack`, {
    path: ['name'],
    at: fieldOf(declared, 'name')?.at ?? startOf(texts[0]?.file.path ?? ''),
    hint: 'add a "name:" of up to 63 lower-case letters, digits, "-" and "_"',
  });
}

function notUsed(file: string, instead: string): Problem {
  return warningAt('FileNotUsed', `the file is not used, because ${path.basename(instead)} is beside it`, {
    at: startOf(file),
    hint: 'remove one of them, or rename this one to NAME.compose.yaml',
  });
}
