import type { Files, FileText } from '../model/files.ts';
import type { Position } from '../model/problem.ts';
import type { DotenvResult } from './dotenv.ts';
import type { FieldPath } from './field-path.ts';
import { parseYaml } from './parse.ts';
import { errorAt, type Report } from './report.ts';
import { isSecretField, shownSecrets } from './secret-fields.ts';
import type { Lookup } from './template.ts';
import type { Tree } from './tree.ts';

/** What one call of `loadProject` shares between its phases. */
export interface Loading {
  readonly files: Files;
  readonly report: Report;
  readonly home: string | undefined;
  /** `kept`: variables are not filled in, and what they stand in is neither checked nor read. */
  readonly templates: 'filled' | 'kept';
  /** Every file that was read or looked for. */
  readonly filesUsed: Set<string>;
  /** Values of configs and secrets that come from variables, by `configs.NAME` and `secrets.NAME`. */
  readonly contents: Map<string, string>;
  /** Variables whose values came out of encrypted files: they may stand where nobody is shown them. */
  readonly secretVariables: Set<string>;
  readonly state: {
    /** What may still be read; counted down. */
    filesLeft: number;
    charactersLeft: number;
    /** A document is missing: what refers to its content is not at fault. */
    isIncomplete: boolean;
  };
}

/** What a group of files has in common: the project's own, or those of one include. */
export interface Scope {
  /** Absolute; relative paths are relative to it. */
  readonly directory: string;
  readonly lookup: Lookup;
}

/** Bounds over all files of one project: includes and env files multiply. */
export const loadingLimits = { files: 512, characters: 16 * 1024 * 1024 } as const;

/** Who asked for a file: where the problem goes when it cannot be read. */
export interface Request {
  readonly path?: FieldPath;
  readonly at?: Position | undefined;
  /** What the file is, in a message: `the included file`. */
  readonly role: string;
}

/** A text that could be read. */
export type TextRead = Extract<FileText, { ok: true }>;

/** Reads a text and counts it; undefined after reporting why not. */
export function readText(file: string, request: Request, loading: Loading): TextRead | undefined {
  loading.filesUsed.add(file);
  const read = readBounded(file, loading);
  if (read.ok) return read;
  loading.report(
    read.problem ??
      errorAt(
        read.reason === 'missing' ? 'FileNotFound' : 'FileNotReadable',
        `${request.role} ${file} ${read.message}`,
        {
          ...(request.path === undefined ? {} : { path: request.path }),
          at: request.at,
          hint: 'check the path: it is relative to the directory of the project',
        },
      ),
  );
  return undefined;
}

/** Reads a text that need not be there; undefined without a problem when it is missing. */
export function readOptionalText(file: string, request: Request, loading: Loading): TextRead | undefined {
  if (loading.files.kind(file) !== 'missing') return readText(file, request, loading);
  loading.filesUsed.add(file);
  return undefined;
}

/** Keeps the names of the variables that an encrypted file sets, and of those that are made from such. */
export function noteSecretVariables(
  { sealed }: TextRead,
  parsed: { readonly before: ReadonlyMap<string, string>; readonly after: DotenvResult },
  { secretVariables }: Loading,
): void {
  const { variables, madeFrom } = parsed.after;
  if (sealed !== undefined) {
    for (const [name, value] of variables) if (parsed.before.get(name) !== value) secretVariables.add(name);
  }
  // In the order of the file: each is made from earlier ones.
  for (const [name, used] of madeFrom) {
    if (used.some((each) => secretVariables.has(each))) secretVariables.add(name);
  }
}

/** Reads and parses a YAML file; its problems are reported. */
export function readDocuments(file: string, request: Request, loading: Loading): readonly Tree[] {
  const read = readText(file, request, loading);
  const parsed = read === undefined ? undefined : parseYaml(file, read.text);
  loading.state.isIncomplete ||= parsed === undefined || parsed.problems.length > 0;
  if (read === undefined || parsed === undefined) return [];
  shownSecrets(read.sealed ?? [], isSecretField).forEach(loading.report);
  parsed.problems.forEach(loading.report);
  return parsed.documents;
}

function readBounded(file: string, loading: Loading): FileText {
  loading.state.filesLeft -= 1;
  if (loading.state.filesLeft < 0) {
    return {
      ok: false,
      reason: 'too-large',
      message: `is one too many: a project reads at most ${loadingLimits.files}`,
    };
  }
  const read = loading.files.readText(file);
  if (!read.ok) return { ...read, message: failureWords[read.reason] };
  loading.state.charactersLeft -= read.text.length;
  if (loading.state.charactersLeft < 0) {
    return { ok: false, reason: 'too-large', message: 'makes the files of this project too large' };
  }
  // As a write that did not end leaves them; no variable and no YAML can hold them.
  if (read.text.includes('\0')) return { ok: false, reason: 'unstable', message: 'contains NUL bytes' };
  return read;
}

const failureWords: Readonly<Record<Exclude<FileText, { ok: true }>['reason'], string>> = {
  missing: 'is not there',
  'not-a-file': 'is not a file',
  'too-large': 'is too large',
  unstable: 'changed while it was read',
  denied: 'may not be read',
  'outside-root': 'lies outside the directory that may be read',
};
