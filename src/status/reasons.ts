/** Every reason a condition can have; docs/conditions.md has a paragraph for each, and a test compares. */
export const REASONS = [
  'ReconciliationSucceeded',
  'Progressing',
  'Waiting',
  'ManifestInvalid',
  'StepFailed',
  'EngineUnreachable',
  'InternalError',
  'Suspended',
  'NotSuspended',
  'HealthCheckFailed',
  'AllHealthy',
  'Deleting',
  'NotStalled',
  'NameTakenByForeign',
  'VolumeWouldBeLost',
  'SubnetOverlap',
  'PortTaken',
  'ExternalMissing',
  'ImageMissing',
  'OwnedByAnotherStack',
  'Unsupported',
  'BadRevision',
  'FalseDrift',
  'DependencyFailed',
] as const;

export type Reason = (typeof REASONS)[number];
