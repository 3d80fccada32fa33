import { deserialize } from 'node:v8';
import type { FileRead } from '../controller/file-reads.ts';
import { type TracedWish, type TracingLoader, withTexts } from '../controller/in-process-loader.ts';
import type { DeclaredStack } from '../controller/loader.ts';
import type { ManifestFile } from '../manifest/stack.ts';
import type { Admission } from '../model/admission.ts';
import { Failure } from '../model/failure.ts';
import type { EngineInfo } from '../model/observed.ts';
import type { Problem } from '../model/problem.ts';
import { type Call, type CallEnd, DeadlineThread } from './deadline-thread.ts';
import type { LoaderAnswers, LoaderNote } from './loader-messages.ts';

/** Bounds of what the threads do. */
export interface LoaderLimits {
  /** Parsing one manifest; resolving one stack, without its build contexts. */
  readonly deadlineMs: number;
  /** Digesting one build context. */
  readonly contextMs: number;
  /** Reading all manifests of one source. */
  readonly findMs: number;
  /** Resolving one stack with all that is in it. */
  readonly resolveMs: number;
  /** Looking at the files of one stack. */
  readonly looksMs: number;
  /** Until a new thread can be asked. */
  readonly startMs: number;
  /** Until a thread that is not asked anything is ended. */
  readonly idleMs: number;
  readonly heapBytes: number;
  /** What a stack resolves to, as it is handed from thread to thread. */
  readonly answerBytes: number;
  /** Calls that wait. */
  readonly waiting: number;
}

export const LOADER_LIMITS: LoaderLimits = {
  deadlineMs: 10_000,
  contextMs: 60_000,
  findMs: 60_000,
  resolveMs: 180_000,
  looksMs: 2_000,
  startMs: 30_000,
  idleMs: 60_000,
  heapBytes: 256 * 1024 ** 2,
  answerBytes: 4 * 1024 ** 2,
  waiting: 128,
};

export interface WorkerLoaderOptions {
  readonly home: string | undefined;
  /** Identities for encrypted files; undefined: there are none. */
  readonly sopsAgeKeyFile?: string | undefined;
  readonly log: { warn(fields: object, message: string): void };
  readonly limits?: Partial<LoaderLimits>;
  /** What the threads run, should it not be the compiled files beside this one: for tests. */
  readonly urls?: { readonly loading: URL; readonly looking: URL };
}

export interface WorkerLoader extends TracingLoader {
  /** Ends the threads. */
  close(): Promise<void>;
}

const OWN_URLS = {
  loading: new URL('./loader-worker.js', import.meta.url),
  looking: new URL('./look-worker.js', import.meta.url),
};

/**
 * The loader in threads of its own, so that nothing which users write can hold up the daemon, whose event reader must
 * never wait. What takes longer or more memory than it may is a problem of that file or stack. Files are looked at in
 * a second thread: stacks of which nothing changed need not wait for one that takes long.
 */
export function createWorkerLoader(options: WorkerLoaderOptions): WorkerLoader {
  return new ThreadedLoader(options);
}

/** A manifest that was overdue, and is not parsed again before it changes or some time has passed. */
interface Refusal {
  readonly text: string;
  readonly problem: Problem;
  readonly untilMs: number;
}

const REFUSAL_MS = 600_000;

class ThreadedLoader implements WorkerLoader {
  readonly #limits: LoaderLimits;
  readonly #loading: DeadlineThread;
  readonly #looking: DeadlineThread;
  readonly #refusals = new Map<string, Refusal>();

  constructor({ home, sopsAgeKeyFile, log, limits, urls = OWN_URLS }: WorkerLoaderOptions) {
    this.#limits = { ...LOADER_LIMITS, ...limits };
    const { heapBytes, startMs, idleMs, waiting, answerBytes } = this.#limits;
    const options = {
      settings: { home, sopsAgeKeyFile, answerBytes },
      heapBytes,
      startMs,
      idleMs,
      waiting,
      onEnded: (why: string) => log.warn({ why }, 'a thread is replaced'),
    };
    this.#loading = new DeadlineThread({ ...options, url: urls.loading });
    this.#looking = new DeadlineThread({ ...options, url: urls.looking });
  }

