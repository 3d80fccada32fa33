import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../../..');

/** A fenced block of a document. */
export interface Block {
  /** The word behind the opening fence: `sh`, `yaml`. */
  readonly language: string;
  readonly text: string;
  /** Of its first line of text, from 1. */
  readonly line: number;
  /** The nearest heading above, without its signs. */
  readonly heading: string;
  /** What the HTML comment on the line before the fence says, such as `file: hello/compose.yaml`. */
  readonly mark: string | undefined;
}

/** Reads a document by its path from the root of the repository. */
export function readDocument(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** All fenced blocks, in order. */
export function blocksOf(markdown: string): readonly Block[] {
  const blocks: Block[] = [];
  let heading = '';
  let open: { language: string; line: number; mark: string | undefined; lines: string[] } | undefined;
  let before = '';
  for (const [index, line] of markdown.split('\n').entries()) {
    const fence = /^```(\w*)$/.exec(line);
    if (open === undefined && fence !== null) {
      const mark = /^<!-- (.*) -->$/.exec(before)?.[1];
      open = { language: fence[1] ?? '', line: index + 2, mark, lines: [] };
    } else if (open !== undefined && line === '```') {
      const { lines, ...rest } = open;
      blocks.push({ ...rest, heading, text: `${lines.join('\n')}\n` });
      open = undefined;
    } else if (open !== undefined) {
      open.lines.push(line);
    } else {
      heading = /^#+ (.*)$/.exec(line)?.[1] ?? heading;
    }
    before = line;
  }
  if (open !== undefined) throw new Error(`the block at line ${open.line} is never closed`);
  return blocks;
}

/** Headings outside of blocks, without their signs, with their level. */
export function headingsOf(markdown: string): readonly { readonly level: number; readonly text: string }[] {
  const outside = markdown.replace(/^```\w*\n[\s\S]*?^```$/gm, '');
  return [...outside.matchAll(/^(#+) (.*)$/gm)].map(([, signs = '', text = '']) => ({
    level: signs.length,
    text,
  }));
}

/** The value of a mark: `fileOf` for `file: PATH`, and so on. */
export function markValue(block: Block, key: string): string | undefined {
  return block.mark?.startsWith(`${key}: `) === true ? block.mark.slice(key.length + 2) : undefined;
}

/** Rows of all tables, as the texts of their cells; headings and rules are left out. */
export function tableRows(markdown: string): readonly (readonly string[])[] {
  const rows: (readonly string[])[] = [];
  const lines = markdown.split('\n');
  for (const [index, line] of lines.entries()) {
    const isRow =
      line.startsWith('| ') && !line.startsWith('| ---') && !lines[index + 1]?.startsWith('| ---');
    if (isRow)
      rows.push(
        line
          .slice(1, -1)
          .split(/(?<!\\)\|/)
          .map((cell) => cell.trim()),
      );
  }
  return rows;
}
