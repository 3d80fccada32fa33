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
  const { value, problems } = parseDocument(file, text, fileSchema);
  return { values: problems.length > 0 ? {} : { ...(value as Record<string, unknown>) }, problems };
}

/** The one document of a file, checked; undefined when nothing stands there. Never throws. */
export function parseDocument(
  file: string,
  text: string,
  schema: z.ZodType,
): { readonly value: unknown; readonly problems: readonly Problem[] } {
  const { documents, problems } = parseYaml(file, text);
  if (problems.length > 0) return { value: undefined, problems };
  const [document, ...others] = documents;
  if (document === undefined) return { value: undefined, problems: [] };
  const found = [
    ...checkTree(document, schema),
    ...others.map((other) =>
      errorAt('TooManyDocuments', 'the settings are one document', { at: other.at, hint: 'remove this one' }),
    ),
  ];
  return { value: toPlain(document), problems: found };
}
