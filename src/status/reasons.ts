import { HELD_REASONS } from '../model/status.ts';

/** Every reason a condition can have; docs/conditions.md has a paragraph for each, and a test compares. */
export const REASONS = [
  'ReconciliationSucceeded',
  'Progressing',
  'Waiting',
  'ManifestInvalid',
  'PolicyViolation',
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
  'RolloutPaused',
  'RolloutHeld',
  'Drifted',
  'FalseDrift',
  'DependencyFailed',
  ...HELD_REASONS,
  'IsolationVerified',
  'IsolationBroken',
  'IsolationUnknown',
] as const;

export type Reason = (typeof REASONS)[number];
