import { dirname, resolve } from 'node:path';
import { errorAt } from '../compose/report.ts';
import type { Problem } from '../model/problem.ts';
import { readCommandLine, USUAL_FILE } from './command-line.ts';
import { readSettingsFile } from './file.ts';
import type { Setting } from './setting.ts';
import { flagName, type Settings, settingList } from './table.ts';
import { checkTogether } from './together.ts';

/** Where settings come from. */
export interface SettingsWorld {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** The text of a file; undefined: there is none. Throws `Failure` for one that cannot be read or trusted. */
  readonly readFile: (path: string) => string | undefined;
}

export type ReadSettings =
  | { readonly kind: 'settings'; readonly settings: Settings }
  | { readonly kind: 'help' | 'usage'; readonly text: string }
  | { readonly kind: 'wrong'; readonly problems: readonly Problem[] };

/** What is in force: flag before environment before file before default. All that is wrong is told at once. */
export function readSettings(world: SettingsWorld): ReadSettings {
  const line = readCommandLine(world.argv);
  if (line.kind !== 'flags') return line;
  const { file, values, problems } = fileOf(world, line.configFile);
  const found: Problem[] = [...problems];
  const settings = settingList().map(([key, setting]) => {
    const given = [
      { texts: line.given[key], base: world.cwd, name: flagName(setting) },
      { texts: fromEnvironment(setting, world.env), base: world.cwd, name: setting.env },
      { texts: fromFile(values[key]), base: dirname(file), name: key },
    ];
    // What another one overrides is checked as well: it would surprise whoever takes that one away.
    const readings = given.flatMap(({ texts, base, name }) => {
      if (texts === undefined) return [];
      const reading = setting.read(texts, base);
      if ('value' in reading) return [reading.value];
      found.push(badValue(name, texts, reading.expected));
      return [];
    });
    return [key, readings.length > 0 ? readings[0] : setting.initial] as const;
  });
  if (found.length > 0) return { kind: 'wrong', problems: found };
  // Each value was made by its own setting, and every setting has one.
  const all = Object.fromEntries(settings) as unknown as Settings;
  const clashes = checkTogether(all);
  return clashes.length > 0 ? { kind: 'wrong', problems: clashes } : { kind: 'settings', settings: all };
}

function fileOf(
  { env, cwd, readFile }: SettingsWorld,
  flag: string | undefined,
): { readonly file: string } & ReturnType<typeof readSettingsFile> {
  const named = flag ?? (env['STACKCTL_CONFIG'] || undefined);
  const file = named === undefined ? USUAL_FILE : resolve(cwd, named);
  const text = readFile(file);
  if (text !== undefined) return { file, ...readSettingsFile(file, text) };
  if (named === undefined) return { file, values: {}, problems: [] };
  const from = flag === undefined ? 'STACKCTL_CONFIG' : '--config';
  return { file, values: {}, problems: [errorAt('MissingFile', `${from}: there is no file ${file}`, {})] };
}

/** An empty variable is none. */
function fromEnvironment(
  { env, isList }: Setting<unknown>,
  given: SettingsWorld['env'],
): readonly string[] | undefined {
  const text = given[env];
  if (text === undefined || text === '') return undefined;
  return isList ? text.split(':').filter((part) => part !== '') : [text];
}

function fromFile(value: unknown): readonly string[] | undefined {
  if (value === undefined) return undefined;
  return Array.isArray(value) ? value.map(String) : [String(value)];
}

function badValue(name: string, texts: readonly string[], expected: string): Problem {
  const given = texts.map((text) => JSON.stringify(text.slice(0, 80))).join(' ');
  return errorAt('InvalidValue', `${name} ${given}: expected ${expected}`, {});
}
