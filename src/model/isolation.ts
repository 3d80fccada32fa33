/** What the last verification of a stack's isolation said. */
export interface IsolationNote {
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: 'IsolationVerified' | 'IsolationBroken' | 'IsolationUnknown';
  readonly message: string;
  /** Of the stack then: what was found says nothing of a later one. */
  readonly generation: number;
  readonly atMs: number;
}
