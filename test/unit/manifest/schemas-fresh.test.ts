import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { isSchema, type JsonSchema } from '../../../scripts/json-schema.ts';
import { schemaDocuments } from '../../../scripts/schema-documents.ts';

const directory = new URL('../../../crds-like-schemas/', import.meta.url);
const documents = schemaDocuments();

describe('crds-like-schemas/', () => {
  it.each(documents.map(({ name, text }) => ({ name, text })))(
    '$name is fresh (else: npm run schemas)',
    ({ name, text }) => {
      expect(readFileSync(new URL(name, directory), 'utf8') === text).toBe(true);
    },
  );

  it('has no file that nobody writes', () => {
    const written = documents.map(({ name }) => name);
    expect(
      readdirSync(directory)
        .filter((name) => /\.(yaml|json)$/.test(name))
        .sort(),
    ).toEqual(written.toSorted());
  });

  it.each(documents.filter(({ name }) => name.endsWith('.json')))(
    '$name describes every field',
    ({ text }) => {
      const missing = undescribed(JSON.parse(text), '');
      expect(missing).toEqual([]);
    },
  );

  it('describes every field of the CRD-shaped schema, and says nothing Kubernetes does not know', () => {
    const crd = parse(documents.find(({ name }) => name.endsWith('.yaml'))?.text ?? '');
    const root: JsonSchema = crd.spec.versions[0].schema.openAPIV3Schema;
    const known = new Set([
      ...['type', 'description', 'default', 'enum', 'pattern', 'minimum', 'maximum', 'minLength', 'required'],
      ...['format', 'items', 'properties', 'additionalProperties', 'nullable'],
      ...['x-kubernetes-preserve-unknown-fields', 'x-kubernetes-int-or-string'],
    ]);
    const odd = nodes(root, 'spec').filter(
      ({ schema }) =>
        Object.keys(schema).some((keyword) => !known.has(keyword)) ||
        (schema['type'] === undefined &&
          schema['x-kubernetes-preserve-unknown-fields'] === undefined &&
          schema['x-kubernetes-int-or-string'] === undefined) ||
        (schema['properties'] !== undefined && schema['additionalProperties'] !== undefined),
    );
    expect(odd.map(({ path }) => path)).toEqual([]);
    expect(undescribed(root, '').filter((path) => path !== '.metadata')).toEqual([]);
  });
});

interface Node {
  readonly path: string;
  readonly schema: JsonSchema;
}

/** A schema and all that it consists of. */
function nodes(schema: JsonSchema, path: string): Node[] {
  const properties = isSchema(schema['properties']) ? Object.entries(schema['properties']) : [];
  const forms = Array.isArray(schema['anyOf']) ? schema['anyOf'].entries() : [];
  const parts: [string, unknown][] = [
    ...properties.map(([key, value]): [string, unknown] => [`.${key}`, value]),
    ...[...forms].map(([index, form]): [string, unknown] => [`|${index}`, form]),
    ['[]', schema['items']],
    ['{}', schema['additionalProperties']],
  ];
  return [
    { path, schema },
    ...parts.flatMap(([part, value]) => (isSchema(value) ? nodes(value, `${path}${part}`) : [])),
  ];
}

function undescribed(root: JsonSchema, path: string): string[] {
  return nodes(root, path).flatMap(({ path: parent, schema }) =>
    Object.entries(isSchema(schema['properties']) ? schema['properties'] : {}).flatMap(([key, value]) =>
      isSchema(value) && String(value['description'] ?? '') !== '' ? [] : [`${parent}.${key}`],
    ),
  );
}
