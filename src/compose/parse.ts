import { Composer, type Document } from 'yaml';
import type { Position, Problem } from '../model/problem.ts';
import { lineTable } from './line-table.ts';
import { readTokens } from './parse-tokens.ts';
import { buildTree } from './parse-tree.ts';
import { errorAt } from './report.ts';
import { isNull, type Tree } from './tree.ts';

/** Bounds of one YAML file. What is refused here could otherwise stall or exhaust the daemon. */
export const yamlLimits = {
  /** Size of the text in bytes. */
  bytes: 1024 * 1024,
  lines: 100_000,
  /** Words and punctuation marks, before anything is built from them. */
  tokens: 300_000,
  /** Nodes after aliases were expanded. */
  nodes: 100_000,
  /** Nesting of mappings and lists, as written and after aliases were expanded. */
  depth: 64,
} as const;

export interface ParsedYaml {
  /** The documents that could be read, in the file's order; empty ones are left out. */
  readonly documents: readonly Tree[];
  readonly problems: readonly Problem[];
}

/**
 * Reads YAML (or JSON) text into trees: aliases expanded, `<<` merged in, scalars resolved as docker
 * compose resolves them, Compose's `!reset` and `!override` kept as tags. A document with an error is
 * left out and reported with file, line and column. Never throws. `dates` says what becomes of those.
 */
export function parseYaml(
  file: string,
  text: string,
  { dates }: { readonly dates?: 'refused' | 'text' } = {},
): ParsedYaml {
  const body = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const refused = refuseText(file, body);
  if (refused !== undefined) return { documents: [], problems: [refused] };
  const positionOf = lineTable(file, body);
  const read = readTokens(body, yamlLimits);
  if (!read.ok) {
    const problem =
      read.fault === 'depth'
        ? tooDeep(positionOf(read.offset))
        : tooLong(file, `${yamlLimits.tokens} tokens`);
    return { documents: [], problems: [problem] };
  }
  const composer = new Composer({
    version: '1.2',
    schema: 'failsafe',
    strict: true,
    uniqueKeys: false,
    merge: false,
    logLevel: 'silent',
    prettyErrors: false,
  });
  const documents: Tree[] = [];
  const problems: Problem[] = [];
  for (const document of composer.compose(read.tokens, false, body.length)) {
    const made = readDocument(document, positionOf, { ...yamlLimits, dates });
    problems.push(...made.problems);
    if (made.tree !== undefined && !isNull(made.tree)) documents.push(made.tree);
  }
  return { documents, problems };
}

function readDocument(
  document: Document.Parsed,
  positionOf: (offset: number) => Position,
  limits: Parameters<typeof buildTree>[2],
): { readonly tree?: Tree; readonly problems: readonly Problem[] } {
  const faults = document.errors;
  if (faults.length > 0) {
    return {
      problems: faults.slice(0, maxSyntaxProblems).map((fault) =>
        errorAt('InvalidYaml', syntaxMessage(fault.message), {
          at: positionOf(fault.pos[0]),
          hint: 'check the indentation, the quotes and the brackets around this place',
        }),
      ),
    };
  }
  if (document.contents === null) return { problems: [] };
  return buildTree(document.contents, positionOf, limits);
}

/** One broken line often causes a cascade; the first few are what helps. */
const maxSyntaxProblems = 5;

/** One line, lower case; what the parser quotes from the file might be a secret. */
function syntaxMessage(message: string): string {
  const first = (message.split('\n')[0] ?? message).replaceAll(/"(?:[^"\\]|\\.){4,}"/g, '"..."');
  return first.charAt(0).toLowerCase() + first.slice(1).replace(/\.$/, '');
}

// What YAML 1.2 calls c-printable, section 5.1.
const unprintable = /[^\t\n\r\x20-\x7E\x85\xA0-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;

function refuseText(file: string, text: string): Problem | undefined {
  if (Buffer.byteLength(text) > yamlLimits.bytes) return tooLong(file, `${yamlLimits.bytes} bytes`);
  if (hasMoreLines(text, yamlLimits.lines)) return tooLong(file, `${yamlLimits.lines} lines`);
  const bad = unprintable.exec(text);
  if (bad === null) return undefined;
  const before = text.slice(0, bad.index);
  const line = before.split('\n').length;
  const code = (bad[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  return errorAt('ControlCharacter', `control character U+${code} is not allowed in YAML`, {
    at: { file, line, column: bad.index - before.lastIndexOf('\n') },
    hint: 'remove it, or write it as an escape in a double-quoted string',
  });
}

function hasMoreLines(text: string, limit: number): boolean {
  let lines = 1;
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', end + 1)) lines += 1;
  return lines > limit;
}

function tooLong(file: string, limit: string): Problem {
  return errorAt('FileTooLarge', `the file has more than ${limit}`, {
    at: { file, line: 1, column: 1 },
    hint: 'split it, or move data into files of their own',
  });
}

function tooDeep(at: Position): Problem {
  return errorAt('NestedTooDeeply', `mappings and lists are nested more than ${yamlLimits.depth} deep`, {
    at,
    hint: 'make it flatter',
  });
}
