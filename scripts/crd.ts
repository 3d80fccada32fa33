import { GROUP, VERSION } from '../src/manifest/schema/envelope.ts';
import type { KindDefinition } from '../src/manifest/schema/kinds.ts';
import { isSchema, type JsonSchema, jsonSchemaOf } from './json-schema.ts';

/**
 * A kind in the form of a CustomResourceDefinition, for people and tools who know those. Structural schemas
 * cannot say "a string or a map": where Compose has several forms of different types the field is left open,
 * and the JSON Schema beside it has the forms.
 */
export function crdOf(definition: KindDefinition): JsonSchema {
  const { kind, plural, singular, shortNames, columns, schema } = definition;
  const openAPIV3Schema = structural(jsonSchemaOf(schema));
  const properties = isSchema(openAPIV3Schema['properties']) ? openAPIV3Schema['properties'] : {};
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${GROUP}` },
    spec: {
      group: GROUP,
      names: { kind, listKind: `${kind}List`, plural, singular, shortNames },
      scope: 'Cluster',
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          ...(properties['spec'] === undefined ? {} : { subresources: { status: {} } }),
          ...(columns.length === 0 ? {} : { additionalPrinterColumns: columns }),
          schema: {
            openAPIV3Schema: {
              ...openAPIV3Schema,
              properties: {
                apiVersion: { type: 'string', description: `Always ${GROUP}/${VERSION}.` },
                kind: { type: 'string', description: `Always ${kind}.` },
                metadata: { type: 'object' },
                ...ownProperties(properties),
              },
              required: properties['spec'] === undefined ? [] : ['spec'],
            },
          },
        },
      ],
    },
  };
}

/** A kind of the operator’s own files has its fields at the top, and no status, as Kubernetes’ configuration files. */
function ownProperties(properties: JsonSchema): JsonSchema {
  const { apiVersion: _version, kind: _kind, metadata: _metadata, spec, ...others } = properties;
  if (spec === undefined) return others;
  return {
    spec,
    status: {
      type: 'object',
      description: 'What stackctl knows about it; never written by users.',
      'x-kubernetes-preserve-unknown-fields': true,
    },
  };
}

const kept = [
  'type',
  'description',
  'default',
  'enum',
  'pattern',
  'minimum',
  'maximum',
  'minLength',
  'required',
  'format',
];

/** Rewrites a JSON Schema with what OpenAPI v3 as Kubernetes takes it can say. */
function structural(schema: JsonSchema): JsonSchema {
  if (Array.isArray(schema['anyOf'])) return union(schema, schema['anyOf'].filter(isSchema));
  const result: JsonSchema = {};
  for (const keyword of kept) if (schema[keyword] !== undefined) result[keyword] = schema[keyword];
  if (schema['const'] !== undefined) result['enum'] = [schema['const']];
  if (isSchema(schema['items'])) result['items'] = structural(schema['items']);
  if (isSchema(schema['properties'])) {
    result['properties'] = Object.fromEntries(
      Object.entries(schema['properties']).map(([key, value]) => [
        key,
        structural(isSchema(value) ? value : {}),
      ]),
    );
    if (schema['patternProperties'] !== undefined) result['x-kubernetes-preserve-unknown-fields'] = true;
  } else if (isSchema(schema['additionalProperties'])) {
    result['additionalProperties'] = structural(schema['additionalProperties']);
  }
  if (result['type'] === undefined) result['x-kubernetes-preserve-unknown-fields'] = true;
  return result;
}

/** One form and null is nullable; strings and numbers are int-or-string; anything else stays open. */
function union(schema: JsonSchema, forms: readonly JsonSchema[]): JsonSchema {
  const description = schema['description'] === undefined ? {} : { description: schema['description'] };
  const real = forms.filter((form) => form['type'] !== 'null');
  const [only] = real;
  if (only !== undefined && real.length === 1) {
    return { ...structural(only), ...description, nullable: true };
  }
  const types = new Set(real.map((form) => form['type']));
  const isIntOrString = types.size === 2 && types.has('string') && types.has('integer');
  const open = isIntOrString ? 'x-kubernetes-int-or-string' : 'x-kubernetes-preserve-unknown-fields';
  return { ...description, [open]: true };
}
