import type {
  ApplyRequest,
  ApplyResult,
  ComposeProjectNote,
  ContainerLogLine,
  DaemonVersion,
  DeleteRequest,
  DeleteResult,
  LogsRequest,
  Operations,
  PushedManifests,
  RevisionNote,
  RollbackResult,
  RolloutRequest,
  StackDiff,
  StackManifestNote,
  StackNotice,
  VerifyNotice,
  VerifyRequest,
} from '../../src/controller/operations.ts';
import type { NetworkingReport } from '../../src/isolation/report.ts';
import { Failure } from '../../src/model/failure.ts';
import type { SourceStatus } from '../../src/model/repository.ts';
import type { StackEvent, StackStatus } from '../../src/model/status.ts';

type Call = readonly [verb: string, argument: unknown];

/**
 * The daemon's operations from memory: what is asked is recorded in `calls`, what is answered is set by the
 * test. INVARIANT: a watcher is registered before the first `next()` of its iterator gives control back, as
 * the interface asks, so that no notice after that is missed.
 */
export class FakeOperations implements Operations {
  readonly calls: Call[] = [];
  readonly statuses = new Map<string, StackStatus>();
  readonly sourceStatuses = new Map<string, SourceStatus>();
  eventLog: StackEvent[] = [];
  logLines: ContainerLogLine[] = [];
  verifyNotices: VerifyNotice[] = [];
  diffs: readonly StackDiff[] = [];
  report: NetworkingReport | undefined;
  readonly projects = new Map<string, ComposeProjectNote>();
  whyNotReady: string | undefined;
  /** Thrown by the next call of any operation that acts. */
  failure: Failure | undefined;
  onApply: (request: ApplyRequest) => ApplyResult = () => ({ problems: [], stacks: [] });
  onDelete: (request: DeleteRequest) => DeleteResult | undefined = ({ name }) => {
    this.remove(name);
    return undefined;
  };
  /** Runs once when somebody has begun to watch. */
  onWatch: (() => void) | undefined;
  readonly #watchers = new Set<(notice: StackNotice) => void>();

  async networking(): Promise<NetworkingReport> {
    this.calls.push(['networking', undefined]);
    if (this.report === undefined) throw new Failure('unreachable', 'the engine does not answer');
    return this.report;
  }

  get watchers(): number {
    return this.#watchers.size;
  }

