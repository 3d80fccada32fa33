import type {
  ApplyRequest,
  ApplyResult,
  ComposeProjectNote,
  ContainerLogLine,
  DaemonVersion,
  DeleteRequest,
  DeleteResult,
  DiffRequest,
  LogsRequest,
  StackDiff,
  StackManifestNote,
  StackNotice,
} from '../api/contract.ts';
import { PATHS, RECONCILE_WITH_SOURCE, SERVER_NAME, type StackVerb } from '../api/paths.ts';
import type { RevisionNote, RollbackResult, RolloutVerb } from '../api/rollout-contract.ts';
import type { VerifyNotice, VerifyRequest } from '../api/verify-contract.ts';
import type { NetworkingReport } from '../isolation/report.ts';
import { Failure } from '../model/failure.ts';
import type { SourceStatus } from '../model/repository.ts';
import type { StackEvent, StackStatus } from '../model/status.ts';
import type { Answers } from './answers.ts';
import type { Endpoint } from './endpoint.ts';
import { openStream, send, type WireAnswer, type WireStream } from './transport.ts';

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

/**
 * The client that speaks over HTTP. Connects anew for each call. `trusted` is how a daemon calls itself whose answers
 * need no check, since both sides are one build.
 */
export function createClient(endpoint: Endpoint, trusted = SERVER_NAME): Client {
  const { understand, readItems, call, follow } = callsTo(endpoint, trusted);
  return {
    version: (signal) => call('version', signal, { path: PATHS.version }),
    stacks: async (signal) => (await call('stackList', signal, { path: PATHS.stacks })).items,
    stack: (name, signal) => call('stack', signal, { path: PATHS.stack(name) }),
    manifest: (name, signal) => call('stackManifest', signal, { path: PATHS.manifest(name) }),
    async apply(body, signal) {
      const answer = await send({ endpoint, method: 'POST', path: PATHS.apply, body }, signal);
      if (answer.status < 400) return understand('applyResult', answer);
      const refused = await readError(answer.body);
      if (refused?.problems === undefined) throw await failureOf(answer.status, answer.body);
      return { problems: refused.problems, stacks: [] };
    },
    diff: async (body, signal) =>
      (await call('diffResult', signal, { method: 'POST', path: PATHS.diff, body })).items,
    delete: ({ name, volumes, confirm }, signal) =>
      call('deleteResult', signal, {
        method: 'DELETE',
        path: withQuery(PATHS.stack(name), { volumes, confirm: confirm || undefined }),
      }),
    history: async (stack, signal) => (await call('history', signal, { path: PATHS.history(stack) })).items,
    rollback: (stack, toRevision, signal) =>
      call('rollbackResult', signal, {
        method: 'POST',
        path: PATHS.rollback(stack),
        body: { toRevision },
      }),
    async rollout(stack, verb, services, signal) {
      const body = { verb, services };
      await call('done', signal, { method: 'POST', path: PATHS.rollout(stack), body });
    },
    composeProject: (name, signal) => call('composeProject', signal, { path: PATHS.project(name) }),
    networking: (signal) => call('networking', signal, { path: PATHS.networking }),
    async command(stack, verb, signal) {
      await call('done', signal, { method: 'POST', path: PATHS.command(stack, verb) });
    },
    async reconcileWithSource(stack, signal) {
      const path = withQuery(PATHS.command(stack, 'reconcile'), RECONCILE_WITH_SOURCE);
      await call('done', signal, { method: 'POST', path });
    },
    sources: async (signal) => (await call('sourceList', signal, { path: PATHS.sources })).items,
    source: (name, signal) => call('source', signal, { path: PATHS.source(name) }),
    reconcileSource: (name, signal) =>
      call('source', signal, { method: 'POST', path: PATHS.reconcileSource(name) }),
    async deleteSource(name, signal) {
      await call('done', signal, { method: 'DELETE', path: PATHS.source(name) });
    },
    events: async (filter, signal) =>
      (await call('eventList', signal, { path: withQuery(PATHS.events, { ...filter }) })).items,
    followEvents: (filter, signal) =>
      follow('stackEvent', withQuery(PATHS.events, { ...filter, watch: true }), signal),
    watch: (filter, signal) => follow('stackNotice', withQuery(PATHS.watch, { ...filter }), signal),
    async verify(body, signal) {
      const answer = await openStream({ endpoint, method: 'POST', path: PATHS.verify, body }, signal);
      if ('body' in answer) throw await failureOf(answer.status, answer.body);
      return readItems('verifyNotice', answer);
    },
    logs: ({ stack, services, ...rest }, signal) =>
      follow('logLine', withQuery(PATHS.logs(stack), { service: services, ...rest }), signal),
  };
}

/** The ways to ask: `call` for one answer, `follow` for a stream of them. */
function callsTo(endpoint: Endpoint, trusted: string) {
  const understand = async <Name extends keyof Answers>(
    name: Name,
    { server, body }: Pick<WireAnswer, 'server' | 'body'>,
  ): Promise<Answers[Name]> => {
    // To load the checks takes longer than all the rest of a short command.
    if (server === trusted && body !== undefined) return body as Answers[Name];
    return (await import('./answers.ts')).checkAnswer(name, body);
  };
  async function* readItems<Name extends keyof Answers>(
    name: Name,
    { server, lines }: WireStream,
  ): AsyncGenerator<Answers[Name]> {
    for await (const body of lines) {
      if (isError(body)) throw await failureOf(200, body);
      yield await understand(name, { server, body });
    }
  }
  const call = async <Name extends keyof Answers>(
    name: Name,
    signal: AbortSignal,
    request: { readonly method?: string; readonly path: string; readonly body?: unknown },
  ): Promise<Answers[Name]> => {
    const answer = await send({ endpoint, method: 'GET', ...request }, signal);
    if (answer.status >= 400) throw await failureOf(answer.status, answer.body);
    return understand(name, answer);
  };
  const follow = async <Name extends keyof Answers>(name: Name, path: string, signal: AbortSignal) => {
    const answer = await openStream({ endpoint, method: 'GET', path }, signal);
    if ('body' in answer) throw await failureOf(answer.status, answer.body);
    return readItems(name, answer);
  };
  return { understand, readItems, call, follow };
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

/** What a stream says when it breaks off. */
const isError = (line: unknown): boolean => typeof line === 'object' && line !== null && 'error' in line;

const readError = async (body: unknown): Promise<Answers['error'] | undefined> =>
  (await import('./answers.ts')).readError(body);

async function failureOf(status: number, body: unknown): Promise<Failure> {
  const said = await readError(body);
  if (status === 401) {
    return new Failure('refused', 'the daemon does not know this token', { status, hint: TOKEN_HINT });
  }
  if (said === undefined) return new Failure('bug', `the daemon answered with status ${status}`, { status });
  const { kind, message, hint } = said.error;
  return new Failure(kind, message, { status, ...(hint === undefined ? {} : { hint }) });
}

const TOKEN_HINT = 'give --token-file or STACKCTL_TOKEN a token from the file that stackctld has as --tokens';
