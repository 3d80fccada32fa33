import { glance, recogniseName } from '../manifest/recognise.ts';
import type { ManifestFile, ReadableFile } from '../manifest/stack.ts';
import type { Problem } from '../model/problem.ts';
import type { Opener } from './keyring.ts';

/** Manifests as they are to be understood, and those that cannot be: these count as broken. */
export interface OpenedManifests {
  readonly files: readonly ReadableFile[];
  readonly refused: ReadonlyMap<string, Problem>;
}

/** Decrypts those of the files that may be manifests; data files are left for who refers to them. */
export function openManifests(
  files: readonly ManifestFile[],
  opener: Opener,
  alreadyRefused: ReadonlyMap<string, Problem> = new Map(),
): OpenedManifests {
  const refused = new Map(alreadyRefused);
  const opened = files.map((file): ReadableFile => {
    if (alreadyRefused.has(file.path) || !mayBeManifest(file)) return file;
    const result = opener.open(file.path, file.text);
    if (result.kind === 'failed') refused.set(file.path, result.problem);
    if (result.kind !== 'opened') return file;
    return { ...file, text: result.text, original: file.text, sealed: result.sealed };
  });
  return { files: opened, refused };
}

/** Its apiVersion may be encrypted too. */
function mayBeManifest({ path, text }: ManifestFile): boolean {
  if (recogniseName(path).kind !== 'other') return true;
  return glance(path, text) !== 'no' || /^[\t ]{0,16}"?apiVersion"?:[\t ]{0,16}"?ENC\[/m.test(text);
}
