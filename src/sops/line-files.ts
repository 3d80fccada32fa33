import type { ParsedSealed, SealedLeaf, Span } from './sealed-file.ts';
import { isSealedValue, type OpenedValue } from './value.ts';

interface Line extends Span {
  readonly text: string;
  readonly number: number;
}

const PREFIX = 'sops_';
const SEALED_COMMENT = /^[ \t]*[#;][ \t]*ENC\[AES256_GCM,/;

/** `KEY=value` a line; `\n` within a value is a line break, as `sops` writes them. */
export function parseDotenvFile(file: string, body: string): ParsedSealed {
  const leaves: SealedLeaf[] = [];
  const cuts: Span[] = [];
  const metadata: Record<string, string> = Object.create(null);
  let metadataLine = 0;
  for (const line of linesOf(body)) {
    const equals = line.text.indexOf('=');
    if (SEALED_COMMENT.test(line.text)) cuts.push({ start: line.start, end: line.end });
    if (line.text === '' || line.text.startsWith('#') || equals === -1) continue;
    const key = line.text.slice(0, equals);
    const raw = line.text.slice(equals + 1);
    const value = raw.replaceAll('\\n', '\n');
    if (key.startsWith(PREFIX)) {
      metadata[key.slice(PREFIX.length)] = value;
      metadataLine ||= line.number;
      cuts.push({ start: line.start, end: line.end });
      continue;
    }
    const start = line.start + equals + 1;
    leaves.push(leafOf(file, line, { keys: [key], value, span: { start, end: start + raw.length } }));
  }
  if (metadataLine === 0) return { kind: 'plain' };
  return {
    kind: 'sealed',
    file: {
      body,
      leaves,
      metadata,
      metadataAt: { file, line: metadataLine, column: 1 },
      cuts: cuts.map((cut) => ({ ...cut, by: '' })),
      write: ({ bytes }) => bytes.toString('utf8').replaceAll('\n', '\\n'),
    },
  };
}

/** Sections of `key = value`; keys before the first section are in one called DEFAULT. */
export function parseIniFile(file: string, body: string): ParsedSealed {
  const leaves: SealedLeaf[] = [];
  const cuts: Span[] = [];
  const metadata: Record<string, string> = Object.create(null);
  let metadataLine = 0;
  let section = 'DEFAULT';
  for (const line of linesOf(body)) {
    const header = /^[ \t]*\[([^\]]*)\]/.exec(line.text)?.[1]?.trim();
    section = header ?? section;
    const isMetadata = section === 'sops';
    if (isMetadata || SEALED_COMMENT.test(line.text)) cuts.push({ start: line.start, end: line.end });
    if (isMetadata) metadataLine ||= line.number;
    const split = header === undefined ? /[=:]/.exec(line.text) : null;
    if (split === null || /^[ \t]*(?:[#;]|$)/.test(line.text)) continue;
    const key = line.text.slice(0, split.index).trim();
    const behind = line.text.slice(split.index + 1);
    const raw = behind.trim();
    if (isMetadata) {
      metadata[key] = unquoted(raw).replaceAll('\\n', '\n');
      continue;
    }
    const start = line.start + split.index + 1 + (behind.length - behind.trimStart().length);
    const span = { start, end: start + raw.length };
    leaves.push(leafOf(file, line, { keys: [section, key], value: unquoted(raw), span }));
  }
  if (metadataLine === 0) return { kind: 'plain' };
  return {
    kind: 'sealed',
    file: {
      body,
      leaves,
      metadata,
      metadataAt: { file, line: metadataLine, column: 1 },
      cuts: cuts.map((cut) => ({ ...cut, by: '' })),
      write: writeIni,
    },
  };
}

/** With the line break at its end in the span, and not in the text. */
function* linesOf(body: string): Generator<Line> {
  let start = 0;
  for (let number = 1; start < body.length; number += 1) {
    const found = body.indexOf('\n', start);
    const end = found === -1 ? body.length : found + 1;
    yield { start, end, number, text: body.slice(start, end).replace(/\r?\n$/, '') };
    start = end;
  }
}

function leafOf(
  file: string,
  line: Line,
  { keys, value, span }: { readonly keys: readonly string[]; readonly value: string; readonly span: Span },
): SealedLeaf {
  return {
    keys,
    path: keys,
    at: { file, line: line.number, column: span.start - line.start + 1 },
    text: value,
    clear: Buffer.from(value),
    span: isSealedValue(value) ? span : undefined,
  };
}

/** As the INI reader of `sops` takes values: three kinds of quotes, and comments behind a value that has none. */
function unquoted(raw: string): string {
  const quote = ['"""', '`', '"', "'"].find(
    (each) => raw.length >= 2 * each.length && raw.startsWith(each) && raw.endsWith(each),
  );
  if (quote !== undefined) return raw.slice(quote.length, -quote.length);
  const comment = raw.search(/[#;]/);
  return comment === -1 ? raw : raw.slice(0, comment).trimEnd();
}

/** With the quotes that its INI writer gives them. */
function writeIni({ bytes }: OpenedValue): string {
  const text = bytes.toString('utf8');
  if (/[\n`]/.test(text)) return `"""${text}"""`;
  if (/[#;]/.test(text)) return `\`${text}\``;
  return text.trim() === text ? text : `"${text}"`;
}
