import { z } from 'zod';
import type { Yields } from './contract.ts';

/** What is said on the socket about revisions and rollouts; a type test keeps it equal to controller/operations.ts. */
const revisionNote = z.object({
  number: z.number(),
  revision: z.string(),
  outcome: z.enum(['Applied', 'Failed', 'RolledBack', 'Applying']),
  appliedAt: z.string(),
  isRestorable: z.boolean(),
  services: z.record(z.string(), z.string()),
  changes: z.array(z.string()),
});

/** Answer of `GET /v1alpha1/stacks/NAME/history` */
export const historySchema = z.object({ items: z.array(revisionNote) });

/** Body of `POST /v1alpha1/stacks/NAME/rollback` */
export const rollbackRequestSchema = z.object({ toRevision: z.number().int().min(1).optional() });

/** Its answer: what is held, and the generation to wait for. */
export const rollbackResultSchema = z.object({ number: z.number(), generation: z.number() });

/** Body of `POST /v1alpha1/stacks/NAME/rollout` */
export const rolloutRequestSchema = z.object({
  verb: z.enum(['pause', 'resume', 'restart']),
  services: z.array(z.string()).max(1000).default([]),
});

export type RevisionNote = Yields<typeof revisionNote>;
export type RollbackResult = Yields<typeof rollbackResultSchema>;
export type RolloutVerb = Yields<typeof rolloutRequestSchema>['verb'];
