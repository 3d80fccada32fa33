import { join } from 'node:path';
import pLimit, { type LimitFunction } from 'p-limit';
import { measuredRepository } from '../metrics/measured.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { RepositoryDeclaration } from '../model/repository.ts';
import { createRepositorySource } from '../source/git/repository.ts';
import type { RepositorySource } from '../source/source.ts';

/** Where the files of repositories are laid out for their stacks, a directory for each. */
export const filesOfRepositories = (stateDirectory: string): string => join(stateDirectory, 'repositories');

/** Makes sources of repositories, each with directories of its own below the state directory. */
export function openRepositories(
  stateDirectory: string,
  nowMs: () => number,
  metrics: Metrics,
): (declaration: RepositoryDeclaration) => RepositorySource {
  const turns = new Map<string, LimitFunction>();
  return (declaration) => {
    const { name } = declaration;
    const turn = turns.get(name) ?? pLimit(1);
    turns.set(name, turn);
    const source = createRepositorySource(declaration, {
      ownDirectory: join(stateDirectory, 'git', name),
      filesDirectory: join(filesOfRepositories(stateDirectory), name),
      nowMs,
      random: Math.random,
      turn: (work) => turn(work),
      onFetched: (result, tookMs) => metrics.repositoryFetched(name, result, tookMs),
    });
    return measuredRepository(source, metrics);
  };
}
