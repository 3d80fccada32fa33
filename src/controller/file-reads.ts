import { join } from 'node:path';
import type { FileLook, Files } from '../model/files.ts';

/** One thing that was looked at on the way to a wish. */
export interface FileRead {
  readonly path: string;
  /** Whether all of the file mattered, or only whether there is one, and of what kind, or where its links lead. */
  readonly aspect: 'content' | 'kind' | 'place';
  /** Taken before the file was read: whatever changes after, shows. */
  readonly look: FileLook;
}

/** What happens while files are read, as it happens: all that is known of a call that does not come back. */
export type ReadNote =
  | { readonly kind: 'read'; readonly read: FileRead }
  /** A build context is digested from here on, which may rightly take long. */
  | { readonly kind: 'context'; readonly directory: string }
  | { readonly kind: 'context-done' };

export interface ReadRecord {
  /** The same files, watched. */
  readonly files: Files;
  /**
   * What was read; while all of it is as it was, the same comes of it. Undefined when nobody can tell that cheaply: a
   * directory was digested, a file could not be read, or one changed so lately that its next change might not show.
   */
  reads(): readonly FileRead[] | undefined;
}

/** Watches what is read of files, to know later whether reading them again could give anything else. */
export function recordReads(
  files: Files,
  look: (path: string) => FileLook,
  onNote: (note: ReadNote) => void,
): ReadRecord {
  const reads = new Map<string, FileRead>();
  let isRepeatable = true;
  const note = (path: string, aspect: FileRead['aspect']): FileRead => {
    const key = `${aspect} ${path}`;
    const read = reads.get(key) ?? { path, aspect, look: look(path) };
    if (!reads.has(key)) onNote({ kind: 'read', read });
    reads.set(key, read);
    return read;
  };
  const noteContent = <T>(path: string, take: () => T, isGood: (taken: T) => boolean): T => {
    const { look } = note(path, 'content');
    const taken = take();
    isRepeatable &&= look.kind === 'missing' || (look.isSettled && isGood(taken));
    return taken;
  };
  return {
    files: {
      readText: (path) =>
        noteContent(
          path,
          () => files.readText(path),
          // Too large is what it is until it changes.
          (text) => text.ok || text.reason === 'too-large',
        ),
      digestFile: (path) =>
        noteContent(
          path,
          () => files.digestFile(path),
          (digest) => digest !== undefined,
        ),
      digestContext: (directory, dockerfile) => {
        isRepeatable = false;
        note(join(directory, '.dockerignore'), 'content');
        onNote({ kind: 'context', directory });
        const digest = files.digestContext(directory, dockerfile);
        onNote({ kind: 'context-done' });
        return digest;
      },
      kind: (path) => {
        note(path, 'kind');
        return files.kind(path);
      },
      realPath: (path) => {
        note(path, 'place');
        return files.realPath(path);
      },
    },
    reads: () => (isRepeatable ? [...reads.values()] : undefined),
  };
}

/** Whether reading again could give nothing else. */
export function isSame(read: FileRead, now: FileLook): boolean {
  if (read.aspect === 'place') return read.look.place === now.place;
  return read.look.kind === now.kind && (read.aspect === 'kind' || read.look.stamp === now.stamp);
}
