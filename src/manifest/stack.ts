import type { LoadRequest } from '../compose/load.ts';
import type { SealedValue } from '../model/files.ts';
import type { Position, Problem } from '../model/problem.ts';
import type { ReachabilityPolicy } from '../model/reachability.ts';
import type { RepositoryDeclaration } from '../model/repository.ts';

/** A file of a source, whole, as it was read. */
export interface ManifestFile {
  /** Absolute. */
  readonly path: string;
  /** Relative to the root of its source. */
  readonly relativePath: string;
  readonly text: string;
}

/** A file as it is to be understood, which may have been encrypted. */
export interface ReadableFile extends ManifestFile {
  /** As it stands in its source, when that is not `text`: what its revision is made of. */
  readonly original?: string | undefined;
  /** What of it was encrypted. */
  readonly sealed?: readonly SealedValue[] | undefined;
}

/** How a stack is to be treated: the fields of `Stack.spec` that are not Compose's (DESIGN, section 2). */
export interface StackControl {
  readonly suspend: boolean;
  readonly prune: boolean;
  readonly deletionPolicy: 'Delete' | 'Orphan';
  readonly dependsOn: readonly { readonly name: string }[];
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly wait: boolean;
  readonly driftDetection: {
    readonly mode: 'enabled' | 'warn' | 'disabled';
    readonly ignore: readonly { readonly paths: readonly string[] }[];
  };
  readonly env: Readonly<Record<string, string>>;
  /** Absolute; later ones win. */
  readonly envFile: readonly string[];
  readonly profiles: readonly string[];
}

/** What a user asks for under one name, before its Compose part is loaded. */
export interface StackManifest {
  /** `^[a-z0-9][a-z0-9_-]{0,62}$` */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly control: StackControl;
  /** For `loadProject`. */
  readonly compose: LoadRequest;
  /** Absolute paths of the files that define it. */
  readonly files: readonly string[];
  readonly at: Position;
  /** `sha256:<hex>` over what defines it; the same text gives the same revision. */
  readonly revision: string;
}

/** A file that should have defined stacks and could not be used: what it defined before stays in force. */
export interface BrokenFile {
  /** Absolute. */
  readonly file: string;
  /** What is wrong with it; a warning alone when it only looks as if something was lost. */
  readonly problems: readonly Problem[];
  /** Stacks it defines as far as can be seen. */
  readonly names: readonly string[];
}

export interface FoundStacks {
  /** Sorted by name; no two have the same. */
  readonly stacks: readonly StackManifest[];
  /** Sorted by name; no two have the same. */
  readonly repositories: readonly RepositoryDeclaration[];
  /** In the order of the files. */
  readonly policies: readonly ReachabilityPolicy[];
  /** All faults of all manifests, those of `broken` included. */
  readonly problems: readonly Problem[];
  readonly broken: readonly BrokenFile[];
}
