import { renderJson, renderJsonLine } from './json.ts';

export type DocumentFormat = 'json' | 'yaml';

/** A value for programs. `inStream`: one of many, so a line each, or documents that `---` divides. */
export async function renderDocument(
  format: DocumentFormat,
  value: unknown,
  inStream = false,
): Promise<string> {
  if (format === 'json') return inStream ? renderJsonLine(value) : renderJson(value);
  // Only here, since most runs never need it and it takes a while to load.
  const { renderYaml } = await import('./yaml.ts');
  return `${inStream ? '---\n' : ''}${renderYaml(value)}`;
}
