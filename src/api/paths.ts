import { VERSION } from '../version.ts';

/**
 * Where everything is, and how much of it may be sent: what both sides need before anything is said. What is said itself
 * is in the contracts, which a command that asks nothing has no use for.
 */
export const API_VERSION = 'v1alpha1';

/** How the daemon calls itself in its answers (the header `server`), so that a client of the same build knows it. */
export const SERVER_NAME = `stackctld/${VERSION}`;

/** The largest body that the daemon reads. */
export const MAX_BODY_BYTES = 8 * 1024 * 1024;
/** The largest manifest file, as in every source. */
export const MAX_MANIFEST_BYTES = 1024 * 1024;
/** How many files one push may carry. */
export const MAX_MANIFEST_FILES = 1000;
/** Streams answer with one JSON document a line. */
export const NDJSON = 'application/x-ndjson';

/** Commands about one stack that need nothing but its name. */
export type StackVerb = 'reconcile' | 'suspend' | 'resume' | 'adopt';

const root = `/${API_VERSION}`;
const ofStack = (stack: string): string => `${root}/stacks/${encodeURIComponent(stack)}`;
const ofSource = (name: string): string => `${root}/sources/${encodeURIComponent(name)}`;

export const PATHS = {
  version: `${root}/version`,
  apply: `${root}/apply`,
  diff: `${root}/diff`,
  events: `${root}/events`,
  watch: `${root}/watch`,
  networking: `${root}/networking`,
  verify: `${root}/verify`,
  stacks: `${root}/stacks`,
  stack: ofStack,
  project: (name: string): string => `${root}/projects/${encodeURIComponent(name)}`,
  manifest: (stack: string): string => `${ofStack(stack)}/manifest`,
  logs: (stack: string): string => `${ofStack(stack)}/logs`,
  history: (stack: string): string => `${ofStack(stack)}/history`,
  rollback: (stack: string): string => `${ofStack(stack)}/rollback`,
  rollout: (stack: string): string => `${ofStack(stack)}/rollout`,
  command: (stack: string, verb: StackVerb): string => `${ofStack(stack)}/${verb}`,
  sources: `${root}/sources`,
  source: ofSource,
  reconcileSource: (name: string): string => `${ofSource(name)}/reconcile`,
} as const;

/** Query of a stack's `reconcile`: its source is read again first. */
export const RECONCILE_WITH_SOURCE = { withSource: true } as const;
