// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the corpus has a placeholder of its own
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The corpus: real Compose documents with what docker compose made of each, and what a real engine then showed. It
 * is beside the project, not in it: STACKCTL_CORPUS, else ../shared/corpus/compose.
 */
export const CORPUS =
  process.env['STACKCTL_CORPUS'] || join(import.meta.dirname, '../../../shared/corpus/compose');

/** True, and said aloud, when it is not there: then its tests are skipped. No checkout of the project alone has it. */
export function withoutCorpus(): boolean {
  if (hasCorpus()) return false;
  console.error(`\n*** no corpus at ${CORPUS} (STACKCTL_CORPUS): its tests are SKIPPED ***\n`);
  return true;
}

function hasCorpus(): boolean {
  return existsSync(join(CORPUS, 'index.json'));
}

/** One document, as docker compose 2.40.3 saw it. */
export interface CorpusDocument {
  /** Relative to the corpus: how known differences call it. */
  readonly file: string;
  readonly path: string;
  readonly text: string;
  readonly accepted: boolean;
  /** The canonical model, where it was accepted. */
  readonly model: Json | undefined;
}

/** One document that was applied, and what a real engine showed of it. */
export interface InspectedDocument {
  readonly file: string;
  /** The canonical document: every image replaced by one that sleeps. */
  readonly input: Json;
  readonly containers: readonly Json[];
  readonly networks: readonly Json[];
  readonly volumes: readonly Json[];
}

export type Json = { readonly [key: string]: unknown };

interface IndexEntry {
  readonly file: string;
  readonly 'compose-2.40.3': { readonly rc: number | string };
  readonly 'config-2.40.3'?: string;
  readonly 'inspect-28.5.2'?: string;
  readonly 'inspect-20.10.24'?: string;
}

/** All of them; none without the corpus. */
export function readDocuments(): readonly CorpusDocument[] {
  return readIndex().map((entry) => {
    const model = entry['config-2.40.3'];
    return {
      file: entry.file,
      path: join(CORPUS, entry.file),
      text: readFileSync(join(CORPUS, entry.file), 'utf8'),
      accepted: entry['compose-2.40.3'].rc === 0,
      model: model === undefined ? undefined : readJson(join(CORPUS, model)),
    };
  });
}

/** What the engine of that version showed; of the documents that docker compose could create there. */
export function readInspected(engine: '28.5.2' | '20.10.24'): readonly InspectedDocument[] {
  const field = `inspect-${engine}` as const;
  return readIndex().flatMap((entry) => {
    const name = entry[field];
    if (name === undefined) return [];
    const inspected = readJson(join(CORPUS, field, name)) as unknown as Omit<InspectedDocument, 'file'>;
    return [{ ...inspected, file: entry.file }];
  });
}

function readIndex(): readonly IndexEntry[] {
  return hasCorpus() ? JSON.parse(readFileSync(join(CORPUS, 'index.json'), 'utf8')) : [];
}

function readJson(path: string): Json {
  return JSON.parse(readFileSync(path, 'utf8').replaceAll('${CORPUS}', CORPUS));
}

/** docker compose prints `$` as `$$`. */
export function withSingleDollars<Value>(value: Value): Value {
  return mapTexts(value, (text) => text.replaceAll('$$', '$'));
}

/** The same value with every text in it changed, keys too. */
export function mapTexts<Value>(value: Value, change: (text: string) => string): Value {
  return mapDeep(value, change) as Value;
}

function mapDeep(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((item) => mapDeep(item, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [change(key), mapDeep(item, change)]));
}

/** Where two values differ, at most a few places, for people. Order counts in lists only; undefined is absent. */
export function differences(expected: unknown, actual: unknown, path = ''): readonly string[] {
  if (isRecord(expected) && isRecord(actual)) {
    const keys = new Set([...Object.keys(expected), ...Object.keys(actual)]);
    return [...keys].flatMap((key) => differences(expected[key], actual[key], `${path}.${key}`));
  }
  if (Array.isArray(expected) && Array.isArray(actual) && expected.length === actual.length) {
    return expected.flatMap((item, index) => differences(item, actual[index], `${path}[${index}]`));
  }
  const [left, right] = [JSON.stringify(expected), JSON.stringify(actual)];
  return left === right ? [] : [`${path}: expected ${left?.slice(0, 200)}, got ${right?.slice(0, 200)}`];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
