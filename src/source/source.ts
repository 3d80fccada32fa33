import type { RepositoryDeclaration, RepositoryReason } from '../model/repository.ts';

/** A file of a source that may be a manifest, as it was read: whole and stable. */
export interface SourceFile {
  /** Absolute, normalised. */
  readonly path: string;
  /** Relative to the source's root. */
  readonly relativePath: string;
  readonly text: string;
  /**
   * When set, the file counts for the stack of this name only: files of one name form a tree of their own (the
   * same path may be there for another stack, as it was applied at another time), and other stacks in it are not
   * taken. Undefined for sources that are one tree.
   */
  readonly forStack?: string | undefined;
}

/** One full reading of a source. */
export interface SourceScan {
  /**
   * False when the reading cannot be relied on as complete (directory missing, replaced, unreadable, empty
   * where stacks were known): then what is absent from it says nothing.
   */
  readonly trusted: boolean;
  /** Why not, for people. */
  readonly reason: string | undefined;
  /** Names the content: `sha256:...`, or `main@sha1:...` for Git. */
  readonly revision: string;
  readonly files: readonly SourceFile[];
  /** Files that are there and could not be read; their stacks keep their last good manifest. */
  readonly unreadable: readonly {
    readonly path: string;
    readonly relativePath: string;
    readonly reason: string;
  }[];
}

/** The port: where manifests come from. */
export interface Source {
  readonly kind: 'directory' | 'applied' | 'git';
  /** Shown to people: the directory's path, the repository's name. */
  readonly name: string;
  /** Reads everything again. Throws `Failure` only for a bug; what cannot be read is in the scan. */
  scan(signal: AbortSignal): Promise<SourceScan>;
  /** Yields whenever it is worth scanning again (debounced). Never ends but by the signal. */
  changes(signal: AbortSignal): AsyncIterable<void>;
}

/** What is to be said of a repository. */
export interface RepositoryState {
  readonly ready: 'True' | 'False' | 'Unknown';
  readonly reason: RepositoryReason;
  readonly message: string;
  /** Of what is in force. */
  readonly revision: string | undefined;
  readonly notes: readonly string[];
  /** Unix ms. */
  readonly lastFetchAtMs: number | undefined;
  readonly nextFetchAtMs: number | undefined;
}

/** A source that asks a remote. `scan` never does: it reads what was fetched last and found good. */
export interface RepositorySource extends Source {
  readonly kind: 'git';
  readonly declaration: RepositoryDeclaration;
  state(): RepositoryState;
  /** Asks the remote now. What goes wrong is in the state. True when there is something else to read. */
  refresh(signal: AbortSignal): Promise<boolean>;
  /** Has `changes` ask the remote at once. */
  lookNow(): void;
}
