import type { Position, Problem } from './problem.ts';

/** A value that stood encrypted in its file. */
export interface SealedValue {
  /** Keys and indices that lead to it. */
  readonly path: readonly (string | number)[];
  readonly at: Position;
}

/** What became of reading one file. `reason` decides the problem that is reported. */
export type FileText =
  | {
      readonly ok: true;
      readonly text: string;
      /** Set when the file was encrypted: what of it nobody else may see. */
      readonly sealed?: readonly SealedValue[] | undefined;
      /** Its bytes, should it have been encrypted: a text cannot hold all of them. */
      readonly content?: Uint8Array | undefined;
    }
  | {
      readonly ok: false;
      readonly reason: 'missing' | 'not-a-file' | 'too-large' | 'unstable' | 'denied' | 'outside-root';
      readonly message: string;
      /** Says more, and in its own words. */
      readonly problem?: Problem | undefined;
    };

/**
 * The port by which the pure rooms see files. Synchronous on purpose: loading is a pure function of
 * the manifest, the environment and what these calls return, and can run in a worker as it is.
 * All paths are absolute, normalised paths of the host.
 */
export interface Files {
  /** Reads a text file (UTF-8; a BOM is kept for the caller to strip). Bounded in size. */
  readText(path: string): FileText;
  /** sha256 (hex) of a file's bytes, or undefined when it cannot be read. */
  digestFile(path: string): string | undefined;
  /**
   * sha256 (hex) over the names, modes and contents of a build context, leaving out what its
   * `.dockerignore` leaves out; undefined when the directory cannot be read.
   */
  digestContext(directory: string, dockerfile: string | undefined): string | undefined;
  /** Whether something exists at this path, and what. */
  kind(path: string): 'file' | 'directory' | 'other' | 'missing';
  /** The path without links, as far as it exists; undefined when that cannot be seen (permissions, a circle). */
  realPath(path: string): string | undefined;
}

/** What can be told of a path without reading it. */
export interface FileLook {
  readonly kind: ReturnType<Files['kind']>;
  /** Names the content as far as a file system can: device, inode, size, times; the code of the error otherwise. */
  readonly stamp: string;
  /** False while it is so young that another change might leave the same stamp. */
  readonly isSettled: boolean;
  /** As `Files.realPath` has it. */
  readonly place: string | undefined;
}
