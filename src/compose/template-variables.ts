import { type Reference, referencesIn } from './template.ts';
import type { Tree } from './tree.ts';

/** A variable that a project refers to, with what the references say about it. */
export interface TemplateVariable {
  readonly name: string;
  /** True when one of them is `${NAME?message}` or `${NAME:?message}`. */
  readonly required: boolean;
  /** Of `${NAME-default}` and `${NAME:-default}`; the first that is not empty. */
  readonly defaultValue: string;
  /** Of `${NAME+other}` and `${NAME:+other}`; the first that is not empty. */
  readonly alternateValue: string;
}

/** The variables in all values of a document that was not filled in yet, sorted by name. */
export function templateVariables(document: Tree): readonly TemplateVariable[] {
  const variables = new Map<string, TemplateVariable>();
  for (const reference of referencesOf(document)) {
    variables.set(reference.name, withReference(variables.get(reference.name), reference));
  }
  return [...variables.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
}

function withReference(known: TemplateVariable | undefined, reference: Reference): TemplateVariable {
  const { name, operator, operand } = reference;
  const said = (sign: string) => (operator.endsWith(sign) ? operand : '');
  return {
    name,
    required: known?.required === true || operator.endsWith('?'),
    defaultValue: known?.defaultValue || said('-'),
    alternateValue: known?.alternateValue || said('+'),
  };
}

function referencesOf(tree: Tree): readonly Reference[] {
  switch (tree.kind) {
    case 'scalar':
      return typeof tree.value === 'string' ? referencesIn(tree.value) : [];
    case 'sequence':
      return tree.items.flatMap(referencesOf);
    case 'mapping':
      return [...tree.entries.values()].flatMap(({ value }) => referencesOf(value));
  }
}
