import { posix } from 'node:path';
import type { ContainerConfig } from '../model/container.ts';
import type { ServiceContext } from './context.ts';
import { definedOnly, nonEmptyList, nonEmptyMap, nonEmptyText, onlyTrue, sortedBy } from './defined.ts';
import { ownLabels } from './names.ts';
import { durationMs } from './units.ts';

type ProcessConfig = Pick<
  ContainerConfig,
  | 'Cmd'
  | 'Entrypoint'
  | 'Env'
  | 'Labels'
  | 'Hostname'
  | 'Domainname'
  | 'User'
  | 'WorkingDir'
  | 'Tty'
  | 'OpenStdin'
  | 'StopSignal'
  | 'StopTimeout'
>;

/** What runs in the container, as whom, where, and under which names. */
export function processConfig(context: ServiceContext): ProcessConfig {
  const { service } = context;
  return definedOnly<ProcessConfig>({
    // The engine takes an empty command for none given: the image's own runs either way.
    Cmd: nonEmptyList(service.command ?? undefined),
    Entrypoint: entrypoint(service.entrypoint),
    Env: environment(service.environment),
    Labels: nonEmptyMap(ownLabels(service.labels, `${context.path}.labels`, context.report)),
    Hostname: nonEmptyText(service.hostname),
    Domainname: nonEmptyText(service.domainname),
    User: nonEmptyText(service.user),
    WorkingDir: workingDirectory(context),
    Tty: onlyTrue(service.tty),
    OpenStdin: onlyTrue(service.stdin_open),
    StopSignal: nonEmptyText(service.stop_signal),
    StopTimeout: stopTimeout(service.stop_grace_period),
  });
}

/** Whole seconds, as docker compose gives them; a wrong duration is reported where our own stops are decided. */
function stopTimeout(grace: string | undefined): number | undefined {
  const graceMs = grace === undefined ? undefined : durationMs(grace);
  return graceMs === undefined ? undefined : Math.trunc(graceMs / 1000);
}

/** `[]` and `[""]` both take the image's entrypoint away (measured on 20.10 and 28.5). */
function entrypoint(given: readonly string[] | null | undefined): readonly string[] | undefined {
  if (given === null || given === undefined) return undefined;
  return given.length === 1 && given[0] === '' ? [] : given;
}

/** A name without a value takes the image's own variable away. Sorted: the order means nothing to a process. */
export function environment(
  variables: Readonly<Record<string, string | null>> | undefined,
): readonly string[] | undefined {
  const entries = sortedBy(Object.entries(variables ?? {}), ([name]) => name);
  return nonEmptyList(entries.map(([name, value]) => (value === null ? name : `${name}=${value}`)));
}

/** Cleaned as the engine cleans it, so that two spellings of one directory are one. */
function workingDirectory(context: ServiceContext): string | undefined {
  const given = nonEmptyText(context.service.working_dir);
  if (given === undefined) return undefined;
  if (!posix.isAbsolute(given)) {
    context.report.error(`${context.path}.working_dir`, {
      code: 'PathNotAbsolute',
      message: `the working directory ${given} is not an absolute path`,
      hint: 'write it from / on, as the process sees it',
    });
  }
  const cleaned = posix.normalize(given);
  return cleaned.length > 1 && cleaned.endsWith('/') ? cleaned.slice(0, -1) : cleaned;
}
