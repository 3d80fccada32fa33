import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Command } from '../../src/cli/command.ts';
import { COMMANDS } from '../../src/cli/commands.ts';

/** Every output that a command has is written down in some golden file, whoever adds a command. */

interface GoldenRun {
  readonly verb: string;
  readonly rest: string;
  readonly stdout: string;
}

const DIRECTORY = join(import.meta.dirname, 'golden');
const files = readdirSync(DIRECTORY);

/** Runs that were understood and printed something; help is for itself. */
const runs: readonly GoldenRun[] = files.flatMap((file) =>
  readFileSync(join(DIRECTORY, file), 'utf8')
    .split(/^(?=\$ stackctl )/m)
    .flatMap((block): GoldenRun[] => {
      const [, verb = '', rest = '', output = '', exit] =
        /^\$ stackctl (\S+)(.*)\n([\s\S]*)\[exit (\d+)\]\n/.exec(block) ?? [];
      const stdout = output.split('[stderr]\n')[0] ?? '';
      return exit === undefined || exit === '2' || stdout === '' || rest.includes('--help')
        ? []
        : [{ verb, rest, stdout }];
    }),
);

/** The formats of a command, the default first; none when it has no choice of them. */
function formatsOf({ options }: Command): readonly string[] {
  const option = Object.values(options).find(({ flags }) => /^-o, --(output|format) /.test(flags));
  return option?.values ?? [];
}

/** Undefined: the default. */
const formatOf = ({ rest }: GoldenRun): string | undefined =>
  /(?:^| )(?:-o|--output|--format)[ =](\w+)/.exec(rest)?.[1];

test.each(COMMANDS.map((command) => [command.name, command] as const))(
  'every output of %s is in a golden file',
  (name, command) => {
    expect(files).toContain(`help-${name}.golden`);
    const own = runs.filter(({ verb }) => verb === name);
    const [byDefault, ...others] = formatsOf(command);
    expect(own.some((run) => [undefined, byDefault].includes(formatOf(run)))).toBe(true);
    const missing = others.filter((format) => !own.some((run) => formatOf(run) === format));
    expect(missing, `of stackctl ${name} -o`).toEqual([]);
  },
);

test('no golden file is of a command that is gone', () => {
  const known = COMMANDS.flatMap(({ name, aliases }) => [name, ...aliases]);
  const verbs = new Set(runs.map(({ verb }) => verb).filter((verb) => /^[a-z]/.test(verb)));
  expect([...verbs].filter((verb) => !known.includes(verb))).toEqual([]);
  const helped = files.flatMap((file) => /^help-(.+)\.golden$/.exec(file)?.[1] ?? []);
  expect(helped.filter((verb) => !known.includes(verb))).toEqual([]);
});
