import path from 'node:path/posix';
import { goText } from '../compose/go-text.ts';
import { toPlain } from '../compose/plain.ts';
import { fieldOf, type MappingTree } from '../compose/tree.ts';
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
  const fields = controlSchema.parse(spec === undefined ? {} : toPlain(spec));
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

/** From the tree: it knows how a number was written, which matters as soon as it is text. */
function readEnv(spec: MappingTree | undefined): Readonly<Record<string, string>> {
  const env = fieldOf(spec, 'env');
  if (env?.kind !== 'mapping') return {};
  return Object.fromEntries(
    [...env.entries].flatMap(([name, { value }]) => (value.kind === 'scalar' ? [[name, goText(value)]] : [])),
  );
}
