import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { asFailure } from '../../model/failure.ts';
import type { RepositoryDeclaration, RepositoryReason } from '../../model/repository.ts';
import type { RepositorySource, RepositoryState, SourceScan } from '../source.ts';
import { BareStore, GIT_LIMITS, type GitLimits } from './bare-store.ts';
import { accessTo } from './credentials.ts';
import { GitFault } from './fault.ts';
import { fetchDelayMs } from './fetch-delay.ts';
import { LaidOut } from './laid-out.ts';
import { type ManifestTexts, readManifestTexts, stacksLost } from './manifest-texts.ts';
import { lookAtRemote, type RemoteTarget } from './remote.ts';
import { verifySignatures } from './signatures.ts';
import { readTree } from './tree.ts';
import { WakeUp } from './wake-up.ts';

export interface RepositoryOptions {
  /** Of the store and what goes with it, 0700. */
  readonly ownDirectory: string;
  /** Where the files are laid out for containers; on the same file system. */
  readonly filesDirectory: string;
  readonly nowMs: () => number;
  /** 0 <= x < 1. */
  readonly random: () => number;
  /** One at a time: two sources after each other of one name share their directories. */
  readonly turn: <Result>(work: () => Promise<Result>) => Promise<Result>;
  readonly limits?: Partial<GitLimits>;
  /** Told how each question to the remote ended, and how long it took. */
  readonly onFetched?: ((result: RepositoryReason, tookMs: number) => void) | undefined;
}

/** What was taken over last, over restarts too. */
const Taken = z.object({ commit: z.string(), label: z.string(), path: z.string() });
type Taken = z.infer<typeof Taken>;

interface Snapshot extends ManifestTexts {
  readonly revision: string;
  readonly notes: readonly string[];
}

/**
 * A Git repository (reliability 4.3). INVARIANTS: what is in force is the last commit that was fetched, verified, read
 * and laid out without fault; whatever fails leaves it in force. A reading counts as complete only while the last look
 * at the remote succeeded.
 */
export function createRepositorySource(
  declaration: RepositoryDeclaration,
  options: RepositoryOptions,
): RepositorySource {
  return new Repository(declaration, options);
}

