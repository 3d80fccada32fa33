import type { z } from 'zod';
import {
  applyResultSchema,
  composeProjectSchema,
  daemonVersionSchema,
  deleteResultSchema,
  diffResultSchema,
  doneSchema,
  errorBodySchema,
  eventListSchema,
  logLineSchema,
  stackEventSchema,
  stackListSchema,
  stackManifestSchema,
  stackNoticeSchema,
  stackStatusSchema,
} from '../api/contract.ts';
import { networkingSchema } from '../api/net-contract.ts';
import { historySchema, rollbackResultSchema } from '../api/rollout-contract.ts';
import { sourceListSchema, sourceStatusSchema } from '../api/source-contract.ts';
import { verifyNoticeSchema } from '../api/verify-contract.ts';
import { Failure } from '../model/failure.ts';

/** What a daemon answers, by a name of its own. Loaded only when an answer has to be checked: zod is large. */
const ANSWERS = {
  applyResult: applyResultSchema,
  composeProject: composeProjectSchema,
  deleteResult: deleteResultSchema,
  diffResult: diffResultSchema,
  done: doneSchema,
  error: errorBodySchema,
  eventList: eventListSchema,
  history: historySchema,
  logLine: logLineSchema,
  networking: networkingSchema,
  rollbackResult: rollbackResultSchema,
  sourceList: sourceListSchema,
  source: sourceStatusSchema,
  stackEvent: stackEventSchema,
  stackList: stackListSchema,
  stackManifest: stackManifestSchema,
  stackNotice: stackNoticeSchema,
  stack: stackStatusSchema,
  verifyNotice: verifyNoticeSchema,
  version: daemonVersionSchema,
} as const;

export type Answers = { readonly [Name in keyof typeof ANSWERS]: z.output<(typeof ANSWERS)[Name]> };

/** Throws `Failure` `bug` for what is no such answer. */
export function checkAnswer<Name extends keyof Answers>(name: Name, body: unknown): Answers[Name] {
  const parsed = ANSWERS[name].safeParse(body);
  // Each schema yields its own type; the compiler does not follow this through the table.
  if (parsed.success) return parsed.data as Answers[Name];
  throw new Failure('bug', 'the answer of the daemon is not understood', {
    hint: 'compare the versions of both: stackctl version --server',
    cause: parsed.error,
  });
}

/** Undefined when it is no error of the daemon's. */
export function readError(body: unknown): Answers['error'] | undefined {
  return errorBodySchema.safeParse(body).data;
}
