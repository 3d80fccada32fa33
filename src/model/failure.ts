/** What kind of failure, and so when to try again (models: DESIGN 4.11). */
export type FailureKind =
  /** The manifest must change first. */
  | 'invalid'
  /** A name, port or subnet is somebody else's: slow retries, and at engine events. */
  | 'conflict'
  /** The engine turned a call down: back-off. */
  | 'refused'
  /** The object is gone already: look again at once. */
  | 'gone'
  /** No answer: one probe for all stacks. */
  | 'unreachable'
  /** A newer revision or a shutdown came between. */
  | 'superseded'
  /** A broken invariant of our own. */
  | 'bug';

/** The one error class: made by adapters from what the outside threw; `cause` is kept. */
export class Failure extends Error {
  readonly kind: FailureKind;
  readonly hint: string | undefined;
  /** HTTP status of the engine's answer, when there was one. It chooses the back-off, never the truth. */
  readonly status: number | undefined;

  constructor(
    kind: FailureKind,
    message: string,
    more: { readonly hint?: string; readonly status?: number; readonly cause?: unknown } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = 'Failure';
    this.kind = kind;
    this.hint = more.hint;
    this.status = more.status;
  }
}

/** Anything thrown, as a Failure; what is not one already is a bug of ours. */
export function asFailure(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new Failure('bug', message, { cause: thrown });
}
