import path from 'node:path/posix';
import type { Problem } from '../model/problem.ts';
import { errorAt } from './report.ts';
import { type Lookup, substitute } from './template.ts';
import { fieldOf, type Tree, textField } from './tree.ts';

/**
 * What the project is called: `COMPOSE_PROJECT_NAME`, else the last `name:` of the files (interpolated),
 * else what the request says, else the directory. Names from files and directories are brought into the
 * form that the engine takes; the others have to be in that form.
 */
export function decideProjectName(
  documents: readonly Tree[],
  requested: string | undefined,
  directory: string,
  lookup: Lookup,
): { readonly name: string; readonly problems: readonly Problem[] } {
  const declared = documents.findLast((document) => textField(document, 'name') !== undefined);
  const template = textField(declared, 'name');
  const filled = template === undefined ? undefined : substitute(template, lookup);
  const explicit = emptyToUndefined(lookup('COMPOSE_PROJECT_NAME'));
  const fromFile = filled?.ok === true ? emptyToUndefined(normalForm(filled.text)) : undefined;
  const name = explicit ?? fromFile ?? requested ?? normalForm(path.basename(directory));
  if (name !== '' && normalForm(name) === name) return { name, problems: [] };
  const problem = errorAt(
    'InvalidProjectName',
    name === '' ? 'the project has no name' : `the name ${JSON.stringify(name)} cannot be a project's name`,
    {
      path: ['name'],
      at: fieldOf(declared, 'name')?.at,
      hint: 'use lower-case letters, digits, - and _, and start with a letter or a digit',
    },
  );
  return { name: emptyToUndefined(normalForm(name)) ?? 'unnamed', problems: [problem] };
}

/** A name as docker compose makes it from a directory: lower case, and only what an engine takes. */
export function normalForm(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]/g, '')
    .replace(/^[_-]+/, '');
}

function emptyToUndefined(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
