import type { Command } from './command.ts';

/**
 * Lets every switch be written `--wait=true` and `--wait=false`, as kubectl's can, which the parser does not
 * know: they become `--wait`, `--no-wait`, or nothing where off is the default. What follows `--` is left alone.
 */
export function normaliseSwitches(argv: readonly string[], commands: readonly Command[]): string[] {
  const isOnByDefault = new Map<string, boolean>();
  for (const { options } of commands) {
    for (const { flags, initial } of Object.values(options)) {
      const name = /--([a-z-]+)$/.exec(flags)?.[1];
      if (name !== undefined && typeof initial === 'boolean') isOnByDefault.set(name, initial);
    }
  }
  const end = argv.indexOf('--');
  const switches = end === -1 ? argv : argv.slice(0, end);
  const rest = end === -1 ? [] : argv.slice(end);
  const normal = switches.flatMap((argument) => {
    const [, name = '', value] = /^--([a-z-]+)=(true|false)$/.exec(argument) ?? [];
    const isOn = isOnByDefault.get(name);
    if (isOn === undefined) return [argument];
    if (value === 'true') return [`--${name}`];
    return isOn ? [`--no-${name}`] : [];
  });
  return [...normal, ...rest];
}
