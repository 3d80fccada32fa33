import path from 'node:path/posix';
import { goText } from '../compose/go-text.ts';
import { toPlain } from '../compose/plain.ts';
import { fieldOf, type MappingTree, type Tree } from '../compose/tree.ts';
import { parseDurationMs } from './schema/duration.ts';
import { controlSchema } from './schema/stack.ts';
import type { StackControl } from './stack.ts';

/** The control fields and `composeFiles` of a `spec` that its schema found nothing wrong with. */
export interface SpecFields {
  readonly control: StackControl;
  /** As written: relative to the manifest. */
  readonly composeFiles: readonly string[];
}

/** Relative files are relative to `directory`; without a `spec` everything has its default. */
export function readSpecFields(spec: MappingTree | undefined, directory: string): SpecFields {
  const fields = controlSchema.parse(spec === undefined ? {} : toPlain(withoutNotes(spec)));
  const envFiles = typeof fields.envFile === 'string' ? [fields.envFile] : fields.envFile;
  return {
    composeFiles: fields.composeFiles,
    control: {
      suspend: fields.suspend,
      prune: fields.prune,
      deletionPolicy: fields.deletionPolicy,
      dependsOn: fields.dependsOn,
      intervalMs: parseDurationMs(fields.interval) ?? 0,
      timeoutMs: parseDurationMs(fields.timeout) ?? 0,
      wait: fields.wait,
      driftDetection: fields.driftDetection,
      env: readEnv(spec),
      envFile: envFiles.map((file) => path.resolve(directory, file)),
      profiles: fields.profiles,
    },
  };
}

/** Keys that begin with "x-" are notes at any depth, which the check of the envelope has let pass. */
function withoutNotes(tree: Tree): Tree {
  if (tree.kind === 'scalar') return tree;
  if (tree.kind === 'sequence') return { ...tree, items: tree.items.map(withoutNotes) };
  const entries = [...tree.entries]
    .filter(([key]) => !key.startsWith('x-'))
    .map(([key, entry]) => [key, { ...entry, value: withoutNotes(entry.value) }] as const);
  return { ...tree, entries: new Map(entries) };
}

/** From the tree: it knows how a number was written, which matters as soon as it is text. */
function readEnv(spec: MappingTree | undefined): Readonly<Record<string, string>> {
  const env = fieldOf(spec, 'env');
  if (env?.kind !== 'mapping') return {};
  return Object.fromEntries(
    [...env.entries].flatMap(([name, { value }]) => (value.kind === 'scalar' ? [[name, goText(value)]] : [])),
  );
}
