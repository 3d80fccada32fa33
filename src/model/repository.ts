import type { Position, Problem } from './problem.ts';

/** What of a Git repository is followed; the most specific one that is given counts. */
export interface RepositoryRef {
  /** 40 hex digits: this commit and no other. */
  readonly commit: string | undefined;
  /** A range such as `>=1.2 <2`: the highest tag within. */
  readonly semver: string | undefined;
  readonly tag: string | undefined;
  /** With nothing given: what the remote's HEAD names. */
  readonly branch: string | undefined;
}

/** Which signatures are asked for: of the commit, of the tag that names it, or of both (Flux's words). */
export type VerifyMode = 'HEAD' | 'Tag' | 'TagAndHEAD';

/** A `GitRepository` as its manifest declares it. Paths are absolute, times in milliseconds. */
export interface RepositoryDeclaration {
  /** `^[a-z0-9][a-z0-9_-]{0,62}$` */
  readonly name: string;
  /** Without a password; of the kinds that `isRepositoryUrl` lets through. */
  readonly url: string;
  readonly ref: RepositoryRef;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** The directory of the repository that has the manifests; empty: all of it. */
  readonly path: string;
  readonly suspend: boolean;
  /** A directory of credentials, a file each, named as the keys of Flux's secrets. */
  readonly secretDirectory: string | undefined;
  readonly verify: { readonly mode: VerifyMode; readonly keyDirectory: string } | undefined;
  /** Where it is declared. */
  readonly at: Position;
}

/** Why a repository is as it is; docs/conditions.md has a paragraph for each. */
export const REPOSITORY_REASONS = [
  'Succeeded',
  'FetchPending',
  'FetchFailed',
  'AuthenticationFailed',
  'RefNotFound',
  'SecretUnusable',
  'VerificationFailed',
  'ContentRefused',
  'SourceSuspect',
  'RepositorySuspended',
  'NotDeclared',
] as const;
export type RepositoryReason = (typeof REPOSITORY_REASONS)[number];

/** What a source of any kind shows. */
export interface SourceStatus {
  readonly kind: 'directory' | 'applied' | 'git';
  readonly name: string;
  /** A directory's path, a repository's url; empty for what was applied. */
  readonly url: string;
  /** `main@sha1:<40 hex>` of what is in force; undefined while nothing is. */
  readonly revision: string | undefined;
  readonly ready: 'True' | 'False' | 'Unknown';
  readonly reason: RepositoryReason;
  /** What is so, and what to do. */
  readonly message: string;
  /** What was left out, such as submodules. */
  readonly notes: readonly string[];
  /** Faults of files that belong to no stack, and what it declares though another source has it. */
  readonly problems: readonly Problem[];
  /** `file:line:column` of a repository's manifest; empty for others. */
  readonly declaredAt: string;
  /** Names of its stacks. */
  readonly stacks: readonly string[];
  /** ISO 8601. */
  readonly lastFetchAt: string | undefined;
  readonly nextFetchAt: string | undefined;
  readonly createdAt: string;
}
