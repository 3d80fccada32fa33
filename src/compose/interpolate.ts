import type { Position, Problem } from '../model/problem.ts';
import { type Cast, castRules, castText } from './cast.ts';
import { type FieldPath, type PathTable, stepInto } from './field-path.ts';
import type { Loading } from './loading.ts';
import { errorAt, type Report, warningAt } from './report.ts';
import { isSecretField, shownSecret } from './secret-fields.ts';
import { type Lookup, substitute } from './template.ts';
import { mapItems, mapValues, type ScalarTree, type Tree } from './tree.ts';

/**
 * Fills in variables in every text value of a document, never in keys, and turns text into numbers and
 * booleans where Compose does (`privileged: "${PRIVILEGED}"`). Quoted and plain texts are alike.
 */
export function interpolate(
  tree: Tree,
  lookup: Lookup,
  { report, secretVariables }: Pick<Loading, 'report' | 'secretVariables'>,
): Tree {
  return visit(tree, castRules, [], { lookup, report, secretVariables, unset: new Set() });
}

interface Walk {
  readonly lookup: Lookup;
  readonly report: Report;
  /** These must not stand where people are shown them. */
  readonly secretVariables: ReadonlySet<string>;
  /** Variables that were reported as unset already: one warning each is enough. */
  readonly unset: Set<string>;
}

function visit(tree: Tree, casts: PathTable<Cast> | undefined, path: FieldPath, walk: Walk): Tree {
  switch (tree.kind) {
    case 'mapping':
      return mapValues(tree, (value, key) => visit(value, stepInto(casts, key), [...path, key], walk));
    case 'sequence':
      return mapItems(tree, (item, index) => visit(item, stepInto(casts, index), [...path, index], walk));
    case 'scalar':
      return typeof tree.value === 'string' ? visitText(tree, tree.value, casts?.rule, path, walk) : tree;
  }
}

function visitText(
  tree: ScalarTree,
  template: string,
  cast: Cast | undefined,
  path: FieldPath,
  walk: Walk,
): Tree {
  const text = substituteAt(template, path, tree.at, walk);
  if (text === undefined) return { ...tree, value: null };
  if (cast === undefined) return text === template ? tree : { ...tree, value: text };
  const value = castText(text, cast);
  if (value !== undefined) return { ...tree, value };
  walk.report(
    errorAt('InvalidValue', `this must be ${castNames[cast]}`, {
      path,
      at: tree.at,
      ...(template.includes('$') ? { hint: 'it is made from variables: check their values' } : {}),
    }),
  );
  return { ...tree, value: null };
}

const castNames: Readonly<Record<Cast, string>> = {
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
};

function substituteAt(template: string, path: FieldPath, at: Position, walk: Walk): string | undefined {
  let usesSecret = false;
  const result = substitute(template, (name) => {
    usesSecret ||= walk.secretVariables.has(name);
    return walk.lookup(name);
  });
  if (usesSecret && !isSecretField(path)) {
    walk.report(shownSecret(path, at));
    return undefined;
  }
  if (!result.ok) {
    walk.report(substitutionProblem(result, path, at));
    return undefined;
  }
  for (const name of result.unset) {
    if (walk.unset.has(name)) continue;
    walk.unset.add(name);
    walk.report(
      warningAt('VariableNotSet', `the variable ${name} is not set, an empty text takes its place`, {
        path,
        at,
        hint: `set it, or give a default: \${${name}:-default}`,
      }),
    );
  }
  return result.text;
}

/** What to say about a template that could not be filled in. */
export function substitutionProblem(
  result: Exclude<ReturnType<typeof substitute>, { ok: true }>,
  path: FieldPath,
  at: Position,
): Problem {
  if (result.fault === 'invalid') {
    return errorAt('InvalidTemplate', 'this is not a valid reference to a variable', {
      path,
      at,
      hint: `write \${NAME} or \${NAME:-default}, and $$ for a plain $`,
    });
  }
  const reason = result.message === '' ? '' : `: ${result.message}`;
  return errorAt('RequiredVariable', `required variable ${result.variable} is missing a value${reason}`, {
    path,
    at,
    hint: `set ${result.variable} in the stack's env, in one of its envFiles or in .env beside it`,
  });
}
