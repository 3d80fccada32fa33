import { join } from 'node:path';
import equal from 'fast-deep-equal';
import { Failure } from '../model/failure.ts';
import type { RepositoryDeclaration } from '../model/repository.ts';
import type { Controller } from './controller.ts';
import type { ApplyAction, ApplyRequest, ApplyResult } from './operations.ts';
import { pushedRepository } from './pushed-repository.ts';
import { unknownSource } from './repositories.ts';

/** Throws `conflict` when another source declares one of them. */
export function refuseForeignRepositories(
  { repositories }: Controller,
  declared: readonly RepositoryDeclaration[],
): void {
  for (const { name } of declared) {
    const origin = repositories.originOf(name);
    if (origin === undefined || origin.kind === 'applied') continue;
    throw new Failure('conflict', `repository ${name} is declared in ${origin.kind} ${origin.name}`, {
      hint: 'change it there, or give this one another name',
    });
  }
}

/** Keeps pushed repositories beside pushed stacks; they are followed when what was applied is read next. */
export async function takeRepositories(
  { ports, repositories }: Controller,
  request: ApplyRequest,
  declared: readonly RepositoryDeclaration[],
): Promise<ApplyResult['repositories']> {
  const results: { name: string; action: ApplyAction }[] = [];
  for (const declaration of declared) {
    const { name, at } = declaration;
    const known =
      repositories.originOf(name) === undefined ? undefined : repositories.find(name)?.declaration;
    const isSame = equal(known, declaration);
    results.push({ name, action: known === undefined ? 'created' : isSame ? 'unchanged' : 'configured' });
    if (request.dryRun) continue;
    const files = request.files.filter((file) => join(request.baseDirectory, file.relativePath) === at.file);
    await ports.applied.put(pushedRepository(name), { baseDirectory: request.baseDirectory, files });
  }
  return results;
}

/** Forgets a repository that was applied. Its stacks stay, until somebody deletes them. */
export async function deleteRepository(controller: Controller, name: string): Promise<void> {
  const { ports, repositories, sources } = controller;
  const origin = repositories.originOf(name);
  if (origin === undefined) throw unknownSource(name);
  if (origin.kind !== 'applied') {
    throw new Failure('conflict', `repository ${name} is declared in ${origin.kind} ${origin.name}`, {
      hint: 'remove its manifest there; its stacks stay as they are',
    });
  }
  await sources.betweenReadings(ports.applied, async () => {
    await ports.applied.remove(pushedRepository(name));
    await repositories.forget(name);
  });
}
