import type { BrokenFile } from '../manifest/stack.ts';
import { isAcceptable, type Problem } from '../model/problem.ts';
import type { ReachabilityPolicy } from '../model/reachability.ts';
import type { RepositoryDeclaration } from '../model/repository.ts';
import type { SourceFile, SourceScan } from '../source/source.ts';
import type { Store } from '../store/store.ts';
import { type CatalogEntry, declaredTwice, keyOf, type Origin } from './catalog-entry.ts';
import { LastGoods } from './last-goods.ts';
import type { DeclaredStack, FoundDeclarations, Loader } from './loader.ts';
import { pushedRepository } from './pushed-repository.ts';

export interface CatalogChange {
  /** Stacks to look at: new, changed, or with other problems. */
  readonly changed: readonly string[];
  /** Stacks of this source that its reading does not have. */
  readonly present: readonly string[];
  /** Faults of files that belong to no stack that is known. */
  readonly problems: readonly Problem[];
  /** Git repositories that it declares, for the trees that have them. */
  readonly repositories: readonly RepositoryDeclaration[];
  /** Files that cannot be used. */
  readonly brokenFiles: readonly string[];
}

/** The manifests of all sources, by stack; a broken file keeps what it meant before. */
export class Catalog {
  readonly #loader: Loader;
  readonly #bySource = new Map<string, Map<string, CatalogEntry>>();
  readonly #lastGoods: LastGoods;
  /** Which source a stack belongs to while several have it: the first that had it, also before a restart, unless it was taken over. */
  readonly #owners = new Map<string, string>();
  /** By source; of a file that cannot be used now, those that it had before. */
  readonly #policies = new Map<string, readonly ReachabilityPolicy[]>();

  constructor(store: Store, loader: Loader) {
    this.#loader = loader;
    this.#lastGoods = new LastGoods(store, loader);
    for (const name of store.list('stack')) {
      const { source } = store.read('stack', name) as { readonly source?: Origin };
      if (source !== undefined) this.#owners.set(name, keyOf(source));
    }
  }

