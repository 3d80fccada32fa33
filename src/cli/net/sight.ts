import { modelOf } from '../../isolation/model.ts';
import type { NetworkingReport } from '../../isolation/report.ts';
import type { Model } from '../../isolation/verdict.ts';
import { Failure } from '../../model/failure.ts';
import { isAcceptable } from '../../model/problem.ts';
import type { Context } from '../command.ts';
import { type LocalManifests, readEach, reportSetProblems } from '../local-manifests.ts';
import type { DeclaredNetworking } from '../manifest-loader.ts';
import { UsageError } from '../option.ts';

/** What a command about networks looks at. */
export interface Sight {
  readonly declared: Model;
  /** Undefined: only files were read, and no daemon was asked. */
  readonly observed: Model | undefined;
  readonly report: NetworkingReport | undefined;
}

/** Engines that a `--engine` may name, and the API version that stands for them. */
const ENGINES: Readonly<Record<string, string>> = {
  '20.10': '1.41',
  '23': '1.42',
  '24': '1.43',
  '25': '1.44',
  '26': '1.45',
  '27': '1.47',
  '28': '1.51',
  '29': '1.52',
};

/** The API version of `--engine`: a release of Docker, or an API version itself. Throws `UsageError`. */
export function engineApiVersion(text: string): string {
  if (Object.hasOwn(ENGINES, text)) return ENGINES[text] ?? text;
  if (/^1\.\d\d$/.test(text)) return text;
  throw new UsageError(
    `--engine "${text}": not known`,
    `give one of ${Object.keys(ENGINES).join(', ')}, or an API version such as 1.51`,
  );
}

/** Files with `-f`, else what the daemon knows. Throws `Failure` when the manifests are wrong. */
export async function lookAround(
  { filenames, engine }: { readonly filenames: readonly string[]; readonly engine: string },
  context: Context,
): Promise<Sight> {
  if (filenames.length > 0) {
    const { topology } = await readNetworking(filenames, engine, context);
    return { declared: modelOf(topology), observed: undefined, report: undefined };
  }
  const report = await (await context.client()).networking(context.signal);
  return { declared: modelOf(report.declared), observed: modelOf(report.observed), report };
}

/** What manifests make of the networks, with the files they came from. Throws `Failure` when they are wrong. */
export async function readNetworking(
  filenames: readonly string[],
  engine: string,
  context: Context,
): Promise<DeclaredNetworking & { readonly sets: readonly LocalManifests[] }> {
  const sets = await readEach(filenames, context);
  const requests = sets.map(({ set, reading }) => ({ manifests: set.manifests, reading }));
  const found = await context.loader.loadNetworking(requests, engineApiVersion(engine));
  const errors = found.problems.filter(({ severity }) => severity === 'error');
  const [first] = sets;
  if (first !== undefined) await reportSetProblems(errors, first, context);
  if (isAcceptable(found.problems)) return { ...found, sets };
  throw new Failure('invalid', 'the manifests are wrong, so nobody can tell what they allow');
}