  async find(given: readonly ManifestFile[], signal: AbortSignal) {
    const files = given.map(({ path, relativePath, text }) => ({ path, relativePath, text }));
    const startedMs = performance.now();
    for (;;) {
      let parsed: string | undefined;
      const onNote = (note: LoaderNote) => {
        if (note.kind !== 'parse') return undefined;
        parsed = note.file;
        return this.#limits.deadlineMs;
      };
      const request = { kind: 'find', files, refused: this.#refusedOf(files) } as const;
      const totalMs = Math.max(1, this.#limits.findMs - (performance.now() - startedMs));
      const end = await this.#call({ request, signal, totalMs, onNote });
      if (end.kind === 'answer') return withTexts(unpack<LoaderAnswers['find']>(end), files);
      const culprit = files.find(({ path }) => path === parsed && !request.refused.has(path));
      if (culprit === undefined || (end.kind === 'overdue' && end.what === 'whole')) break;
      this.#refuse(culprit, this.#tooComplex(culprit.path, end));
    }
    return this.#refuseAll(files, signal);
  }

  /** Nobody knows what is in them: all that they defined stays as it was. */
  async #refuseAll(files: readonly ManifestFile[], signal: AbortSignal) {
    const refused = new Map(files.map(({ path }) => [path, tooMuch(path, this.#limits.findMs)]));
    const { deadlineMs: totalMs } = this.#limits;
    const request = { kind: 'find', files, refused } as const;
    const end = await this.#call({ request, signal, totalMs, onNote: () => undefined });
    if (end.kind === 'answer') return withTexts(unpack<LoaderAnswers['find']>(end), files);
    throw new Failure('refused', 'the manifests take too long to read');
  }

  async resolve(
    stack: DeclaredStack,
    engine: EngineInfo,
    admission: Admission,
    signal: AbortSignal,
  ): Promise<TracedWish> {
    const { name, texts, at } = stack;
    const reads: FileRead[] = [];
    let context: string | undefined;
    const onNote = (note: LoaderNote) => {
      if (note.kind === 'read') reads.push(note.read);
      if (note.kind === 'context') context = note.directory;
      if (note.kind === 'context-done') context = undefined;
      if (note.kind === 'context') return this.#limits.contextMs;
      return note.kind === 'context-done' ? this.#limits.deadlineMs : undefined;
    };
    const request = { kind: 'resolve', stack: name, texts, engine, admission } as const;
    const end = await this.#call({ request, signal, totalMs: this.#limits.resolveMs, onNote });
    if (end.kind === 'answer') return unpack(end);
    const problem =
      context === undefined
        ? { ...this.#tooComplex(at.file, end), at }
        : { ...slowContext(context, end), at };
    // What can have been in its way is known; what it did not come to was not.
    const isSettled = reads.every(({ aspect, look }) => aspect !== 'content' || look.isSettled);
    return {
      desired: undefined,
      problems: [problem],
      filesUsed: reads.map(({ path }) => path),
      reads: isSettled ? reads : undefined,
    };
  }

  async looks(paths: readonly string[], signal: AbortSignal): Promise<LoaderAnswers['looks']> {
    const { looksMs } = this.#limits;
    const request = { kind: 'looks', paths } as const;
    const onNote = () => undefined;
    const end = await this.#looking.call({ request, signal, limitMs: looksMs, totalMs: looksMs, onNote });
    if (end.kind === 'answer') return unpack(end);
    throw new Failure('refused', 'files cannot be looked at');
  }

  async close(): Promise<void> {
    await Promise.all([this.#loading.close(), this.#looking.close()]);
  }

  #call(call: Omit<Call, 'limitMs'>) {
    return this.#loading.call({ ...call, limitMs: this.#limits.deadlineMs });
  }

  #refuse({ path, text }: ManifestFile, problem: Problem): void {
    this.#refusals.set(path, { text, problem, untilMs: performance.now() + REFUSAL_MS });
  }

  #refusedOf(files: readonly ManifestFile[]): ReadonlyMap<string, Problem> {
    const now = performance.now();
    for (const [path, { untilMs }] of this.#refusals) if (untilMs <= now) this.#refusals.delete(path);
    return new Map(
      files.flatMap(({ path, text }) => {
        const refusal = this.#refusals.get(path);
        return refusal?.text === text ? [[path, refusal.problem] as const] : [];
      }),
    );
  }

  #tooComplex(file: string, end: Exclude<CallEnd, { kind: 'answer' }>): Problem {
    const { heapBytes, answerBytes } = this.#limits;
    const base = { severity: 'error', code: 'TooComplex', at: { file, line: 1, column: 1 } } as const;
    switch (end.kind) {
      case 'overdue':
        return {
          ...base,
          message: `it takes longer than ${end.afterMs / 1000} s to read`,
          hint: 'make it smaller, or split it into several stacks',
        };
      case 'exhausted':
        return {
          ...base,
          message: `it takes more than ${heapBytes / 1024 ** 2} MiB of memory to read`,
          hint: 'make it smaller, or split it into several stacks',
        };
      case 'too-large':
        return {
          ...base,
          message: `what it asks for is larger than ${answerBytes / 1024 ** 2} MiB`,
          hint: 'split it into several stacks, or keep large contents in files',
        };
    }
  }
}

const tooMuch = (file: string, findMs: number): Problem => ({
  severity: 'error',
  code: 'TooComplex',
  message: `the manifests of its source take longer than ${findMs / 1000} s to read`,
  hint: 'make them smaller and fewer, or keep them in several sources',
  at: { file, line: 1, column: 1 },
});

function slowContext(directory: string, end: Exclude<CallEnd, { kind: 'answer' }>): Omit<Problem, 'at'> {
  const cost = end.kind === 'overdue' ? `longer than ${end.afterMs / 1000} s` : 'too much memory';
  return {
    severity: 'error',
    code: 'TooComplex',
    message: `it takes ${cost} to read the directory ${directory}`,
    hint: 'leave out what is not needed with a .dockerignore, or build the image elsewhere',
  };
}

function unpack<T>({ packed }: { readonly packed: Uint8Array }): T {
  return deserialize(packed) as T;
}
