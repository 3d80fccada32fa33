/** Kubernetes' Pod Security Standards, from the loosest to the strictest. */
export const POLICY_LEVELS = ['privileged', 'baseline', 'restricted'] as const;
export type PolicyLevel = (typeof POLICY_LEVELS)[number];

/** Places of this host that decide what a bind may reach. Absolute. */
export interface HostPlaces {
  /** Directories of manifests that the operator named: a stack in one of them owns its directory, wherever that is. */
  readonly manifestRoots: readonly string[];
  /** Sockets that command the engine or us: who reaches one is root. */
  readonly sockets: readonly string[];
  /** Our own state and policy. */
  readonly ownPaths: readonly string[];
  /** Directories among them whose subdirectories are laid out for stacks: the files of repositories. */
  readonly laidOut?: readonly string[];
}

/** What the operator holds one stack to. */
export interface Admission {
  /** What breaks it is refused. */
  readonly enforce: PolicyLevel;
  /** What breaks it is told. */
  readonly warn: PolicyLevel;
  readonly places: HostPlaces;
}

/** What the calls to the engine of one pass are held to. */
export interface CallAdmission {
  readonly stack: string;
  /** The Compose project. */
  readonly project: string;
  readonly level: PolicyLevel;
  /** The stack's own directory, as far as it may have one. */
  readonly directory: string;
  readonly places: HostPlaces;
}

export const NO_PLACES: HostPlaces = { manifestRoots: [], sockets: [], ownPaths: [] };

/** Everything goes, and nothing is told. */
export const UNRESTRICTED: Admission = { enforce: 'privileged', warn: 'privileged', places: NO_PLACES };

/** Whether a level forbids what `needed` forbids. */
export function isAtLeast(level: PolicyLevel, needed: PolicyLevel): boolean {
  return POLICY_LEVELS.indexOf(level) >= POLICY_LEVELS.indexOf(needed);
}
