import { asFailure, Failure } from '../model/failure.ts';
import { formatPosition, type Problem } from '../model/problem.ts';
import { type ReadSettings, readSettings } from '../settings/read.ts';
import type { Settings } from '../settings/table.ts';
import { readTrustedIfThere } from './trusted-file.ts';

/** The settings of this process. Throws `Failure` when its file cannot be used. */
export function settingsOf(argv: readonly string[]): ReadSettings {
  return readSettings({
    argv,
    env: process.env,
    cwd: process.cwd(),
    readFile: (file) => readTrustedIfThere({ what: 'the file of settings', file }),
  });
}

/** Prints what was asked for, or everything that is wrong, and ends the process; or answers what is in force. */
export function settingsOrExit(argv: readonly string[]): Settings {
  try {
    const read = settingsOf(argv);
    if (read.kind === 'settings') return read.settings;
    if (read.kind === 'help') {
      process.stdout.write(read.text);
      process.exit(0);
    }
    process.stderr.write(read.kind === 'wrong' ? `${describe(read.problems)}\n` : read.text);
  } catch (thrown) {
    const { message, hint } = asFailure(thrown);
    process.stderr.write(`error: ${message}\n${hint === undefined ? '' : `hint: ${hint}\n`}`);
  }
  process.exit(2);
}

/** Those of a daemon that nobody gave flags to. Throws `Failure` `invalid` with everything that is wrong. */
export function settingsWithoutFlags(): Settings {
  const read = settingsOf([]);
  if (read.kind === 'settings') return read.settings;
  throw new Failure('invalid', read.kind === 'wrong' ? describe(read.problems) : read.text);
}

function describe(problems: readonly Problem[]): string {
  const line = ({ at }: Problem): number => at?.line ?? Number.POSITIVE_INFINITY;
  return [...problems]
    .sort((a, b) => (line(a) < line(b) ? -1 : 1))
    .map(({ at, path, message, hint }) => {
      const where = at === undefined ? '' : `${formatPosition(at)}: `;
      const field = path === undefined ? '' : `${path}: `;
      return `error: ${where}${field}${message}${hint === undefined ? '' : `\nhint: ${hint}`}`;
    })
    .join('\n');
}
