import { toPlain } from '../compose/plain.ts';
import { fieldOf, type Tree, textField } from '../compose/tree.ts';
import { isOurs } from './read-envelope.ts';
import { controlSchema } from './schema/stack.ts';
import type { StackManifest } from './stack.ts';

/** What a manifest says beside its Compose part, for writing it again. */
export interface WrittenFields {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** The control fields of `spec` that were written: as they were, but with absolute paths. */
  readonly control: Readonly<Record<string, unknown>>;
}

/** `documents` are those of the file that the manifest begins in; a plain Compose file says nothing of this. */
export function writtenFields(manifest: StackManifest, documents: readonly Tree[]): WrittenFields {
  const { name, labels, annotations } = manifest;
  const { env, envFile } = manifest.control;
  const document = documents.find(
    (each) => isOurs(each) && textField(fieldOf(each, 'metadata'), 'name') === name,
  );
  const spec = fieldOf(document, 'spec');
  const written = spec?.kind === 'mapping' ? [...spec.entries] : [];
  const control = written
    .filter(([key]) => key !== 'composeFiles' && Object.hasOwn(controlSchema.shape, key))
    .map(([key, { value }]) => [key, toPlain(value)] as const);
  return {
    labels,
    annotations,
    control: {
      ...Object.fromEntries(control),
      ...(Object.keys(env).length === 0 ? {} : { env }),
      ...(envFile.length === 0 ? {} : { envFile }),
    },
  };
}
