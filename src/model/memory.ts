import type { EndpointSettings } from './container.ts';
import type { SlotName } from './names.ts';

/**
 * What one stack's planner remembers between passes. It may be lost: that costs history of back-offs, and in the middle of
 * making a network again also the attachments of its guests.
 */
export interface Memory {
  /** When it began (unix ms); undefined: with the next pass. What happened before is not known. */
  readonly beganAtMs?: number | undefined;
  /** The revision that was carried out last, to its end: what differs from it since is drift. */
  readonly settled?: string | undefined;
  /** Restarts of unhealthy or exited containers, by slot. */
  readonly restarts: Readonly<Record<SlotName, RestartRecord>>;
  /** When (unix ms) a container was last restarted because somebody asked for that, by container id. */
  readonly restarted: Readonly<Record<string, number>>;
  /** Revisions of a service that failed to come up: not tried again until the spec changes. */
  readonly badRevisions: Readonly<Record<string, BadRevision>>;
  /** Unhealthy verdicts seen once, waiting for the second observation. By container id: unix ms first seen. */
  readonly unhealthySince: Readonly<Record<string, number>>;
  /** When (unix ms) the two containers of a hand-over were first seen attached as they are, by container id. */
  readonly attachedSince: Readonly<Record<string, number>>;
  /** Jobs that completed, by slot: the spec hash that ran. Their container may be gone since. */
  readonly completedJobs: Readonly<Record<SlotName, string>>;
  /** Repairs that succeeded and were needed again at once: by what was repaired, how often in a row. */
  readonly repeats: Readonly<Record<string, number>>;
  /** When an image was last pulled or tried, by reference. */
  readonly pulls: Readonly<Record<string, PullRecord>>;
  /**
   * Spec hashes of containers that we made or recognised, by container id. Labels alone say nothing: they cannot be
   * changed, and other programs copy them onto containers of their own.
   */
  readonly known: Readonly<Record<string, string>>;
  /** How far the `post_start` hooks of a container's present start have got, by container id. */
  readonly hooks: Readonly<Record<string, HookRecord>>;
  /** By service. */
  readonly rollouts: Readonly<Record<string, RolloutRecord>>;
  /** Containers of others that were taken off a network of ours, by its name and their id, until they are on it again. */
  readonly guests: Readonly<Record<string, Readonly<Record<string, EndpointSettings>>>>;
}

/** How far the replacement of a service's replicas has got. */
export interface RolloutRecord {
  /** Of the revision that it leads to; another one begins anew. */
  readonly specHash: string;
  readonly lastDoneAtMs: number | undefined;
  /** Ordinals of replicas whose new container failed. */
  readonly failed: readonly number[];
}

export interface HookRecord {
  /** Of the start they belong to (unix ms): another start, all of them again. */
  readonly startedAtMs: number;
  /** How many have succeeded. */
  readonly done: number;
  /** Why the next one failed when it was last tried. */
  readonly failure?: string | undefined;
}

/** Of a pull or a build. */
export interface PullRecord {
  readonly atMs: number;
  /** The stack's revision it was pulled for. */
  readonly revision: string;
  /** Failures in a row, for this revision; 0: the last one worked. */
  readonly failures: number;
  /** Why the last one failed, with what to do. */
  readonly failure?: string | undefined;
}

export interface RestartRecord {
  /** Restarts in a row without ten healthy minutes between. */
  readonly count: number;
  readonly lastAtMs: number;
}

export interface BadRevision {
  readonly specHash: string;
  readonly imageId: string;
  readonly reason: string;
  readonly atMs: number;
  /** `failure_action: pause`: neither forward nor back until somebody says so. */
  readonly isPaused?: boolean | undefined;
}

export const EMPTY_MEMORY: Memory = {
  restarts: {},
  restarted: {},
  badRevisions: {},
  unhealthySince: {},
  attachedSince: {},
  completedJobs: {},
  repeats: {},
  pulls: {},
  known: {},
  hooks: {},
  rollouts: {},
  guests: {},
};
