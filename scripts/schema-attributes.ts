import { projectSchema } from '../src/compose/schema/project.ts';
import { isSchema, type JsonSchema, jsonSchemaOf } from './json-schema.ts';

/** An attribute of the Compose specification, as our schema has it. */
export interface SchemaAttribute {
  /** `services.*.ports.*.target`; `*` is any key and any place in a list. */
  readonly path: string;
  readonly description: string;
}

/** Every attribute of a Compose file that has a name, in the schema's order; each once, whatever its forms. */
export function schemaAttributes(): readonly SchemaAttribute[] {
  const found = new Map<string, string>();
  collect(jsonSchemaOf(projectSchema), '', found);
  return [...found].map(([path, description]) => ({ path, description }));
}

function collect(schema: JsonSchema, path: string, found: Map<string, string>): void {
  const properties = isSchema(schema['properties']) ? Object.entries(schema['properties']) : [];
  for (const [key, value] of properties) {
    if (!isSchema(value)) continue;
    const at = path === '' ? key : `${path}.${key}`;
    found.set(at, found.get(at) || String(value['description'] ?? ''));
    collect(value, at, found);
  }
  const forms = Array.isArray(schema['anyOf']) ? schema['anyOf'] : [];
  for (const form of forms) if (isSchema(form)) collect(form, path, found);
  for (const inside of [schema['items'], schema['additionalProperties']]) {
    if (isSchema(inside)) collect(inside, `${path}.*`, found);
  }
}
