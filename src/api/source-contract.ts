import { z } from 'zod';
import { REPOSITORY_REASONS } from '../model/repository.ts';
import { problemSchema } from './contract.ts';

/** The part of the contract that is about sources of manifests. */
const maybeText = z
  .string()
  .optional()
  .transform((value) => value);

/** `GET /v1alpha1/sources/NAME`, and the answer of `POST /v1alpha1/sources/NAME/reconcile`. */
export const sourceStatusSchema = z.object({
  kind: z.enum(['directory', 'applied', 'git']),
  name: z.string(),
  url: z.string(),
  revision: maybeText,
  ready: z.enum(['True', 'False', 'Unknown']),
  reason: z.enum(REPOSITORY_REASONS),
  message: z.string(),
  notes: z.array(z.string()),
  problems: z.array(problemSchema),
  declaredAt: z.string(),
  stacks: z.array(z.string()),
  lastFetchAt: maybeText,
  nextFetchAt: maybeText,
  createdAt: z.string(),
});

/** `GET /v1alpha1/sources` */
export const sourceListSchema = z.object({ items: z.array(sourceStatusSchema) });

/** Query of `POST /v1alpha1/stacks/NAME/reconcile`. */
export const reconcileQuerySchema = z.object({
  withSource: z
    .enum(['true', 'false'])
    .default('false')
    .transform((text) => text === 'true'),
});
