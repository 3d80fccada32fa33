import { basename, dirname } from 'node:path';
import { normalForm } from '../compose/project-name.ts';
import { COMPOSE } from '../model/labels.ts';
import { stackName } from '../model/names.ts';
import { isOneOff } from '../plan/recognise.ts';
import type { Controller } from './controller.ts';
import type { ComposeProjectNote } from './operations.ts';

/** What docker compose has on the engine under a name; undefined when that is no container, or all are ours. */
export async function findProject(
  controller: Controller,
  name: string,
  signal: AbortSignal,
): Promise<ComposeProjectNote | undefined> {
  const query = { stack: stackName(name), project: name, networkNames: [], imageRefs: [] };
  const observed = await controller.ports.engine.observe(query, signal);
  const theirs = observed.containers.filter(
    (live) => live.ownership === 'compose' && live.project === name && !isOneOff(live),
  );
  const [first] = theirs;
  if (first === undefined) return undefined;
  const configFiles = (first.labels[COMPOSE.configFiles] ?? '').split(',').filter((path) => path !== '');
  return {
    name,
    configFiles,
    isNamedByDirectory: normalForm(basename(dirname(configFiles[0] ?? ''))) === name,
    workingDirectory: first.labels[COMPOSE.workingDir] ?? '',
    containers: theirs.length,
  };
}
