import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Section, Setting } from '../src/settings/setting.ts';
import { flagName, settingList } from '../src/settings/table.ts';

/** What README tells of; the rest is in docs/running.md only. */
const EVERYDAY: readonly Section[] = ['What to run', 'Where it is', 'How to work'];

/** A document whose table of settings is made from the program. */
export interface SettingsDocument {
  readonly path: string;
  readonly text: string;
}

/** README.md and docs/running.md as they ought to be: what stands between the two marks is written anew. */
export function settingsDocuments(): readonly SettingsDocument[] {
  return [
    document('README.md', table(EVERYDAY, false)),
    document(
      'docs/running.md',
      sections()
        .map((section) => `### ${section}\n\n${table([section], true)}`)
        .join('\n\n'),
    ),
  ];
}

const sections = (): readonly Section[] => [...new Set(settingList().map(([, { section }]) => section))];

function document(path: string, inside: string): SettingsDocument {
  const before = readFileSync(fileURLToPath(new URL(`../${path}`, import.meta.url)), 'utf8');
  const marks = /(<!-- settings -->\n)[\s\S]*?(\n<!-- end of settings -->)/;
  if (!marks.test(before)) throw new Error(`${path} has no place for the settings`);
  return { path, text: before.replace(marks, (_, start: string, end: string) => `${start}${inside}${end}`) };
}

function table(of: readonly Section[], isWhole: boolean): string {
  const rows = settingList().filter(([, { section }]) => of.includes(section));
  const head = isWhole
    ? ['| flag | in the file | environment | default | |', '| --- | --- | --- | --- | --- |']
    : ['| flag of `stackctld` | default | |', '| --- | --- | --- |'];
  return [...head, ...rows.map(([key, setting]) => row(key, setting, isWhole))].join('\n');
}

function row(key: string, setting: Setting<unknown>, isWhole: boolean): string {
  const { env, summary, shownDefault } = setting;
  const usual = shownDefault === undefined ? 'none' : `\`${shownDefault}\``;
  const cells = isWhole
    ? [`\`${flagName(setting)}\``, `\`${key}\``, `\`${env}\``, usual, summary]
    : [`\`${flagName(setting)}\``, usual, summary];
  return `| ${cells.join(' | ')} |`;
}