  /** The entry that counts; a second source with the same name is a problem on it that harms neither. */
  get(name: string): CatalogEntry | undefined {
    const candidates = [...this.#bySource].flatMap(([key, entries]) => {
      const entry = entries.get(name);
      return entry === undefined ? [] : [{ key, entry }];
    });
    const owner = candidates.find(({ key }) => key === this.#owners.get(name)) ?? candidates[0];
    if (owner === undefined) return undefined;
    if (!this.#owners.has(name)) this.#owners.set(name, owner.key);
    const rival = candidates.find(({ key }) => key !== owner.key);
    if (rival === undefined) return owner.entry;
    return {
      ...owner.entry,
      problems: [...owner.entry.problems, declaredTwice(name, owner.entry, rival.entry)],
    };
  }

  /** What a source has under a name, whoever the stack belongs to. */
  entryOf(origin: Origin, name: string): CatalogEntry | undefined {
    return this.#bySource.get(keyOf(origin))?.get(name);
  }

  /** What another source has under the name: without this one the stack is that one's. */
  elsewhere(origin: Origin, name: string): CatalogEntry | undefined {
    const others = [...this.#bySource].filter(([key]) => key !== keyOf(origin));
    return others.flatMap(([, entries]) => entries.get(name) ?? [])[0];
  }

  isOwner(origin: Origin, name: string): boolean {
    return this.#owners.get(name) === keyOf(origin);
  }

  /** The manifest of this source is acted on: it counts, unless that of the owner is there by now. */
  settle(name: string, origin: Origin): void {
    const owner = this.#owners.get(name);
    if (owner === undefined || this.#bySource.get(owner)?.has(name) !== true) this.takeOver(name, origin);
  }

  /** `stackctl apply --force`: from now on the manifest of this source counts. */
  takeOver(name: string, origin: Origin): void {
    this.#owners.set(name, keyOf(origin));
  }

  /** Of reachability, of all sources but those that were only applied. */
  policies(): readonly ReachabilityPolicy[] {
    return [...this.#policies.values()].flat();
  }

  names(): readonly string[] {
    const all = [...this.#bySource.values()].flatMap((entries) => [...entries.keys()]);
    return [...new Set(all)].sort();
  }

  namesOf(origin: Origin): readonly string[] {
    return [...(this.#bySource.get(keyOf(origin))?.keys() ?? [])];
  }

  /**
   * Takes in a full reading of one source, all of it at one moment, once it is understood; one at a time for a source.
   * What is absent from it stays until `drop`. Throws what the loader throws, and nothing is taken in then.
   */
  async update(origin: Origin, scan: SourceScan, signal: AbortSignal): Promise<CatalogChange> {
    const readings: Reading[] = [];
    for (const files of trees(scan.files)) {
      readings.push({ found: await this.#loader.find(files, signal), wanted: files[0]?.forStack });
    }
    const lost = [
      ...readings.flatMap(({ found }) => found.broken.map(({ file }) => file)),
      ...scan.unreadable.map(({ path }) => path),
    ];
    const remembered = await this.#rememberedOf(origin, lost, signal);
    const arePoliciesNew = this.#takePolicies(origin, readings, { lost, isTrusted: scan.trusted });
    const revision = origin.kind === 'git' && scan.revision !== '' ? scan.revision : undefined;
    const change = this.#takeIn(origin, { readings, unreadable: scan.unreadable, remembered, revision });
    return {
      ...change,
      // Whatever is expected of anyone may be a matter of everyone.
      changed: arePoliciesNew ? [...new Set([...change.changed, ...this.names()])] : change.changed,
      repositories: repositoriesOf(readings),
      brokenFiles: lost,
    };
  }

  /** True when something else is expected than before. A reading that may be incomplete takes none away. */
  #takePolicies(
    origin: Origin,
    readings: readonly Reading[],
    { lost, isTrusted }: { readonly lost: readonly string[]; readonly isTrusted: boolean },
  ): boolean {
    const before = this.#policies.get(keyOf(origin)) ?? [];
    const found = readings
      .filter(({ wanted }) => wanted === undefined)
      .flatMap(({ found: { policies } }) => policies);
    const files = new Set(found.map(({ at }) => at.file));
    const kept = before.filter(({ at }) => !files.has(at.file) && (!isTrusted || lost.includes(at.file)));
    const now = [...found, ...kept];
    this.#policies.set(keyOf(origin), now);
    return JSON.stringify(now) !== JSON.stringify(before);
  }

  #takeIn(
    origin: Origin,
    { readings, unreadable, remembered, revision }: Understood,
  ): Omit<CatalogChange, 'repositories' | 'brokenFiles'> {
    const entries = this.#entriesOf(origin);
    const changed = new Set<string>();
    const present = new Set<string>();
    const orphaned: Problem[] = [];
    const into = { changed, present, orphaned, remembered };
    for (const { found, wanted } of readings) {
      for (const manifest of found.stacks) {
        if (wanted !== undefined && manifest.name !== wanted) continue;
        present.add(manifest.name);
        if (this.#take(entries, { origin, revision }, manifest, found)) changed.add(manifest.name);
      }
      for (const broken of found.broken) this.#keepLastGood(entries, origin, broken, into);
    }
    for (const { path, reason } of unreadable) {
      const problems = [cannotBeRead(path, reason)];
      this.#keepLastGood(entries, origin, { file: path, problems, names: [] }, into);
    }
    return { changed: [...changed], present: [...present], problems: orphaned };
  }

  drop(name: string): void {
    for (const entries of this.#bySource.values()) entries.delete(name);
    this.#owners.delete(name);
    this.#lastGoods.forget(name);
  }

  /** The stack goes on as that of another source, where one has it. */
  dropFrom(origin: Origin, name: string): void {
    this.#bySource.get(keyOf(origin))?.delete(name);
    if (this.isOwner(origin, name)) this.#owners.delete(name);
  }

  /** Call after a pass that found nothing wrong: this is what a broken file falls back on. */
  noteGood(entry: CatalogEntry): Promise<void> {
    return this.#lastGoods.note(entry);
  }

  #take(
    entries: Map<string, CatalogEntry>,
    from: Pick<CatalogEntry, 'origin' | 'revision'>,
    manifest: DeclaredStack,
    found: FoundDeclarations,
  ): boolean {
    const before = entries.get(manifest.name);
    const warnings = found.problems.filter(
      (problem) => problem.severity === 'warning' && manifest.files.includes(problem.at?.file ?? ''),
    );
    entries.set(manifest.name, { manifest, ...from, problems: warnings });
    return (
      before?.manifest.revision !== manifest.revision ||
      before.revision !== from.revision ||
      !isAcceptable(before.problems)
    );
  }

  #keepLastGood(
    entries: Map<string, CatalogEntry>,
    origin: Origin,
    broken: BrokenFile,
    into: {
      readonly changed: Set<string>;
      readonly present: Set<string>;
      readonly orphaned: Problem[];
      readonly remembered: readonly CatalogEntry[];
    },
  ): void {
    for (const entry of into.remembered) {
      const { name, files } = entry.manifest;
      if (files.includes(broken.file) && !entries.has(name)) entries.set(name, entry);
    }
    const affected = [...entries.values()].filter(
      ({ manifest }) => manifest.files.includes(broken.file) || broken.names.includes(manifest.name),
    );
    if (affected.length === 0) into.orphaned.push(...broken.problems);
    for (const entry of affected) {
      const { name } = entry.manifest;
      if (into.present.has(name)) continue;
      const kept = this.#lastGoods.noted(origin, name) ?? entry;
      entries.set(name, { ...kept, problems: broken.problems });
      into.present.add(name);
      into.changed.add(name);
    }
  }

  /**
   * Brings back what the store remembers of a stack of this source: after a restart of the daemon only the store
   * knows what a file that is broken or missing used to define. Nothing when it is known, or another source's.
   */
  async restore(origin: Origin, name: string, signal: AbortSignal): Promise<void> {
    const entries = this.#entriesOf(origin);
    if (entries.has(name)) return;
    const entry = await this.#lastGoods.recall(origin, name, signal);
    if (entry !== undefined && !entries.has(name)) entries.set(name, entry);
  }

  /** The stacks of this source that only the store knows of, and that one of the files used to define. */
  async #rememberedOf(
    origin: Origin,
    files: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly CatalogEntry[]> {
    const entries = this.#entriesOf(origin);
    const found: CatalogEntry[] = [];
    for (const name of this.#lastGoods.namesIn(files)) {
      const entry = entries.has(name) ? undefined : await this.#lastGoods.recall(origin, name, signal);
      if (entry !== undefined) found.push(entry);
    }
    return found;
  }

  #entriesOf(origin: Origin): Map<string, CatalogEntry> {
    const entries = this.#bySource.get(keyOf(origin)) ?? new Map<string, CatalogEntry>();
    this.#bySource.set(keyOf(origin), entries);
    return entries;
  }
}

/** What one tree of a source was understood as. */
interface Reading {
  readonly found: FoundDeclarations;
  /** The only stack that counts. */
  readonly wanted: string | undefined;
}

interface Understood {
  readonly readings: readonly Reading[];
  readonly unreadable: SourceScan['unreadable'];
  readonly remembered: readonly CatalogEntry[];
  readonly revision: string | undefined;
}

/** Of a tree that counts for one pushed thing only, no more than that. */
function repositoriesOf(readings: readonly Reading[]): readonly RepositoryDeclaration[] {
  return readings.flatMap(({ found, wanted }) =>
    found.repositories.filter(({ name }) => wanted === undefined || wanted === pushedRepository(name)),
  );
}

/** Files of one tree belong together; each applied stack has a tree of its own. */
function trees(files: readonly SourceFile[]): readonly (readonly SourceFile[])[] {
  const groups = new Map<string | undefined, SourceFile[]>();
  for (const file of files) groups.set(file.forStack, [...(groups.get(file.forStack) ?? []), file]);
  return [...groups.values()];
}

const cannotBeRead = (file: string, reason: string): Problem => ({
  severity: 'error',
  code: 'Unreadable',
  message: `the file cannot be read: ${reason}`,
  hint: 'its stacks stay as they are until it can be read again',
  at: { file, line: 1, column: 1 },
});
