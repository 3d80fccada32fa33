import type { z } from 'zod';
import {
  type ApplyRequest,
  type ApplyResult,
  applyResultSchema,
  type ComposeProjectNote,
  type ContainerLogLine,
  composeProjectSchema,
  type DaemonVersion,
  type DeleteRequest,
  type DeleteResult,
  type DiffRequest,
  daemonVersionSchema,
  deleteResultSchema,
  diffResultSchema,
  doneSchema,
  errorBodySchema,
  eventListSchema,
  type LogsRequest,
  logLineSchema,
  type StackDiff,
  type StackManifestNote,
  type StackNotice,
  stackEventSchema,
  stackListSchema,
  stackManifestSchema,
  stackNoticeSchema,
  stackStatusSchema,
} from '../api/contract.ts';
import { networkingSchema } from '../api/net-contract.ts';
import { PATHS, RECONCILE_WITH_SOURCE, type StackVerb } from '../api/paths.ts';
import {
  historySchema,
  type RevisionNote,
  type RollbackResult,
  type RolloutVerb,
  rollbackResultSchema,
} from '../api/rollout-contract.ts';
import { sourceListSchema, sourceStatusSchema } from '../api/source-contract.ts';
import { type VerifyNotice, type VerifyRequest, verifyNoticeSchema } from '../api/verify-contract.ts';
import type { NetworkingReport } from '../isolation/report.ts';
import { Failure } from '../model/failure.ts';
import type { SourceStatus } from '../model/repository.ts';
import type { StackEvent, StackStatus } from '../model/status.ts';
import type { Endpoint } from './endpoint.ts';
import { openStream, send } from './transport.ts';

/** The daemon's operations from afar. Every method throws `Failure`; its `status` is the HTTP status. */
export interface Client {
  version(signal: AbortSignal): Promise<DaemonVersion>;
  stacks(signal: AbortSignal): Promise<readonly StackStatus[]>;
  /** Throws with status 404 when there is no such stack. */
  stack(name: string, signal: AbortSignal): Promise<StackStatus>;
  /** Throws with status 404 when there is no such stack, or its manifest is gone. */
  manifest(name: string, signal: AbortSignal): Promise<StackManifestNote>;
  /** Faults in the manifests are in the result, not thrown. */
  apply(request: ApplyRequest, signal: AbortSignal): Promise<ApplyResult>;
  diff(request: DiffRequest, signal: AbortSignal): Promise<readonly StackDiff[]>;
  delete(request: DeleteRequest, signal: AbortSignal): Promise<DeleteResult>;
  /** Newest first. */
  history(stack: string, signal: AbortSignal): Promise<readonly RevisionNote[]>;
  rollback(stack: string, toRevision: number | undefined, signal: AbortSignal): Promise<RollbackResult>;
  rollout(stack: string, verb: RolloutVerb, services: readonly string[], signal: AbortSignal): Promise<void>;
  composeProject(name: string, signal: AbortSignal): Promise<ComposeProjectNote>;
  networking(signal: AbortSignal): Promise<NetworkingReport>;
  command(stack: string, verb: StackVerb, signal: AbortSignal): Promise<void>;
  /** Returns when its source was read again, a remote too. */
  reconcileWithSource(stack: string, signal: AbortSignal): Promise<void>;
  sources(signal: AbortSignal): Promise<readonly SourceStatus[]>;
  /** Throws with status 404 when there is no such source. */
  source(name: string, signal: AbortSignal): Promise<SourceStatus>;
  reconcileSource(name: string, signal: AbortSignal): Promise<SourceStatus>;
  deleteSource(name: string, signal: AbortSignal): Promise<void>;
  events(filter: { readonly stack: string | undefined }, signal: AbortSignal): Promise<readonly StackEvent[]>;
  /**
   * The streams resolve once the daemon listens, so that nothing after that is missed; an iteration that ends
   * without an error was ended by the daemon.
   */
  followEvents(
    filter: { readonly stack: string | undefined },
    signal: AbortSignal,
  ): Promise<AsyncIterable<StackEvent>>;
  watch(
    filter: { readonly stack: string | undefined },
    signal: AbortSignal,
  ): Promise<AsyncIterable<StackNotice>>;
  logs(request: LogsRequest, signal: AbortSignal): Promise<AsyncIterable<ContainerLogLine>>;
  /** Its last notice is the report. */
  verify(request: VerifyRequest, signal: AbortSignal): Promise<AsyncIterable<VerifyNotice>>;
}

