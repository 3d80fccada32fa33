import type { Problem } from '../model/problem.ts';
import { parseDotenv, parseRawEnv } from './dotenv.ts';
import { type Loading, readOptionalText, readText } from './loading.ts';
import { errorAt } from './report.ts';
import { shownSecrets } from './secret-fields.ts';
import type { Lookup } from './template.ts';
import {
  fieldOf,
  isNull,
  type MappingEntry,
  type MappingTree,
  mappingOf,
  scalarTree,
  type Tree,
  textField,
  withField,
} from './tree.ts';

/**
 * Reads the `env_file` and `label_file` entries of the services into their `environment` and `labels`,
 * which win over the files, even with a null. Files that are not required may be missing. Takes services
 * in canonical form; those that no active profile selects are not to be given.
 */
export function readServiceFiles(services: MappingTree, lookup: Lookup, loading: Loading): MappingTree {
  const entries = new Map<string, MappingEntry>();
  for (const [name, entry] of services.entries) {
    const { value } = entry;
    const service =
      value.kind === 'mapping'
        ? readLabels(name, readEnvironment(name, value, lookup, loading), loading)
        : value;
    entries.set(name, { ...entry, value: service });
  }
  return { ...services, entries };
}

function readEnvironment(name: string, service: MappingTree, lookup: Lookup, loading: Loading): MappingTree {
  const files = fieldOf(service, 'env_file');
  const own = fieldOf(service, 'environment');
  if (files?.kind !== 'sequence' || (own !== undefined && own.kind !== 'mapping' && !isNull(own)))
    return service;
  let variables: ReadonlyMap<string, string> = new Map();
  const known: Lookup = (variable) => lookup(variable) ?? textField(own, variable);
  for (const [index, item] of files.items.entries()) {
    const path = ['services', name, 'env_file', index];
    variables = readFile(item, path, known, variables, loading);
  }
  return withField(service, 'environment', overlaid(variables, own, files));
}

function readFile(
  item: Tree,
  path: readonly (string | number)[],
  lookup: Lookup,
  earlier: ReadonlyMap<string, string>,
  loading: Loading,
): ReadonlyMap<string, string> {
  const file = textField(item, 'path');
  if (file === undefined) return earlier;
  const required = fieldOf(item, 'required');
  const optional = required?.kind === 'scalar' && required.value === false;
  const request = { path, at: item.at, role: 'the env file' };
  const read = optional ? readOptionalText(file, request, loading) : readText(file, request, loading);
  if (read === undefined) return earlier;
  const format = textField(item, 'format');
  if (format !== undefined && format !== 'raw') {
    loading.report(
      errorAt('InvalidValue', `the format ${format} is not known`, {
        path: [...path, 'format'],
        at: item.at,
        hint: 'write raw, or leave it out',
      }),
    );
    return earlier;
  }
  const parsed = (format === 'raw' ? parseRawEnv : parseDotenv)(file, read.text, lookup, earlier);
  report(parsed.problems, loading);
  return parsed.variables;
}

function readLabels(name: string, service: MappingTree, loading: Loading): MappingTree {
  const files = fieldOf(service, 'label_file');
  const own = fieldOf(service, 'labels');
  if (files?.kind !== 'sequence' || (own !== undefined && own.kind !== 'mapping' && !isNull(own)))
    return service;
  let labels: ReadonlyMap<string, string> = new Map();
  for (const [index, item] of files.items.entries()) {
    if (item.kind !== 'scalar' || typeof item.value !== 'string') continue;
    const request = { path: ['services', name, 'label_file', index], at: item.at, role: 'the label file' };
    const read = readText(item.value, request, loading);
    if (read === undefined) continue;
    shownSecrets(read.sealed ?? [], () => false).forEach(loading.report);
    const parsed = parseDotenv(item.value, read.text, () => undefined, labels);
    report(parsed.problems, loading);
    labels = parsed.variables;
  }
  return withField(service, 'labels', overlaid(labels, own, files));
}

function report(problems: readonly Problem[], loading: Loading): void {
  problems.forEach(loading.report);
}

/** Own entries over those of files; the latter stand where the files are named. */
function overlaid(variables: ReadonlyMap<string, string>, own: Tree | undefined, files: Tree): MappingTree {
  const entries = new Map<string, MappingEntry>();
  for (const [key, value] of variables) {
    entries.set(key, { keyAt: files.at, value: scalarTree(value, files.at) });
  }
  if (own?.kind === 'mapping') for (const [key, entry] of own.entries) entries.set(key, entry);
  return { ...(own?.kind === 'mapping' ? own : mappingOf({}, files.at)), entries };
}
