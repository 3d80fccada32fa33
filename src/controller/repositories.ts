import equal from 'fast-deep-equal';
import { Failure } from '../model/failure.ts';
import { formatPosition, type Problem } from '../model/problem.ts';
import type { RepositoryDeclaration } from '../model/repository.ts';
import type { RepositorySource, Source } from '../source/source.ts';
import type { CatalogChange } from './catalog.ts';
import { keyOf, type Origin } from './catalog-entry.ts';
import type { Ports } from './ports.ts';
import type { Records } from './stack-record.ts';
import { undeclaredRepository } from './undeclared-repository.ts';

export interface RepositoriesContext {
  readonly ports: Ports;
  readonly records: Records;
  readonly read: (source: Source, signal: AbortSignal) => Promise<void>;
  readonly follow: (source: Source, signal: AbortSignal) => Promise<void>;
}

/** A declaration that counts, and who made it. */
interface Declared {
  readonly origin: Origin;
  readonly declaration: RepositoryDeclaration;
}

/**
 * The Git repositories that other sources declare, each a source by itself. One that is declared no more is not asked
 * any more, and is a source that says nothing: its stacks stay.
 */
export class Repositories {
  readonly #context: RepositoriesContext;
  readonly #declared = new Map<string, Declared>();
  readonly #open = new Map<string, { readonly source: RepositorySource; readonly stop: AbortController }>();
  readonly #following = new Set<Promise<void>>();
  /** What each source declares in vain, as of its last reading. */
  readonly #inVain = new Map<string, readonly Problem[]>();
  #signal: AbortSignal | undefined;

  constructor(context: RepositoriesContext) {
    this.#context = context;
    for (const name of context.ports.store.list('repository')) {
      const stored = context.ports.store.read('repository', name) as Declared | undefined;
      if (stored?.declaration !== undefined) this.#declared.set(name, stored);
    }
  }

