import {
  type Matrix,
  type NetworkCell,
  type NetworkMatrix,
  networkMatrix,
  type Reach,
  serviceMatrix,
} from '../../isolation/matrix.ts';
import type { Context } from '../command.ts';
import { renderDocument } from '../output/document.ts';
import { type Column, renderTable } from '../output/table.ts';
import type { Sight } from './sight.ts';
import { renderSvg } from './svg.ts';

export type MatrixFormat = 'table' | 'wide' | 'json' | 'yaml' | 'markdown' | 'svg';

export interface MatrixRequest {
  readonly by: 'service' | 'network';
  readonly format: MatrixFormat;
  readonly stacks: readonly string[];
  readonly strangers: boolean;
}

/** A matrix in the form of a grid of texts. */
export interface Grid {
  readonly title: string;
  readonly corner: string;
  readonly columns: readonly string[];
  readonly rows: readonly { readonly name: string; readonly cells: readonly GridCell[] }[];
  readonly legend: readonly string[];
}

export interface GridCell {
  readonly text: string;
  /** Of people's attention: an open way, one that is partly open, none, nothing to say. */
  readonly tone: 'open' | 'partly' | 'closed' | 'empty';
  /** It is otherwise in the manifests. */
  readonly differs: boolean;
}

export async function showMatrix(sight: Sight, request: MatrixRequest, context: Context): Promise<number> {
  const { format, by } = request;
  if (format === 'json' || format === 'yaml') {
    await context.stdout.write(await renderDocument(format, documentOf(sight, request)));
    return 0;
  }
  const grid = by === 'service' ? serviceGrid(sight, request) : networkGrid(sight, request);
  if (format === 'svg') await context.stdout.write(renderSvg(grid));
  else if (format === 'markdown') await context.stdout.write(renderMarkdown(grid));
  else await context.stdout.write(renderGrid(grid, format === 'wide'));
  return 0;
}

function documentOf({ declared, observed }: Sight, request: MatrixRequest) {
  const make = (model: Sight['declared']) =>
    request.by === 'service' ? serviceMatrix(model, request) : networkMatrix(model, request);
  return {
    by: request.by,
    declared: make(declared),
    ...(observed === undefined ? {} : { observed: make(observed) }),
  };
}

const MARKS: Readonly<Record<Reach, Omit<GridCell, 'differs'>>> = {
  all: { text: '✓', tone: 'open' },
  ports: { text: 'p', tone: 'partly' },
  none: { text: '·', tone: 'closed' },
  self: { text: '', tone: 'empty' },
};

const SERVICE_LEGEND = ['✓ every port', 'p published ports only', '· not at all'];
const NETWORK_LEGEND = ['✓ all services of the row', 'n of them (who: -o wide)', '· none'];

function serviceGrid({ declared, observed }: Sight, request: MatrixRequest): Grid {
  const wanted = serviceMatrix(declared, request);
  const shown = observed === undefined ? wanted : serviceMatrix(observed, request);
  return {
    title: titleOf(shown.origin),
    corner: 'FROM \\ TO',
    columns: shown.columns,
    rows: shown.rows.map((name, row) => ({
      name,
      cells: shown.columns.map((column, index) => {
        const reach = shown.cells[row]?.[index] ?? 'none';
        return {
          ...MARKS[reach],
          differs: observed !== undefined && reachIn(wanted, name, column) !== reach,
        };
      }),
    })),
    legend: legendOf(SERVICE_LEGEND, observed !== undefined),
  };
}

/** Of what is not declared nothing is declared to be open. */
function reachIn(matrix: Matrix, from: string, to: string): Reach {
  return matrix.cells[matrix.rows.indexOf(from)]?.[matrix.columns.indexOf(to)] ?? 'none';
}

function networkGrid({ declared, observed }: Sight, request: MatrixRequest): Grid {
  const wanted = networkMatrix(declared, request);
  const shown = observed === undefined ? wanted : networkMatrix(observed, request);
  const isLong = request.format === 'wide' || request.format === 'markdown';
  const gridCell = (name: string, column: string, now: NetworkCell): GridCell => {
    if (name === 'outside' && column === 'internet') return { text: '', tone: 'empty', differs: false };
    const before = cellIn(wanted, name, column);
    const differs =
      observed !== undefined && (before.reach !== now.reach || before.by.join() !== now.by.join());
    if (now.reach !== 'some') return { ...MARKS[now.reach], differs };
    return { text: isLong ? now.by.join(' ') : String(now.by.length), tone: 'partly', differs };
  };
  return {
    title: titleOf(shown.origin),
    corner: 'FROM \\ TO',
    columns: shown.columns,
    rows: shown.rows.map((name, row) => ({
      name,
      cells: shown.columns.map((column, index) =>
        gridCell(name, column, shown.cells[row]?.[index] ?? { reach: 'none', by: [] }),
      ),
    })),
    legend: legendOf(NETWORK_LEGEND, observed !== undefined),
  };
}

function cellIn(matrix: NetworkMatrix, from: string, to: string): NetworkCell {
  return matrix.cells[matrix.rows.indexOf(from)]?.[matrix.columns.indexOf(to)] ?? { reach: 'none', by: [] };
}

const titleOf = (origin: Matrix['origin']): string =>
  origin === 'declared' ? 'declared: what the manifests allow' : 'observed: what the engine shows';

const legendOf = (legend: readonly string[], isObserved: boolean): readonly string[] =>
  isObserved ? [...legend, '! other than declared'] : legend;

const textOf = ({ text, differs }: GridCell): string => (differs ? `${text === '' ? '·' : text}!` : text);

type Row = Grid['rows'][number];

/** Columns bear numbers, which the rows explain: names of services are long, and there are many. `wide` has them in full. */
function renderGrid({ title, corner, columns, rows, legend }: Grid, isWide: boolean): string {
  const number = (name: string): string => {
    const row = rows.findIndex((each) => each.name === name);
    return row === -1 ? name : String(row + 1);
  };
  const numbered: readonly Column<Row>[] = isWide ? [] : [{ title: '#', value: ({ name }) => number(name) }];
  const { text } = renderTable<Row>(
    [
      ...numbered,
      { title: corner, value: ({ name }) => name },
      ...columns.map((column, index) => ({
        title: isWide ? column : number(column),
        value: ({ cells }: Row) => cellText(cells[index]),
      })),
    ],
    rows,
  );
  return `${title}\n\n${text}\n${legend.join('   ')}\n`;
}

const cellText = (cell: GridCell | undefined): string => (cell === undefined ? '' : textOf(cell));

function renderMarkdown({ corner, columns, rows, legend }: Grid): string {
  const inTable = (text: string): string => text.replace(/[|\\]/g, '\\$&');
  const line = (cells: readonly string[]): string => `| ${cells.map(inTable).join(' | ')} |\n`;
  return [
    line([corner, ...columns]),
    line([corner, ...columns].map(() => '---')),
    ...rows.map(({ name, cells }) => line([name, ...cells.map(textOf)])),
    `\n${legend.join(', ')}\n`,
  ].join('');
}
