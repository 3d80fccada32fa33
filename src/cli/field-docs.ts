import { didYouMean } from './reference.ts';

/** A JSON Schema or a part of one. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

/** One field of a kind, as its schema describes it. */
export interface Field {
  readonly name: string;
  /** `string`, `[]Object`, `map[string]string`, `string | Object`. */
  readonly type: string;
  readonly isRequired: boolean;
  readonly description: string;
  /** What may stand there, when that is a short list. */
  readonly values: readonly string[];
  /** As JSON; undefined: none. */
  readonly byDefault: string | undefined;
  /** Of the map, or of the items, that it holds. */
  readonly fields: readonly Field[];
}

/** Why a path leads nowhere. */
export interface LostPath {
  readonly message: string;
  readonly hint: string;
}

/** The whole of a kind as a field. A schema that refers to itself is followed no further than `MAX_DEPTH`. */
export function fieldOf(name: string, schema: JsonSchema): Field {
  return describe(name, schema, { isRequired: false, depth: 0 });
}

/**
 * Follows a path such as `spec.services.healthcheck` from a kind down. Names of services and places in lists are left
 * out of it, as in `kubectl explain`.
 */
export function findField(root: Field, path: readonly string[]): Field | LostPath {
  let field = root;
  for (const [index, name] of path.entries()) {
    const next = field.fields.find((each) => each.name === name);
    if (next === undefined) return lost(field, [root.name, ...path.slice(0, index)].join('.'), name);
    field = next;
  }
  return field;
}

function lost(field: Field, at: string, name: string): LostPath {
  const message = `${at} has no field "${name}"`;
  const names = field.fields.map((each) => each.name);
  if (names.length === 0) return { message, hint: `${at} is a ${field.type} and has no fields` };
  const meant = didYouMean(name, names);
  if (meant !== undefined) return { message, hint: meant };
  const isMap = field.type.includes('map[') ? `; names in a map are left out: ${at}.FIELD` : '';
  return { message, hint: `stackctl explain ${at} lists its fields${isMap}` };
}

const MAX_DEPTH = 24;

function describe(
  name: string,
  schema: JsonSchema,
  { isRequired, depth }: { readonly isRequired: boolean; readonly depth: number },
): Field {
  const forms = formsOf(schema);
  const nested = depth < MAX_DEPTH ? forms.flatMap((form) => fieldsOf(form, depth + 1)) : [];
  const descriptions = [schema, ...forms.map(itemOf)].map((each) => each['description']);
  return {
    name,
    type: typeOf(schema),
    isRequired,
    description: descriptions.find((each) => typeof each === 'string') ?? '',
    values: [...new Set(forms.flatMap(valuesOf))],
    byDefault: shownDefault(schema['default']),
    fields: nested.filter(
      (field, index) => nested.findIndex(({ name: other }) => other === field.name) === index,
    ),
  };
}

/** A default that leaves everything open says nothing. */
function shownDefault(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  const text = JSON.stringify(value);
  return text === '{}' || text === '[]' ? undefined : text;
}

/** What is meant by it: one schema, or the forms that a field may have. */
function formsOf(schema: JsonSchema): readonly JsonSchema[] {
  const forms = schema['anyOf'] ?? schema['oneOf'];
  if (Array.isArray(forms)) return forms.filter(isSchema).flatMap(formsOf);
  const { type } = schema;
  if (Array.isArray(type)) return type.map((each: unknown) => ({ ...schema, type: each }));
  return [schema];
}

/** Of a list its items, of a map its values, however deep. */
function itemOf(schema: JsonSchema): JsonSchema {
  if (isSchema(schema['items'])) return itemOf(schema['items']);
  if (schema['properties'] === undefined && isSchema(schema['additionalProperties'])) {
    return itemOf(schema['additionalProperties']);
  }
  return schema;
}

function fieldsOf(form: JsonSchema, depth: number): readonly Field[] {
  const item = itemOf(form);
  // Of values that may have several forms, such as a short and a long one, the map among them has the fields.
  if (item !== form || item['anyOf'] !== undefined) {
    const forms = formsOf(item);
    if (forms.length > 1) return forms.flatMap((each) => fieldsOf(each, depth));
  }
  const { properties, required } = item;
  if (!isSchema(properties)) return [];
  const needed: readonly unknown[] = Array.isArray(required) ? required : [];
  return Object.entries(properties).flatMap(([name, schema]) =>
    isSchema(schema) ? [describe(name, schema, { isRequired: needed.includes(name), depth })] : [],
  );
}

function valuesOf({ enum: values, const: only }: JsonSchema): readonly string[] {
  if (Array.isArray(values)) return values.map(String);
  return only === undefined ? [] : [String(only)];
}

/** `kubectl explain`'s words. */
function typeOf(schema: JsonSchema): string {
  const forms = formsOf(schema);
  if (forms.length > 1) {
    const types = forms.map(typeOf).filter((type) => type !== 'null');
    return [...new Set(types)].join(' | ') || 'any';
  }
  const [{ type, items, properties, additionalProperties } = {}] = forms;
  if (type === 'array') return `[]${inList(isSchema(items) ? typeOf(items) : 'any')}`;
  if (type !== 'object') return typeof type === 'string' ? type : 'any';
  if (properties !== undefined) return 'Object';
  return `map[string]${inList(isSchema(additionalProperties) ? typeOf(additionalProperties) : 'any')}`;
}

const inList = (type: string): string => (type.includes(' | ') ? `(${type})` : type);

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
