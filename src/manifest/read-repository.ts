import path from 'node:path/posix';
import { checkTree } from '../compose/check-tree.ts';
import { toPlain } from '../compose/plain.ts';
import { errorAt } from '../compose/report.ts';
import { fieldOf, type MappingTree, type Tree, textField } from '../compose/tree.ts';
import { formatPosition, isAcceptable, type Position, type Problem } from '../model/problem.ts';
import type { RepositoryDeclaration } from '../model/repository.ts';
import { groupBy } from './group-by.ts';
import { parseDurationMs } from './schema/duration.ts';
import { API_VERSION } from './schema/envelope.ts';
import { REPOSITORY_KIND, repositorySchema } from './schema/repository.ts';
import type { BrokenFile } from './stack.ts';

/** A `GitRepository` on its way. */
export interface RepositoryDraft {
  readonly name: string | undefined;
  readonly file: string;
  readonly at: Position;
  readonly problems: readonly Problem[];
  /** Undefined when a problem forbids it. */
  readonly declaration: RepositoryDeclaration | undefined;
}

export function isRepository(document: Tree): document is MappingTree {
  return (
    document.kind === 'mapping' &&
    textField(document, 'kind') === REPOSITORY_KIND &&
    textField(document, 'apiVersion') === API_VERSION
  );
}

export function readRepository(document: MappingTree, file: string): RepositoryDraft {
  const name = textField(fieldOf(document, 'metadata'), 'name');
  const draft = { name, file, at: document.at, declaration: undefined };
  const problems = checkTree(document, repositorySchema);
  if (!isAcceptable(problems)) return { ...draft, problems };
  const { metadata, spec } = repositorySchema.parse(toPlain(document));
  const directory = path.dirname(file);
  const { secretRef, verify } = spec;
  return {
    ...draft,
    problems,
    declaration: {
      name: metadata.name,
      url: spec.url,
      ref: {
        commit: spec.ref.commit,
        semver: spec.ref.semver,
        tag: spec.ref.tag,
        branch: spec.ref.branch,
      },
      intervalMs: parseDurationMs(spec.interval) ?? 0,
      timeoutMs: parseDurationMs(spec.timeout) ?? 0,
      path: path.normalize(spec.path === '' ? '.' : spec.path).replace(/\/$|^\.$/, ''),
      suspend: spec.suspend,
      secretDirectory: secretRef === undefined ? undefined : path.resolve(directory, secretRef.path),
      verify:
        verify === undefined
          ? undefined
          : { mode: verify.mode, keyDirectory: path.resolve(directory, verify.secretRef.path) },
      at: document.at,
    },
  };
}

/** Sorts what is good from what is not; of two with one name neither is taken. */
export function settleRepositories(drafts: readonly RepositoryDraft[]): {
  readonly repositories: readonly RepositoryDeclaration[];
  readonly problems: readonly Problem[];
  readonly broken: readonly BrokenFile[];
} {
  const byName = groupBy(drafts, ({ name }) => name);
  const judged = drafts.map((draft) => {
    const other = (byName.get(draft.name) ?? []).find((each) => each !== draft);
    if (draft.name === undefined || other === undefined) return draft;
    const problem = errorAt(
      'DuplicateRepository',
      `the repository "${draft.name}" is declared more than once`,
      {
        path: ['metadata', 'name'],
        at: draft.at,
        hint: `it is declared at ${formatPosition(other.at)} too: rename or remove one of them`,
      },
    );
    return { ...draft, problems: [...draft.problems, problem], declaration: undefined };
  });
  return {
    repositories: judged
      .flatMap(({ declaration }) => declaration ?? [])
      .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    problems: judged.flatMap(({ problems }) => problems),
    broken: judged.flatMap(({ declaration, file, problems }) =>
      declaration === undefined ? [{ file, problems, names: [] }] : [],
    ),
  };
}
