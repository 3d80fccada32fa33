import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadProject } from '../../src/compose/load.ts';
import { type ParsedYaml, parseYaml } from '../../src/compose/parse.ts';
import { presentProject } from '../../src/compose/present.ts';
import { findNamedStacks } from '../../src/manifest/find-stacks.ts';
import type { ReadableFile } from '../../src/manifest/stack.ts';
import { isAcceptable, type Problem } from '../../src/model/problem.ts';
import { createFiles } from '../../src/source/files.ts';
import { freeze } from '../../src/store/value.ts';
import {
  type CorpusDocument,
  differences,
  type Json,
  readDocuments,
  withoutCorpus,
  withSingleDollars,
} from '../support/corpus.ts';
import { ACCEPTANCE, MODELS } from '../support/known-differences.ts';

const files = createFiles({ digestContext: () => undefined });

describe.skipIf(withoutCorpus())('the Compose corpus', () => {
  const documents = readDocuments();
  const loaded = documents.map((document) => ({ document, ...load(document) }));

  it('is accepted and refused as by docker compose 2.40.3', () => {
    const other = loaded.filter(({ document, problems }) => isAcceptable(problems) !== document.accepted);
    report('accepted or refused alike', documents.length - other.length, documents.length);
    expect(explain(other)).toEqual(Object.keys(ACCEPTANCE).sort());
    expect(1 - other.length / documents.length).toBeGreaterThanOrEqual(0.99);
  });

  it('says of each refused document where the fault is', () => {
    const vague = loaded.filter(
      ({ problems }) =>
        !isAcceptable(problems) && !problems.some(({ at }) => at !== undefined && at.line > 0),
    );
    expect(vague.map(({ document }) => document.file)).toEqual([]);
  });

  it('has the canonical models that docker compose 2.40.3 prints', () => {
    const comparable = loaded.filter(({ document }) => document.model !== undefined);
    const unequal = comparable.flatMap(({ document, model, problems }) => {
      if (document.model === undefined || !isAcceptable(problems)) return [];
      const found = differences(comparableModel(withSingleDollars(document.model)), comparableModel(model));
      return found.length === 0 ? [] : [{ document, found }];
    });
    const refused = comparable.filter(({ problems }) => !isAcceptable(problems));
    const equal = comparable.length - unequal.length - refused.length;
    report('canonical models equal', equal, comparable.length);
    for (const { document, found } of unequal) {
      if (MODELS[document.file] === undefined)
        console.error(`${document.file}\n  ${found.slice(0, 5).join('\n  ')}`);
    }
    expect(unequal.map(({ document }) => document.file).sort()).toEqual(Object.keys(MODELS).sort());
    expect(equal / comparable.length).toBeGreaterThanOrEqual(0.98);
  });
});

/** Under the name that docker compose was told: `-p`. */
function load({ path, text, model }: CorpusDocument): { problems: readonly Problem[]; model: Json } {
  // Frozen, as what is parsed is used more than once.
  const parse = (file: ReadableFile) => freeze(parseYaml(file.path, file.text)) as ParsedYaml;
  const found = findNamedStacks([{ path, relativePath: basename(path), text }], { home: '/root', parse });
  const [stack] = found.stacks;
  if (stack === undefined) return { problems: found.problems, model: {} };
  const environment = { COMPOSE_PROJECT_NAME: String(model?.['name'] ?? 't') };
  const { project, problems } = loadProject({ ...stack.compose, environment }, files);
  return { problems: [...found.problems, ...problems], model: presentProject(project, 'json') };
}

/** Sorted names; what is not expected is explained on the way. */
function explain(other: readonly { document: CorpusDocument; problems: readonly Problem[] }[]): string[] {
  for (const { document, problems } of other) {
    if (ACCEPTANCE[document.file] !== undefined) continue;
    const why = problems.map(({ code, path, message }) => `${code} ${path} ${message}`);
    console.error(`${document.accepted ? 'refused' : 'accepted'}: ${document.file} ${why.join('; ')}`);
  }
  return other.map(({ document }) => document.file).sort();
}

/** What both have in common: docker compose drops the resources of a project without services, which we keep. */
function comparableModel(model: Json): Json {
  const {
    services = {},
    models: _models,
    ...rest
  } = JSON.parse(JSON.stringify(model)) as {
    services?: Record<string, Json>;
    models?: unknown;
  };
  if (Object.keys(services).length === 0) return {};
  return { ...rest, services: mapRecord(services, comparableService) };
}

/** Language models are not run here; docker compose writes the fields of single devices in capitals. */
function comparableService(service: Json): Json {
  const { models: _models, blkio_config, ...rest } = service;
  return { ...rest, blkio_config: lowerKeys(blkio_config) };
}

function lowerKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(lowerKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key.toLowerCase(), lowerKeys(item)]));
}

function mapRecord(
  record: Readonly<Record<string, Json>>,
  change: (value: Json) => Json,
): Record<string, Json> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

function report(what: string, good: number, all: number): void {
  console.error(`corpus: ${what}: ${good} of ${all} (${((100 * good) / all).toFixed(2)} %)`);
}
