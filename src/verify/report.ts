/** What a source of knowledge says of one cell. */
export type Finding = 'yes' | 'no' | 'unknown';

/**
 * What a cell is about. `service`: one service opens a connection to another. `name`: it finds it by a name. `host`: the
 * engine's host opens one to a service. `published`: the same by an address of the host. `gateway`: a service opens one to
 * the host. `outside`: it gets out. `guest`: somebody whom no manifest knows is on a network of a stack.
 */
export type CellKind = 'service' | 'name' | 'host' | 'published' | 'gateway' | 'outside' | 'guest';

/** One statement about who reaches whom, by what the manifests say, what the engine shows, and what a probe found. */
export interface Cell {
  readonly kind: CellKind;
  /** `STACK/SERVICE`, `STACK/SERVICE-2` of a further replica, `host`, or a container's name. */
  readonly from: string;
  readonly to: string;
  /** `5432/tcp`, a name, an address of the host; empty: any port. */
  readonly what: string;
  readonly declared: Finding;
  readonly observed: Finding;
  readonly probed: Finding;
  /** Two of them contradict each other. */
  readonly differs: boolean;
  /** What was tried and what became of it. */
  readonly detail: string;
}

/** A rule or a zone of a ReachabilityPolicy that does not hold on the live engine. */
export interface PolicyBreach {
  readonly policy: string;
  /** Its name, or `zone NETWORK`. */
  readonly rule: string;
  /** `FILE:LINE:COLUMN` of the rule. */
  readonly at: string;
  /** `STACK/SERVICE`, `the host`, `the outside`; undefined of a zone. */
  readonly from: string | undefined;
  readonly to: string | undefined;
  /** Stacks that have a part in it. */
  readonly stacks: readonly string[];
  /** What is not as expected, and why. */
  readonly message: string;
}

/** What policies say, held to what the engine shows and the probes found. */
export interface PolicyReport {
  /** Rules and zones of all policies. */
  readonly checked: number;
  /** Those of the stacks that were asked about, in the policies' order. */
  readonly broken: readonly PolicyBreach[];
}

/** The matrix of some stacks, proved. */
export interface VerifyReport {
  /** Sorted. */
  readonly stacks: readonly string[];
  /** ISO 8601. */
  readonly startedAt: string;
  readonly tookMs: number;
  /** Differences first. */
  readonly cells: readonly Cell[];
  readonly policies: PolicyReport;
  /** Who could not be asked, and why: `STACK/SERVICE: it does not run`. */
  readonly skipped: readonly string[];
  readonly probes: number;
}

/** What is known must agree. */
export function differ(declared: Finding, observed: Finding, probed: Finding): boolean {
  const known = [declared, observed, probed];
  return known.includes('yes') && known.includes('no');
}

/** One line for people: `shop/web -> shop/db 5432/tcp: declared no, observed yes, probed yes`. */
export function sayCell({ kind, from, to, what, declared, observed, probed }: Cell): string {
  const subject = kind === 'name' ? `${from} finds ${to} as ${what}` : `${from} -> ${to} ${what}`.trim();
  return `${subject}: declared ${declared}, observed ${observed}, probed ${probed}`;
}

/** One line for people: what is broken, by which rule, and where that stands. */
export const sayBreach = ({ policy, rule, at, message }: PolicyBreach): string =>
  `policy ${policy}, ${rule} (${at}): ${message}`;