  /** Those that are open, declared or not, by name. */
  get sources(): readonly RepositorySource[] {
    return [...this.#open.values()].map(({ source }) => source).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  find(name: string): RepositorySource | undefined {
    return this.#open.get(name)?.source;
  }

  originOf(name: string): Origin | undefined {
    return this.#declared.get(name)?.origin;
  }

  /** Of repositories that a source declares and that are not followed for it. */
  problemsOf({ kind, name }: Origin): readonly Problem[] {
    return this.#inVain.get(keyOf({ kind, name })) ?? [];
  }

  /** Takes in what one reading of a source declares. What cannot be read stays declared as it was. */
  async declare(
    origin: Origin,
    reading: Pick<CatalogChange, 'repositories' | 'brokenFiles'> & { readonly trusted: boolean },
  ): Promise<void> {
    const { ports } = this.#context;
    if (ports.openRepository === undefined) return;
    this.#tellInVain(origin, reading.repositories);
    if (origin.kind === 'git') return;
    const before = JSON.stringify([...this.#declared]);
    for (const declaration of reading.repositories) await this.#take(origin, declaration);
    const names = new Set(reading.repositories.map(({ name }) => name));
    for (const [name, declared] of [...this.#declared]) {
      const isOurs = declared.origin.kind === origin.kind && declared.origin.name === origin.name;
      const isKept = !reading.trusted || reading.brokenFiles.includes(declared.declaration.at.file);
      if (!isOurs || names.has(name) || isKept) continue;
      this.#declared.delete(name);
      await ports.store.remove('repository', name);
      ports.log.info(
        { repository: name },
        'a repository is not declared any more; its stacks stay as they are',
      );
    }
    if (this.#signal !== undefined && JSON.stringify([...this.#declared]) !== before) this.#settle();
  }

  /** `stackctl delete source`: of one that was applied. */
  async forget(name: string): Promise<void> {
    this.#declared.delete(name);
    await this.#context.ports.store.remove('repository', name);
    if (this.#signal !== undefined) this.#settle();
  }

  /** Reads what is there of all, without asking any remote. */
  async readAll(signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    this.#settle({ follow: false });
    for (const source of this.sources) await this.#context.read(source, signal);
  }

  /** Follows all until the signal, those too that are declared meanwhile. */
  async follow(signal: AbortSignal): Promise<void> {
    for (const { source, stop } of this.#open.values()) this.#begin(source, stop.signal);
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await Promise.all(this.#following);
  }

  /** Asks a remote now, and reads what it has. Throws `invalid` when there is no such repository. */
  async refresh(name: string, signal: AbortSignal): Promise<RepositorySource> {
    const source = this.find(name);
    if (source === undefined) throw unknownSource(name);
    await source.refresh(signal);
    await this.#context.read(source, signal);
    return source;
  }

  /** Each once, not at every reading. */
  #tellInVain(origin: Origin, declared: readonly RepositoryDeclaration[]): void {
    const before = new Set(this.problemsOf(origin).map(({ message }) => message));
    const problems = declared.flatMap((one) => declaredInVain(origin, one, this.#declared.get(one.name)));
    for (const problem of problems.filter(({ message }) => !before.has(message)))
      this.#context.ports.log.warn({ problem }, 'a repository is not followed');
    this.#inVain.set(keyOf(origin), problems);
  }

  async #take(origin: Origin, declaration: RepositoryDeclaration): Promise<void> {
    const { store } = this.#context.ports;
    const known = this.#declared.get(declaration.name);
    if (known !== undefined && keyOf(known.origin) !== keyOf(origin)) return;
    if (equal(known?.declaration, declaration)) return;
    const declared: Declared = { origin: { kind: origin.kind, name: origin.name }, declaration };
    this.#declared.set(declaration.name, declared);
    await store.write('repository', declaration.name, declared);
  }

  /** Opens what is declared and closes what is not, or is declared otherwise. */
  #settle({ follow = true }: { readonly follow?: boolean } = {}): void {
    const { ports, records } = this.#context;
    for (const [name, { declaration }] of this.#declared) {
      const isSame = equal(this.#open.get(name)?.source.declaration, declaration);
      if (!isSame && ports.openRepository !== undefined)
        this.#replace(ports.openRepository(declaration), follow);
    }
    const remembered = records
      .all()
      .filter(({ source, tombstone }) => source?.kind === 'git' && tombstone === undefined)
      .map(({ source }) => source?.name ?? '');
    for (const name of new Set([...this.#open.keys(), ...remembered])) {
      const source = this.find(name);
      const isUndeclared = source !== undefined && source.state().reason === 'NotDeclared';
      if (!this.#declared.has(name) && !isUndeclared)
        this.#replace(undeclaredRepository(name, source), follow);
    }
  }

  #replace(source: RepositorySource, follow: boolean): void {
    this.#open.get(source.name)?.stop.abort();
    const stop = new AbortController();
    this.#open.set(source.name, { source, stop });
    if (follow) this.#begin(source, stop.signal);
  }

  #begin(source: RepositorySource, stopped: AbortSignal): void {
    const { read, follow, ports } = this.#context;
    const signal = AbortSignal.any([stopped, ...(this.#signal === undefined ? [] : [this.#signal])]);
    const following = (async () => {
      await read(source, signal);
      await follow(source, signal);
    })().catch((thrown: unknown) => {
      ports.log.error({ source: source.name, err: thrown }, 'a repository is not followed any more');
    });
    this.#following.add(following);
    void following.finally(() => this.#following.delete(following));
  }
}

export const unknownSource = (name: string): Failure =>
  new Failure('invalid', `there is no source named ${name}`, {
    hint: 'see `stackctl get sources`',
    status: 404,
  });

/** Nothing when it counts; the same place may have been read by two sources, which is no contradiction. */
function declaredInVain(
  origin: Origin,
  { name, at }: RepositoryDeclaration,
  known: Declared | undefined,
): readonly Problem[] {
  const [place, path] = [formatPosition(at), 'metadata.name'];
  if (origin.kind === 'git') {
    const message = `repository ${name} at ${place} is not followed: a repository does not declare others`;
    const hint = 'declare it in a directory, or apply it';
    return [{ severity: 'warning', code: 'RepositoryNotFollowed', message, hint, path, at }];
  }
  const owner = formatPosition(known?.declaration.at);
  if (known === undefined || keyOf(known.origin) === keyOf(origin) || owner === place) return [];
  const message = `repository ${name} is declared twice: ${owner} counts, ${place} is not used`;
  const hint = 'take it out of one of them, or give one another name';
  return [{ severity: 'warning', code: 'DuplicateRepository', message, hint, path, at }];
}
