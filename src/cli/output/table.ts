import stringWidth from 'fast-string-width';

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string;
  /** How much room to leave for what is still to come, when the table is printed piece by piece. */
  readonly room?: number;
  /** Applied after the width was measured. */
  readonly paint?: (text: string) => string;
}

const GAP = '   ';

export interface TableOptions {
  readonly header: boolean;
  /** Of an earlier part of the same table, to keep the columns in line. */
  readonly widths?: readonly number[] | undefined;
  /** More parts will follow. */
  readonly growing?: boolean;
}

/** An aligned table, a line a row, and the widths of its columns. */
export function renderTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  options: TableOptions = { header: true },
): { readonly text: string; readonly widths: readonly number[] } {
  const cells = rows.map((row) => columns.map((column) => printable(column.value(row))));
  const widths = columns.map((column, index) =>
    Math.max(
      options.widths?.[index] ?? 0,
      options.growing === true ? (column.room ?? 0) : 0,
      stringWidth(column.title),
      ...cells.map((line) => stringWidth(line[index] ?? '')),
    ),
  );
  const layOut = (line: readonly string[], painted: boolean): string =>
    line
      .map((cell, index) => {
        const paint = painted ? columns[index]?.paint : undefined;
        const isLast = line.slice(index + 1).every((rest) => rest === '');
        const space = isLast ? '' : ' '.repeat((widths[index] ?? 0) - stringWidth(cell)) + GAP;
        return `${paint === undefined ? cell : paint(cell)}${space}`;
      })
      .join('')
      .trimEnd();
  const head = options.header
    ? [
        layOut(
          columns.map(({ title }) => title),
          false,
        ),
      ]
    : [];
  const text = [...head, ...cells.map((line) => layOut(line, true))].map((line) => `${line}\n`).join('');
  return { text, widths };
}

/** One line without control characters: what comes from containers and files must not steer the terminal. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ');
}
