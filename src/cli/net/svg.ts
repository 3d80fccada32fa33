import type { Grid, GridCell } from './matrix.ts';

const CELL = 22;
const CHARACTER = 6.6;
const MARGIN = 12;
const FILLS: Readonly<Record<GridCell['tone'], string>> = {
  open: '#2e7d32',
  partly: '#f9a825',
  closed: '#eceff1',
  empty: '#ffffff',
};

/** A grid as a picture: a square for each pair, its colour for how open it is, a red frame where it is not as declared. */
export function renderSvg({ title, columns, rows, legend }: Grid): string {
  const left = MARGIN + CHARACTER * longest(rows.map(({ name }) => name)) + 8;
  const top = MARGIN + 24 + CHARACTER * longest(columns) + 8;
  const width = Math.ceil(
    Math.max(
      left + columns.length * CELL + MARGIN,
      CHARACTER * longest([title, legend.join('   ')]) + 2 * MARGIN,
    ),
  );
  const height = Math.ceil(top + rows.length * CELL + 24 + MARGIN);
  const heads = columns.map((name, index) => {
    const x = left + index * CELL + CELL / 2 + 4;
    return `<text x="${x}" y="${top - 6}" transform="rotate(-90 ${x} ${top - 6})">${escapeXml(name)}</text>`;
  });
  const body = rows.flatMap(({ name, cells }, row) => {
    const y = top + row * CELL;
    const label = `<text x="${left - 8}" y="${y + 15}" text-anchor="end">${escapeXml(name)}</text>`;
    return [
      label,
      ...cells.map((cell, index) =>
        square(cell, { x: left + index * CELL, y, title: `${name} → ${columns[index] ?? ''}` }),
      ),
    ];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="ui-monospace, monospace" font-size="11">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="${MARGIN}" y="${MARGIN + 10}" font-size="13">${escapeXml(title)}</text>`,
    ...heads,
    ...body,
    `<text x="${MARGIN}" y="${height - MARGIN}">${escapeXml(legend.join('   '))}</text>`,
    '</svg>',
    '',
  ].join('\n');
}

function square(
  { text, tone, differs }: GridCell,
  { x, y, title }: { readonly x: number; readonly y: number; readonly title: string },
): string {
  const frame = differs ? ' stroke="#c62828" stroke-width="2"' : ' stroke="#cfd8dc"';
  const ink = tone === 'open' ? '#ffffff' : '#37474f';
  const says = text.length > 3 ? '+' : text;
  return `<g><title>${escapeXml(`${title}: ${text === '' ? '-' : text}`)}</title><rect x="${x + 1}" y="${y + 1}" width="${CELL - 2}" height="${CELL - 2}" fill="${FILLS[tone]}"${frame}/><text x="${x + CELL / 2}" y="${y + 15}" text-anchor="middle" fill="${ink}">${escapeXml(says)}</text></g>`;
}

const longest = (texts: readonly string[]): number => Math.max(0, ...texts.map((text) => text.length));

const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
