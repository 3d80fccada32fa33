import path from 'node:path/posix';
import type { Position, Problem } from '../model/problem.ts';
import { errorAt } from './report.ts';

/** A `.env` as read. */
interface Dotenv {
  readonly file: string;
  readonly text: string;
  readonly variables: ReadonlyMap<string, string>;
}

/**
 * `COMPOSE_FILE` in the `.env` beside a Compose file has docker compose load the files that it names. Here the files are
 * found before any variable is read, so it is no fault only when it names those that were found, in their order.
 */
export function otherComposeFiles(
  found: readonly string[],
  { file, text, variables }: Dotenv,
): readonly Problem[] {
  const named = variables.get('COMPOSE_FILE') ?? '';
  if (named === '') return [];
  const separator = variables.get('COMPOSE_PATH_SEPARATOR') || ':';
  const wanted = named.split(separator).map((each) => path.resolve(path.dirname(file), each));
  if (wanted.length === found.length && wanted.every((each, index) => each === found[index])) return [];
  const names = found.map((each) => path.basename(each)).join(', ');
  return [
    errorAt('ComposeFileIgnored', `COMPOSE_FILE names other files than ${names}, and is not followed`, {
      at: placeOf('COMPOSE_FILE', file, text),
      hint: 'name the files in spec.composeFiles of a Stack manifest, or remove the variable',
    }),
  ];
}

function placeOf(variable: string, file: string, text: string): Position {
  const line = text.split('\n').findLastIndex((each) => assigned(each) === variable);
  return { file, line: Math.max(line, 0) + 1, column: 1 };
}

const assigned = (line: string): string =>
  line
    .split(/[=:]/, 1)
    .join('')
    .replace(/^\uFEFF/, '')
    .trim()
    .replace(/^export\s+/, '');
