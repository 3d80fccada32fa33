/** The control fields of a stack whose manifest says nothing of them. */
export const PLAIN_CONTROL = {
  suspend: false,
  prune: true,
  deletionPolicy: 'Delete',
  driftDetection: 'enabled',
  intervalMs: 30_000,
  timeoutMs: 300_000,
  dependsOn: [],
} as const;
