import { renderTable } from '../src/cli/output/table.ts';
import type { Bound, Case } from './case.ts';
import { ratioOf, type Summary, summarise } from './statistics.ts';

export interface SideResult {
  readonly name: string;
  readonly values: readonly number[];
}

export interface CaseResult {
  readonly name: string;
  readonly unit: Case['unit'];
  readonly bounds: readonly Bound[];
  readonly sides: readonly SideResult[];
}

interface Row {
  readonly name: string;
  readonly side: string;
  readonly median: string;
  readonly spread: string;
  readonly ratio: string;
  readonly bound: string;
  readonly kept: string;
}

/** A line for each side of each case; what is promised of the first side stands beside what it is compared with. */
export function renderResults(results: readonly CaseResult[]): string {
  const columns = [
    { title: 'CASE', value: (row: Row) => row.name },
    { title: 'SIDE', value: (row: Row) => row.side },
    { title: 'MEDIAN', value: (row: Row) => row.median },
    { title: 'QUARTILES', value: (row: Row) => row.spread },
    { title: 'STACKCTL IS', value: (row: Row) => row.ratio },
    { title: 'AT MOST', value: (row: Row) => row.bound },
    { title: 'KEPT', value: (row: Row) => row.kept },
  ];
  return renderTable(columns, results.flatMap(rowsOf)).text;
}

/** Bounds that are not kept, as sentences. */
export function brokenBounds(results: readonly CaseResult[]): readonly string[] {
  return results.flatMap((result) =>
    result.bounds
      .map((bound) => ({ bound, verdict: judge(result, bound) }))
      .filter(({ verdict }) => verdict?.kept === false)
      .map(({ bound, verdict }) => {
        const against = bound.against === undefined ? '' : ` of ${bound.against}`;
        return `${result.name}: ${verdict?.shown}${against}, at most ${shownBound(bound, result.unit)}`;
      }),
  );
}

function rowsOf(result: CaseResult): readonly Row[] {
  return result.sides.map(({ name, values }, index) => {
    const { median, quartiles } = summarise(values);
    const bound = result.bounds.find(({ against }) => against === (index === 0 ? undefined : name));
    const verdict = bound === undefined ? undefined : judge(result, bound);
    const ours = result.sides[0]?.values ?? [];
    return {
      name: index === 0 ? result.name : '',
      side: name,
      median: `${figure(median)} ${result.unit}`,
      spread: quartiles.map(figure).join(' - '),
      ratio: index === 0 ? '' : shownRatio(ratioOf(ours, values)),
      bound: bound === undefined ? '' : shownBound(bound, result.unit),
      kept: verdict === undefined ? '' : verdict.kept ? 'yes' : 'NO',
    };
  });
}

interface Verdict {
  readonly kept: boolean;
  readonly shown: string;
}

/** Undefined: the other side is not here. */
function judge({ sides, unit }: CaseResult, { against, atMost, plus = 0 }: Bound): Verdict | undefined {
  const ours = sides[0]?.values ?? [];
  if (against === undefined) {
    const { median } = summarise(ours);
    return { kept: median <= atMost, shown: `${figure(median)} ${unit}` };
  }
  const theirs = sides.find(({ name }) => name === against)?.values;
  if (theirs === undefined) return undefined;
  const ratio = ratioOf(
    ours.map((value) => value - plus),
    theirs,
  );
  return { kept: ratio.median <= atMost, shown: shownRatio(ratioOf(ours, theirs)) };
}

const shownRatio = ({ median, quartiles: [low, high] }: Summary): string =>
  `${figure(median)} times (${figure(low)} - ${figure(high)})`;

const shownBound = ({ against, atMost, plus }: Bound, unit: string): string =>
  `${atMost} ${against === undefined ? unit : 'times'}${plus === undefined ? '' : ` + ${plus} ${unit}`}`;

const figure = (value: number): string =>
  Math.abs(value) >= 100 ? value.toFixed(0) : Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2);
