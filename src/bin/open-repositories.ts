import { join } from 'node:path';
import pLimit, { type LimitFunction } from 'p-limit';
import type { RepositoryDeclaration } from '../model/repository.ts';
import { createRepositorySource } from '../source/git/repository.ts';
import type { RepositorySource } from '../source/source.ts';

/** Where the files of repositories are laid out for their stacks, a directory for each. */
export const filesOfRepositories = (stateDirectory: string): string => join(stateDirectory, 'repositories');

/** Makes sources of repositories, each with directories of its own below the state directory. */
export function openRepositories(
  stateDirectory: string,
  nowMs: () => number,
): (declaration: RepositoryDeclaration) => RepositorySource {
  const turns = new Map<string, LimitFunction>();
  return (declaration) => {
    const { name } = declaration;
    const turn = turns.get(name) ?? pLimit(1);
    turns.set(name, turn);
    return createRepositorySource(declaration, {
      ownDirectory: join(stateDirectory, 'git', name),
      filesDirectory: join(filesOfRepositories(stateDirectory), name),
      nowMs,
      random: Math.random,
      turn: (work) => turn(work),
    });
  };
}