class Repository implements RepositorySource {
  readonly kind = 'git';
  readonly name: string;
  readonly declaration: RepositoryDeclaration;
  readonly #options: RepositoryOptions;
  readonly #limits: GitLimits;
  readonly #store: BareStore;
  readonly #laidOut: LaidOut;
  readonly #wakeUp = new WakeUp();
  #snapshot: Snapshot | undefined;
  #isLoaded = false;
  /** What the remote had when it was taken over, since the start. */
  #takenKey: string | undefined;
  /** What the remote has and will not be taken over, however often it is asked. */
  #refused: { readonly key: string; readonly fault: GitFault } | undefined;
  #fault: { readonly reason: RepositoryReason; readonly message: string } | undefined = {
    reason: 'FetchPending',
    message: 'the remote has not been asked yet',
  };
  #failures = 0;
  #lastFetchAtMs: number | undefined;
  #nextFetchAtMs: number | undefined;

  constructor(declaration: RepositoryDeclaration, options: RepositoryOptions) {
    this.name = declaration.name;
    this.declaration = declaration;
    this.#options = options;
    this.#limits = { ...GIT_LIMITS, ...options.limits };
    this.#store = new BareStore(join(options.ownDirectory, 'store.git'), this.#limits);
    this.#laidOut = new LaidOut(options.filesDirectory, options.ownDirectory);
  }

  state(): RepositoryState {
    const revision = this.#snapshot?.revision;
    const common = {
      revision,
      notes: this.#snapshot?.notes ?? [],
      lastFetchAtMs: this.#lastFetchAtMs,
      nextFetchAtMs: this.#nextFetchAtMs,
    };
    if (this.declaration.suspend) {
      const message = 'the remote is not asked until `suspend` is taken out of its manifest';
      return { ...common, ready: 'Unknown', reason: 'RepositorySuspended', message };
    }
    if (this.#fault === undefined) {
      return { ...common, ready: 'True', reason: 'Succeeded', message: `${revision ?? ''} is in force` };
    }
    const ready = this.#fault.reason === 'FetchPending' ? 'Unknown' : 'False';
    return { ...common, ready, ...this.#fault };
  }

  scan(signal: AbortSignal): Promise<SourceScan> {
    return this.#options.turn(async () => {
      await this.#load(signal);
      const { ready, message } = this.state();
      return {
        trusted: ready === 'True',
        reason: ready === 'True' ? undefined : message,
        revision: this.#snapshot?.revision ?? '',
        files: this.#snapshot?.files ?? [],
        unreadable: this.#snapshot?.unreadable ?? [],
      };
    });
  }

  async *changes(signal: AbortSignal): AsyncGenerator<void> {
    while (!signal.aborted) {
      const dueMs = this.#nextFetchAtMs === undefined ? 0 : this.#nextFetchAtMs - this.#options.nowMs();
      await this.#wakeUp.after(this.declaration.suspend ? undefined : dueMs, signal);
      if (!signal.aborted && (await this.refresh(signal))) yield;
    }
  }

  lookNow(): void {
    this.#wakeUp.now();
  }

  refresh(signal: AbortSignal): Promise<boolean> {
    if (this.declaration.suspend) return Promise.resolve(false);
    return this.#options.turn(async () => {
      const before = this.#shownState();
      await this.#load(signal);
      const beganMs = performance.now();
      try {
        await this.#takeOver(signal);
        this.#fault = undefined;
        this.#failures = 0;
        this.#lastFetchAtMs = this.#options.nowMs();
      } catch (error) {
        if (signal.aborted) return false;
        this.#failures += 1;
        this.#fault = faultShown(error);
      }
      this.#options.onFetched?.(this.#fault?.reason ?? 'Succeeded', performance.now() - beganMs);
      const { intervalMs } = this.declaration;
      const delayMs = fetchDelayMs({ failures: this.#failures, intervalMs, random: this.#options.random() });
      this.#nextFetchAtMs = this.#options.nowMs() + delayMs;
      return this.#shownState() !== before;
    });
  }

  #shownState(): string {
    return JSON.stringify([this.#snapshot?.revision, this.#fault]);
  }

  async #takeOver(signal: AbortSignal): Promise<void> {
    const { url, timeoutMs, secretDirectory } = this.declaration;
    const access = await accessTo(url, secretDirectory);
    const target = await lookAtRemote(this.declaration, access, signal);
    const key = `${target.want} ${target.sha}`;
    if (key === this.#takenKey) return;
    if (this.#refused?.key === key) throw this.#refused.fault;
    try {
      const commit = await this.#store.fetch(url, target, { access, timeoutMs }, signal);
      await this.#verify(commit, signal);
      await this.#take({ commit, label: target.label, path: this.declaration.path }, signal);
    } catch (error) {
      // What is there will not become better by being fetched again.
      if (error instanceof GitFault && error.reason === 'ContentRefused' && !error.mayPass) {
        this.#refused = { key, fault: error };
        await this.#store.discardIncoming(signal).catch(() => undefined);
      }
      throw error;
    }
    this.#takenKey = key;
    this.#refused = undefined;
    await this.#store.tidy(signal).catch(() => undefined);
  }

  async #verify(commit: string, signal: AbortSignal): Promise<void> {
    const { verify } = this.declaration;
    if (verify === undefined) return;
    const object = await this.#store.incomingObject(signal);
    const keyHome = join(this.#options.ownDirectory, 'keys');
    await verifySignatures(this.#store, verify, { commit, object }, keyHome, signal);
  }

  async #take(taken: Taken, signal: AbortSignal): Promise<void> {
    const { path } = taken;
    const tree = await readTree(this.#store, taken.commit, { path, limits: this.#limits }, signal);
    const texts = await readManifestTexts(
      this.#store,
      tree.files,
      { root: this.#laidOut.root, path },
      signal,
    );
    const leaving = { directories: stacksLost(this.#snapshot, texts), nowMs: this.#options.nowMs() };
    await this.#laidOut.show(this.#store, tree.files, leaving, signal);
    await this.#store.setCurrent(taken.commit, signal);
    await this.#remember(taken);
    this.#snapshot = { ...texts, notes: tree.notes, revision: revisionOf(taken) };
  }

  /** What was in force before a restart is so again, before the remote has answered. */
  async #load(signal: AbortSignal): Promise<void> {
    if (this.#isLoaded) return;
    this.#isLoaded = true;
    await mkdir(this.#options.ownDirectory, { recursive: true, mode: 0o700 });
    const taken = await this.#recall();
    if (taken === undefined) return;
    try {
      if ((await this.#store.current(signal)) === taken.commit) await this.#take(taken, signal);
    } catch (error) {
      this.#fault = faultShown(error);
    }
  }

  async #recall(): Promise<Taken | undefined> {
    try {
      return Taken.parse(JSON.parse(await readFile(this.#statePath, 'utf8')));
    } catch {
      return undefined;
    }
  }

  async #remember(taken: Taken): Promise<void> {
    const staged = `${this.#statePath}.new`;
    await writeFile(staged, JSON.stringify(taken), { mode: 0o600 });
    await rename(staged, this.#statePath);
  }

  get #statePath(): string {
    return join(this.#options.ownDirectory, 'taken.json');
  }
}

function revisionOf({ label, commit }: Pick<RemoteTarget, 'label'> & { readonly commit: string }): string {
  return label === '' ? `sha1:${commit}` : `${label}@sha1:${commit}`;
}

function faultShown(error: unknown): { readonly reason: RepositoryReason; readonly message: string } {
  if (!(error instanceof GitFault)) return { reason: 'FetchFailed', message: asFailure(error).message };
  const { reason, message, hint } = error;
  return { reason, message: hint === undefined ? message : `${message}; ${hint}` };
}