  notify(notice: StackNotice): void {
    for (const watcher of this.#watchers) watcher(notice);
  }

  /** Sets a status and tells the watchers. */
  put(status: StackStatus): void {
    this.statuses.set(status.name, status);
    this.notify({ kind: 'status', status });
  }

  remove(name: string): void {
    this.statuses.delete(name);
    this.notify({ kind: 'deleted', name });
  }

  record(event: StackEvent): void {
    this.eventLog.push(event);
    this.notify({ kind: 'event', event });
  }

  version(): DaemonVersion {
    return {
      version: '0.1.0',
      instance: 'main',
      engine: { version: '28.5.1', apiVersion: '1.51' },
      startedAt: '2024-05-01T00:00:00.000Z',
    };
  }

  sources(): readonly SourceStatus[] {
    return [...this.sourceStatuses.values()];
  }

  source(name: string): SourceStatus {
    const status = this.sourceStatuses.get(name);
    if (status !== undefined) return status;
    throw new Failure('invalid', `there is no source named ${name}`, { status: 404 });
  }

  async reconcileSource(name: string): Promise<SourceStatus> {
    this.calls.push(['reconcileSource', name]);
    return this.source(name);
  }

  async reconcileWithSource(name: string): Promise<void> {
    this.calls.push(['reconcileWithSource', name]);
  }

  async deleteSource(name: string): Promise<void> {
    this.calls.push(['deleteSource', name]);
    this.source(name);
    this.sourceStatuses.delete(name);
  }

  lookAtSource(name: string): boolean {
    this.calls.push(['lookAtSource', name]);
    return this.sourceStatuses.has(name);
  }

  notReady(): string | undefined {
    return this.whyNotReady;
  }

  stacks(): readonly StackStatus[] {
    return [...this.statuses.values()];
  }

  stack(name: string): StackStatus {
    const status = this.statuses.get(name);
    if (status === undefined) {
      throw new Failure('invalid', `there is no stack "${name}"`, { hint: 'stackctl get stacks lists them' });
    }
    return status;
  }

  /** By stack. */
  readonly manifests = new Map<string, StackManifestNote>();

  manifest(name: string): StackManifestNote {
    this.stack(name);
    const manifest = this.manifests.get(name);
    if (manifest !== undefined) return manifest;
    throw new Failure('invalid', `the manifest of ${name} is gone`, { status: 404 });
  }

  async apply(request: ApplyRequest, _signal: AbortSignal): Promise<ApplyResult> {
    this.#called('apply', request);
    return this.onApply(request);
  }

  async diff(request: {
    readonly manifests: PushedManifests | undefined;
    readonly stacks: readonly string[];
  }): Promise<readonly StackDiff[]> {
    this.#called('diff', request);
    for (const name of request.stacks) this.stack(name);
    return request.stacks.length === 0
      ? this.diffs
      : this.diffs.filter((diff) => request.stacks.includes(diff.name));
  }

  async delete(request: DeleteRequest): Promise<DeleteResult> {
    this.#called('delete', request);
    this.stack(request.name);
    return this.onDelete(request) ?? { handedTo: undefined };
  }

  reconcile(name: string): void {
    this.#called('reconcile', name);
    this.stack(name);
  }

  async suspend(name: string): Promise<void> {
    this.#called('suspend', name);
    this.put({ ...this.stack(name), suspended: true });
  }

  async composeProject(name: string): Promise<ComposeProjectNote> {
    const project = this.projects.get(name);
    if (project !== undefined) return project;
    throw new Failure('invalid', `docker compose has no project ${name} here`, { status: 404 });
  }

  async adopt(name: string): Promise<void> {
    this.#called('adopt', name);
    this.stack(name);
  }

  async resume(name: string): Promise<void> {
    this.#called('resume', name);
    this.put({ ...this.stack(name), suspended: false });
  }

  revisions: readonly RevisionNote[] = [];

  history(name: string): readonly RevisionNote[] {
    this.stack(name);
    return this.revisions;
  }

  async rollBack(name: string, toRevision: number | undefined): Promise<RollbackResult> {
    this.#called('rollback', [name, toRevision]);
    const { generation } = this.stack(name);
    return { number: toRevision ?? generation - 1, generation };
  }

  async rollout(request: RolloutRequest): Promise<void> {
    this.#called('rollout', request);
    this.stack(request.name);
  }

  events(filter: { readonly stack: string | undefined; readonly afterSequence: number | undefined }) {
    return this.eventLog.filter(
      (event) =>
        (filter.stack === undefined || event.stack === filter.stack) &&
        event.sequence > (filter.afterSequence ?? 0),
    );
  }

  async *watch(
    filter: { readonly stack: string | undefined },
    signal: AbortSignal,
  ): AsyncGenerator<StackNotice> {
    const queue: StackNotice[] = [];
    let wake = (): void => undefined;
    const watcher = (notice: StackNotice): void => {
      if (filter.stack !== undefined && stackOf(notice) !== filter.stack) return;
      queue.push(notice);
      wake();
    };
    for (const status of this.stacks()) watcher({ kind: 'status', status });
    this.#watchers.add(watcher);
    signal.addEventListener('abort', () => wake());
    const begun = this.onWatch;
    this.onWatch = undefined;
    begun?.();
    try {
      while (!signal.aborted) {
        const notice = queue.shift();
        if (notice !== undefined) yield notice;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      this.#watchers.delete(watcher);
    }
  }

  async *verify(request: VerifyRequest): AsyncGenerator<VerifyNotice> {
    this.#called('verify', request);
    for (const notice of this.verifyNotices) yield notice;
  }

  async *logs(request: LogsRequest, signal: AbortSignal): AsyncGenerator<ContainerLogLine> {
    this.#called('logs', request);
    for (const line of this.logLines) {
      if (signal.aborted) return;
      if (request.services.length === 0 || request.services.includes(line.service)) yield line;
    }
    if (request.follow)
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
  }

  #called(verb: string, argument: unknown): void {
    this.calls.push([verb, argument]);
    const failure = this.failure;
    this.failure = undefined;
    if (failure !== undefined) throw failure;
  }
}

function stackOf(notice: StackNotice): string {
  switch (notice.kind) {
    case 'status':
      return notice.status.name;
    case 'deleted':
      return notice.name;
    case 'event':
      return notice.event.stack;
    case 'progress':
      return notice.stack;
  }
}
