import { HTTPException } from 'hono/http-exception';
import { ZodError } from 'zod';
import { asFailure, type Failure, type FailureKind } from '../model/failure.ts';
import type { Problem } from '../model/problem.ts';
import type { ErrorBody } from './contract.ts';

/** The HTTP statuses that the API answers errors with. */
export type ErrorStatus = 400 | 401 | 403 | 404 | 409 | 413 | 415 | 421 | 422 | 429 | 500 | 502 | 503;

export interface ErrorAnswer {
  readonly status: ErrorStatus;
  readonly body: ErrorBody;
}

/** `invalid` of a request that names a stack means that there is none; of one with manifests, bad manifests. */
const STATUS: Readonly<Record<FailureKind, ErrorStatus>> = {
  invalid: 404,
  gone: 404,
  conflict: 409,
  refused: 502,
  unreachable: 503,
  superseded: 503,
  bug: 500,
};

/** Anything thrown while answering, as status and body. `withManifests`: the request carried some. */
export function errorAnswer(thrown: unknown, withManifests = false): ErrorAnswer {
  if (thrown instanceof ZodError) return badRequest(describeIssues(thrown));
  if (thrown instanceof HTTPException && (thrown.status === 413 || thrown.status === 415)) {
    return badRequest(thrown.message, thrown.status);
  }
  const failure = asFailure(thrown);
  const status = failure.kind === 'invalid' && withManifests ? 422 : STATUS[failure.kind];
  return { status, body: { error: describeFailure(failure) } };
}

/** The request itself cannot be understood: a client of another version, or no client of ours. */
export function badRequest(message: string, status: ErrorStatus = 400): ErrorAnswer {
  return { status, body: { error: { kind: 'invalid', message } } };
}

/** Manifests that were not taken, with all that is wrong with them. */
export function problemsAnswer(problems: readonly Problem[]): ErrorAnswer {
  const errors = problems.filter((problem) => problem.severity === 'error').length;
  const message = `the manifests have ${errors} ${errors === 1 ? 'error' : 'errors'}, nothing was applied`;
  return { status: 422, body: { error: { kind: 'invalid', message }, problems } };
}

function describeFailure(failure: Failure): ErrorBody['error'] {
  return {
    kind: failure.kind,
    message: failure.message,
    ...(failure.hint === undefined ? {} : { hint: failure.hint }),
  };
}

function describeIssues(error: ZodError): string {
  const issues = error.issues.slice(0, 5).map((issue) => {
    const path = issue.path.map(String).join('.');
    return path === '' ? issue.message : `${path}: ${issue.message}`;
  });
  return `bad request: ${issues.join('; ')}`;
}
