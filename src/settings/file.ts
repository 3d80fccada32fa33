import { z } from 'zod';
import { checkTree } from '../compose/check-tree.ts';
import { parseYaml } from '../compose/parse.ts';
import { toPlain } from '../compose/plain.ts';
import { errorAt } from '../compose/report.ts';
import type { Problem } from '../model/problem.ts';
import { settingList } from './table.ts';

/** The whole file: every setting by its key, none needed. */
export const fileSchema = z
  .strictObject(Object.fromEntries(settingList().map(([key, { schema }]) => [key, schema.optional()])))
  .meta({ title: 'stackctld.yaml', description: 'The settings of stackctld.' });

export interface ReadFile {
  /** What stands in it; empty when anything is wrong. */
  readonly values: Readonly<Record<string, unknown>>;
  readonly problems: readonly Problem[];
}

/** Reads a file of settings. A file without content sets nothing. Never throws. */
export function readSettingsFile(file: string, text: string): ReadFile {
  const { documents, problems } = parseYaml(file, text);
  if (problems.length > 0) return { values: {}, problems };
  const [document, ...others] = documents;
  if (document === undefined) return { values: {}, problems: [] };
  const found = [
    ...checkTree(document, fileSchema),
    ...others.map((other) =>
      errorAt('TooManyDocuments', 'the settings are one document', { at: other.at, hint: 'remove this one' }),
    ),
  ];
  if (found.length > 0) return { values: {}, problems: found };
  return { values: { ...(toPlain(document) as Record<string, unknown>) }, problems: [] };
}