/** The client that speaks over HTTP. Connects anew for each call. */
export function createClient(endpoint: Endpoint): Client {
  const call = async <Output>(
    schema: z.ZodType<Output>,
    signal: AbortSignal,
    request: { readonly method?: string; readonly path: string; readonly body?: unknown },
  ): Promise<Output> => {
    const answer = await send({ endpoint, method: 'GET', ...request }, signal);
    if (answer.status >= 400) throw failureOf(answer.status, answer.body);
    return check(schema, answer.body);
  };
  const follow = async <Output>(schema: z.ZodType<Output>, path: string, signal: AbortSignal) => {
    const answer = await openStream({ endpoint, method: 'GET', path }, signal);
    if ('body' in answer) throw failureOf(answer.status, answer.body);
    return readItems(schema, answer.lines);
  };

  return {
    version: (signal) => call(daemonVersionSchema, signal, { path: PATHS.version }),
    stacks: async (signal) => (await call(stackListSchema, signal, { path: PATHS.stacks })).items,
    stack: (name, signal) => call(stackStatusSchema, signal, { path: PATHS.stack(name) }),
    manifest: (name, signal) => call(stackManifestSchema, signal, { path: PATHS.manifest(name) }),
    async apply(body, signal) {
      const answer = await send({ endpoint, method: 'POST', path: PATHS.apply, body }, signal);
      if (answer.status < 400) return check(applyResultSchema, answer.body);
      const refused = errorBodySchema.safeParse(answer.body).data;
      if (refused?.problems === undefined) throw failureOf(answer.status, answer.body);
      return { problems: refused.problems, stacks: [] };
    },
    diff: async (body, signal) =>
      (await call(diffResultSchema, signal, { method: 'POST', path: PATHS.diff, body })).items,
    delete: ({ name, volumes, confirm }, signal) =>
      call(deleteResultSchema, signal, {
        method: 'DELETE',
        path: withQuery(PATHS.stack(name), { volumes, confirm: confirm || undefined }),
      }),
    history: async (stack, signal) =>
      (await call(historySchema, signal, { path: PATHS.history(stack) })).items,
    rollback: (stack, toRevision, signal) =>
      call(rollbackResultSchema, signal, {
        method: 'POST',
        path: PATHS.rollback(stack),
        body: { toRevision },
      }),
    async rollout(stack, verb, services, signal) {
      const body = { verb, services };
      await call(doneSchema, signal, { method: 'POST', path: PATHS.rollout(stack), body });
    },
    composeProject: (name, signal) => call(composeProjectSchema, signal, { path: PATHS.project(name) }),
    networking: (signal) => call(networkingSchema, signal, { path: PATHS.networking }),
    async command(stack, verb, signal) {
      await call(doneSchema, signal, { method: 'POST', path: PATHS.command(stack, verb) });
    },
    async reconcileWithSource(stack, signal) {
      const path = withQuery(PATHS.command(stack, 'reconcile'), RECONCILE_WITH_SOURCE);
      await call(doneSchema, signal, { method: 'POST', path });
    },
    sources: async (signal) => (await call(sourceListSchema, signal, { path: PATHS.sources })).items,
    source: (name, signal) => call(sourceStatusSchema, signal, { path: PATHS.source(name) }),
    reconcileSource: (name, signal) =>
      call(sourceStatusSchema, signal, { method: 'POST', path: PATHS.reconcileSource(name) }),
    async deleteSource(name, signal) {
      await call(doneSchema, signal, { method: 'DELETE', path: PATHS.source(name) });
    },
    events: async (filter, signal) =>
      (await call(eventListSchema, signal, { path: withQuery(PATHS.events, { ...filter }) })).items,
    followEvents: (filter, signal) =>
      follow(stackEventSchema, withQuery(PATHS.events, { ...filter, watch: true }), signal),
    watch: (filter, signal) => follow(stackNoticeSchema, withQuery(PATHS.watch, { ...filter }), signal),
    async verify(body, signal) {
      const answer = await openStream({ endpoint, method: 'POST', path: PATHS.verify, body }, signal);
      if ('body' in answer) throw failureOf(answer.status, answer.body);
      return readItems(verifyNoticeSchema, answer.lines);
    },
    logs: ({ stack, services, ...rest }, signal) =>
      follow(logLineSchema, withQuery(PATHS.logs(stack), { service: services, ...rest }), signal),
  };
}

type QueryValue = string | number | boolean | readonly string[] | undefined;

function withQuery(path: string, values: Readonly<Record<string, QueryValue>>): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(values)) {
    const all = Array.isArray(value) ? value : [value];
    for (const each of all) if (each !== undefined) query.append(key, String(each));
  }
  return query.size === 0 ? path : `${path}?${query}`;
}

function check<Output>(schema: z.ZodType<Output>, body: unknown): Output {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new Failure('bug', 'the answer of the daemon is not understood', {
    hint: 'compare the versions of both: stackctl version --server',
    cause: parsed.error,
  });
}

async function* readItems<Output>(
  schema: z.ZodType<Output>,
  lines: AsyncIterable<unknown>,
): AsyncGenerator<Output> {
  for await (const line of lines) {
    const broken = errorBodySchema.safeParse(line);
    if (broken.success) throw failureOf(200, line);
    yield check(schema, line);
  }
}

function failureOf(status: number, body: unknown): Failure {
  const parsed = errorBodySchema.safeParse(body);
  if (status === 401) {
    return new Failure('refused', 'the daemon does not know this token', { status, hint: TOKEN_HINT });
  }
  if (!parsed.success) return new Failure('bug', `the daemon answered with status ${status}`, { status });
  const { kind, message, hint } = parsed.data.error;
  return new Failure(kind, message, { status, ...(hint === undefined ? {} : { hint }) });
}

const TOKEN_HINT = 'give --token-file or STACKCTL_TOKEN a token from the file that stackctld has as --tokens';
