import type { PolicyBreach, VerifyCell, VerifyReport } from '../../api/verify-contract.ts';
import { Failure } from '../../model/failure.ts';
import type { Context } from '../command.ts';
import { UsageError } from '../option.ts';
import { renderDocument } from '../output/document.ts';
import { type Column, printable, renderTable } from '../output/table.ts';
import { renderJUnit } from './verify-junit.ts';

export type VerifyFormat = 'table' | 'wide' | 'json' | 'yaml' | 'junit';

interface Asked {
  readonly stacks: readonly string[];
  readonly format: VerifyFormat;
  /** `HOST:PORT`, as the user wrote it. */
  readonly outside: string | undefined;
}

/** Has the daemon probe who reaches whom; 1 when declared, observed and probed differ anywhere, or a policy is broken. */
export async function showVerification(asked: Asked, context: Context): Promise<number> {
  const outside = asked.outside === undefined ? undefined : parseTarget(asked.outside);
  const client = await context.client();
  const notices = await client.verify({ stacks: asked.stacks, outside }, context.signal);
  const { isTerminal } = context.stderr;
  let report: VerifyReport | undefined;
  for await (const notice of notices) {
    if (notice.kind === 'report') report = notice.report;
    else if (isTerminal) {
      const line = `probing ${notice.done}/${notice.total}: ${notice.from}`;
      await context.stderr.write(`\r\u001b[K${printable(line).slice(0, (context.stderr.columns ?? 80) - 1)}`);
    }
  }
  if (isTerminal) await context.stderr.write('\r\u001b[K');
  if (report === undefined) throw new Failure('unreachable', 'the daemon broke the verification off');
  await context.stdout.write(await render(report, asked.format, context));
  const isWrong = report.cells.some(({ differs }) => differs) || report.policies.broken.length > 0;
  return isWrong ? 1 : 0;
}

/** `HOST:PORT` or `[ADDRESS]:PORT`. */
function parseTarget(text: string): { readonly host: string; readonly port: number } {
  const [, bracketed, plain, digits] = /^(?:\[([0-9a-fA-F:]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host !== undefined && port >= 1 && port <= 65_535) return { host, port };
  throw new UsageError(
    `--outside "${text}": expected HOST:PORT`,
    'such as 192.0.2.7:443 or [2001:db8::7]:443',
  );
}

async function render(report: VerifyReport, format: VerifyFormat, context: Context): Promise<string> {
  if (format === 'json' || format === 'yaml') return renderDocument(format, report);
  if (format === 'junit') return junit(report);
  return table(report, format === 'wide', context);
}

function table(report: VerifyReport, isWide: boolean, { colors }: Context): string {
  const { cells, policies, skipped } = report;
  const differing = cells.filter(({ differs }) => differs);
  const shown = isWide ? cells : differing;
  const word = (finding: string) => (finding === 'unknown' ? '-' : finding);
  const columns: readonly Column<VerifyCell>[] = [
    {
      title: 'RESULT',
      value: ({ differs }) => (differs ? 'differs' : 'ok'),
      paint: (text) => (text === 'ok' ? colors.good(text) : colors.bad(text)),
    },
    { title: 'FROM', value: ({ from }) => from },
    { title: 'TO', value: ({ to }) => to },
    {
      title: 'WHAT',
      value: ({ kind, what }) => (kind === 'name' ? `name ${what}` : what === '' ? 'any port' : what),
    },
    { title: 'DECLARED', value: ({ declared }) => word(declared) },
    { title: 'OBSERVED', value: ({ observed }) => word(observed) },
    { title: 'PROBED', value: ({ probed }) => word(probed) },
    { title: 'DETAIL', value: ({ detail }) => detail },
  ];
  const { text } = shown.length === 0 ? { text: '' } : renderTable(columns, shown);
  const broken = policies.broken.map((each) => `${colors.bad('broken')}: ${printable(sayBreach(each))}\n`);
  const notes = skipped.map((line) => `${colors.busy('not probed')}: ${printable(line)}\n`).join('');
  const wrong = [
    ...(differing.length > 0 ? [`${differing.length} ${plural('difference', differing.length)}`] : []),
    ...(broken.length > 0 ? [`${broken.length} broken ${plural('rule', broken.length)} of policies`] : []),
  ];
  const summary =
    wrong.length === 0
      ? `${colors.good('as declared')}: ${counts(report)}\n`
      : `${colors.bad(wrong.join(', '))}: ${counts(report)}; \`stackctl net explain A B\` tells why\n`;
  return [text, broken.join(''), notes, summary].filter((part) => part !== '').join('\n');
}

const plural = (word: string, count: number): string => (count === 1 ? word : `${word}s`);

/** `policy zones, the data stays apart (/srv/zones.yaml:9:7): web must not reach db, and does: both are on back` */
const sayBreach = ({ policy, rule, at, message }: PolicyBreach): string =>
  `policy ${policy}, ${rule} (${at}): ${message}`;

function counts({ cells, policies, probes, tookMs, stacks }: VerifyReport): string {
  const proved = cells.filter(({ probed }) => probed !== 'unknown').length;
  const of = stacks.length === 1 ? `stack ${stacks[0]}` : `${stacks.length} stacks`;
  const isKept = policies.checked > 0 && policies.broken.length === 0;
  const rules = isKept ? ', no rule of policies is broken' : '';
  return `${proved} of ${cells.length} statements about ${of} proved by ${probes} probes in ${(tookMs / 1000).toFixed(1)} s${rules}`;
}

function junit(report: VerifyReport): string {
  const cases = report.cells.map((cell) => ({
    suite: cell.kind,
    name: `${cell.from} -> ${cell.to} ${cell.what}`.trim(),
    failure: cell.differs
      ? `declared ${cell.declared}, observed ${cell.observed}, probed ${cell.probed}: ${cell.detail}`
      : undefined,
  }));
  const rules = report.policies.broken.map(({ policy, rule, at, message }) => ({
    suite: `policy ${policy}`,
    name: rule,
    failure: `${at}: ${message}`,
  }));
  return renderJUnit({ name: 'stackctl net verify', cases: [...cases, ...rules], tookMs: report.tookMs });
}
