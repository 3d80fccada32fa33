import type { RepositoryDeclaration } from '../model/repository.ts';
import type { RepositorySource, RepositoryState, SourceScan } from '../source/source.ts';

const WHY = 'its GitRepository is not declared any more';

/**
 * Stands where a repository was that nobody declares: it has nothing and is never complete, so that no stack of it is
 * deleted, and each says why it is still there.
 */
export function undeclaredRepository(name: string, before: RepositorySource | undefined): RepositorySource {
  const declaration: RepositoryDeclaration = before?.declaration ?? {
    name,
    url: '',
    ref: { branch: undefined, tag: undefined, semver: undefined, commit: undefined },
    intervalMs: 0,
    timeoutMs: 0,
    path: '',
    suspend: false,
    secretDirectory: undefined,
    verify: undefined,
    at: { file: '', line: 1, column: 1 },
  };
  const state: RepositoryState = {
    ready: 'False',
    reason: 'NotDeclared',
    message: `${WHY}; its stacks stay as they are: declare it again, or delete them by command`,
    revision: before?.state().revision,
    notes: [],
    lastFetchAtMs: before?.state().lastFetchAtMs,
    nextFetchAtMs: undefined,
  };
  const scan: SourceScan = {
    trusted: false,
    reason: WHY,
    revision: state.revision ?? '',
    files: [],
    unreadable: [],
  };
  return {
    kind: 'git',
    name,
    declaration,
    state: () => state,
    refresh: () => Promise.resolve(false),
    lookNow: () => undefined,
    scan: () => Promise.resolve(scan),
    async *changes(signal) {
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    },
  };
}
