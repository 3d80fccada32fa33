import { readdir, readFile } from 'node:fs/promises';
import type { JsonSchema } from './field-docs.ts';
import { findKind } from './reference.ts';

/** The generated schemas lie beside `src/` and `dist/` alike. */
const DIRECTORY = new URL('../../crds-like-schemas/', import.meta.url);

/** A kind of which there is a schema. */
export interface DocumentedKind {
  /** `stack` */
  readonly singular: string;
  readonly plural: string;
  /** `Stack` */
  readonly kind: string;
  readonly group: string;
  readonly version: string;
  readonly schema: JsonSchema;
}

/** Every kind that has a generated schema, by name. Throws when the schemas are not where they were installed. */
export async function readKindSchemas(): Promise<readonly DocumentedKind[]> {
  const names = (await readdir(DIRECTORY)).sort();
  const kinds: DocumentedKind[] = [];
  for (const name of names) {
    const singular = /^([a-z]+)\.v\w+\.schema\.json$/.exec(name)?.[1];
    if (singular === undefined) continue;
    const schema = JSON.parse(await readFile(new URL(name, DIRECTORY), 'utf8')) as KindSchema;
    const { apiVersion, kind } = schema.properties;
    const [group = '', version = ''] = apiVersion.const.split('/');
    kinds.push({ singular, plural: pluralOf(singular), kind: kind.const, group, version, schema });
  }
  return kinds;
}

/** What `npm run schemas` writes for a kind. */
interface KindSchema extends JsonSchema {
  readonly properties: {
    readonly apiVersion: { readonly const: string };
    readonly kind: { readonly const: string };
  };
}

const pluralOf = (singular: string): string =>
  singular.endsWith('y') ? `${singular.slice(0, -1)}ies` : `${singular}s`;

/** Whether somebody means this kind by a word: `stack`, `stacks`, `Stack`, `st`. */
export function isCalled({ singular, plural, kind }: DocumentedKind, word: string): boolean {
  const wanted = word.toLowerCase();
  return [singular, plural, kind.toLowerCase()].includes(wanted) || findKind(wanted) === singular;
}
