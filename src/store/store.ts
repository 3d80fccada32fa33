/** What is kept; each is one small JSON document per name. */
export type StoreKind =
  /** Planner's memory of a stack. */
  | 'memory'
  /** Manifests that `stackctl apply` pushed. */
  | 'applied'
  /** The last manifest of a stack that was good. */
  | 'last-good'
  /** Generation, history, conditions. */
  | 'stack'
  /** A stack that is to be suspended whatever its manifest says. */
  | 'suspended'
  | 'adopted'
  /** What somebody said about the rollouts of a stack. */
  | 'rollout'
  /** What a stack was whenever it was Ready. */
  | 'revisions'
  /** A deletion that was decided and not finished. */
  | 'tombstone'
  /** What was deleted lately because manifests of a source were gone, by source. */
  | 'deletions'
  /** A Git repository as it was declared last. */
  | 'repository'
  /** Small things of the daemon itself. */
  | 'daemon';

/**
 * The port: memory that may be lost. Losing all of it may cost back-off history and what was applied by hand;
 * it never causes a deletion or a duplicate. Reading never fails: what is damaged is put aside and absent.
 */
export interface Store {
  read(kind: StoreKind, name: string): unknown;
  list(kind: StoreKind): readonly string[];
  /** Durable when it returns: written, flushed, renamed, directory flushed. No write when nothing changed. */
  write(kind: StoreKind, name: string, value: unknown): Promise<void>;
  remove(kind: StoreKind, name: string): Promise<void>;
  /** Appends to the bounded log of events, oldest dropped first. */
  appendEvent(event: unknown): void;
  readEvents(): readonly unknown[];
  /** Everything pending is on disk when it returns. */
  flush(): Promise<void>;
}
