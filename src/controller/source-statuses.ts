import { formatPosition } from '../model/problem.ts';
import type { SourceStatus } from '../model/repository.ts';
import { isoTime } from '../model/time.ts';
import type { RepositorySource, Source } from '../source/source.ts';
import type { Controller } from './controller.ts';
import { unknownSource } from './repositories.ts';
import { sourceProblems } from './source-problems.ts';

/** All sources: those of the command line first, then the repositories by name. */
export function sourceStatuses(controller: Controller): readonly SourceStatus[] {
  const { ports, repositories } = controller;
  return [
    ...ports.sources.map((source) => plainStatus(controller, source)),
    ...repositories.sources.map((source) => repositoryStatus(controller, source)),
  ];
}

/** Throws `invalid` when there is none. */
export function sourceStatus(controller: Controller, name: string): SourceStatus {
  const status = sourceStatuses(controller).find((each) => each.name === name);
  if (status === undefined) throw unknownSource(name);
  return status;
}

/** Reads a source again, at once: of a repository, what its remote has now. */
export async function reconcileSource(
  controller: Controller,
  name: string,
  signal: AbortSignal,
): Promise<SourceStatus> {
  const plain = controller.ports.sources.find((source) => source.name === name);
  if (plain === undefined) await controller.repositories.refresh(name, signal);
  else await controller.sources.read(plain, signal);
  const status = sourceStatus(controller, name);
  for (const stack of status.stacks) controller.queue.add(stack);
  return status;
}

function plainStatus(controller: Controller, source: Source): SourceStatus {
  const { ports, sourceNews } = controller;
  const reading = sourceNews.readingOf(source);
  const common = {
    kind: source.kind,
    name: source.name,
    url: source.kind === 'directory' ? source.name : '',
    revision: reading?.revision,
    notes: [],
    problems: sourceProblems(controller, source),
    declaredAt: '',
    stacks: stacksOf(controller, source),
    lastFetchAt: undefined,
    nextFetchAt: undefined,
    createdAt: isoTime(reading?.firstReadAtMs ?? ports.clock.nowMs()),
  };
  if (reading === undefined) {
    return { ...common, ready: 'Unknown', reason: 'FetchPending', message: 'it has not been read yet' };
  }
  if (!reading.trusted)
    return { ...common, ready: 'False', reason: 'SourceSuspect', message: reading.reason ?? '' };
  return suspected(controller, {
    ...common,
    ready: 'True',
    reason: 'Succeeded',
    message: 'it was read completely',
  });
}

function repositoryStatus(controller: Controller, source: RepositorySource): SourceStatus {
  const { ports, sourceNews } = controller;
  const { declaration } = source;
  const { lastFetchAtMs, nextFetchAtMs, ...state } = source.state();
  return suspected(controller, {
    ...state,
    kind: 'git',
    name: source.name,
    url: declaration.url,
    problems: sourceProblems(controller, source),
    declaredAt: declaration.at.file === '' ? '' : formatPosition(declaration.at),
    stacks: stacksOf(controller, source),
    lastFetchAt: lastFetchAtMs === undefined ? undefined : isoTime(lastFetchAtMs),
    nextFetchAt: nextFetchAtMs === undefined ? undefined : isoTime(nextFetchAtMs),
    createdAt: isoTime(sourceNews.readingOf(source)?.firstReadAtMs ?? ports.clock.nowMs()),
  });
}

const stacksOf = ({ catalog }: Controller, { kind, name }: Source): readonly string[] =>
  [...catalog.namesOf({ kind, name })].sort();

/** A source that was read well, and in which everything is missing, is not well. */
function suspected({ sources }: Controller, status: SourceStatus): SourceStatus {
  const held = sources.held.find(
    ({ name, reason }) => reason === 'SourceSuspect' && status.stacks.includes(name),
  );
  if (status.ready !== 'True' || held === undefined) return status;
  return { ...status, ready: 'False', reason: 'SourceSuspect', message: held.message };
}
