import { z } from 'zod';
import type { Yields } from './contract.ts';
import { MAX_MANIFEST_FILES } from './paths.ts';

/** What `stackctl net verify` and the daemon say to each other; `contract.ts` has the rest. */

/** Body of `POST /v1alpha1/verify`, which answers with a notice a line. */
export const verifyRequestSchema = z.object({
  stacks: z.array(z.string()).max(MAX_MANIFEST_FILES),
  outside: z
    .object({ host: z.string().min(1).max(253), port: z.number().int().min(1).max(65_535) })
    .optional()
    .transform((value) => value),
});

const finding = z.enum(['yes', 'no', 'unknown']);

const cell = z.object({
  kind: z.enum(['service', 'name', 'host', 'published', 'gateway', 'outside', 'guest']),
  from: z.string(),
  to: z.string(),
  what: z.string(),
  declared: finding,
  observed: finding,
  probed: finding,
  differs: z.boolean(),
  detail: z.string(),
});

const policyBreach = z.object({
  policy: z.string(),
  rule: z.string(),
  at: z.string(),
  from: z
    .string()
    .optional()
    .transform((value) => value),
  to: z
    .string()
    .optional()
    .transform((value) => value),
  stacks: z.array(z.string()),
  message: z.string(),
});

const verifyReport = z.object({
  stacks: z.array(z.string()),
  startedAt: z.string(),
  tookMs: z.number(),
  cells: z.array(cell),
  policies: z.object({ checked: z.number(), broken: z.array(policyBreach) }),
  skipped: z.array(z.string()),
  probes: z.number(),
});

/** A line of the answer; the report is the last. */
export const verifyNoticeSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('progress'), done: z.number(), total: z.number(), from: z.string() }),
  z.object({ kind: z.literal('report'), report: verifyReport }),
]);

export type VerifyRequest = Yields<typeof verifyRequestSchema>;
export type VerifyNotice = Yields<typeof verifyNoticeSchema>;
export type VerifyReport = Yields<typeof verifyReport>;
export type PolicyBreach = VerifyReport['policies']['broken'][number];
export type VerifyCell = VerifyReport['cells'][number];
