import type { ComposeProject, ComposeService } from '../compose/model.ts';
import type { DesiredService, UpdateConfig } from '../model/desired.ts';
import type { ServiceContext } from './context.ts';
import { durationMs } from './units.ts';

/** The engine's own, when the manifest says nothing. */
const DEFAULT_STOP_GRACE_MS = 10_000;
const DEFAULT_MONITOR_MS = 5_000;

/** How many containers a service wants; 0 is none. */
export function replicaCount(service: ComposeService): number {
  const mode = service.deploy?.mode ?? 'replicated';
  if (mode.startsWith('global')) return 1;
  return service.deploy?.replicas ?? service.scale ?? 1;
}

/** How long a container may take to stop before it is killed. */
export function stopGraceMs(context: ServiceContext): number {
  const given = context.service.stop_grace_period;
  if (given === undefined) return DEFAULT_STOP_GRACE_MS;
  return milliseconds(context, 'stop_grace_period', given) ?? DEFAULT_STOP_GRACE_MS;
}

/** `deploy.update_config`, which docker compose ignores and we honour as Swarm does, but rolling back by default. */
export function updateConfig(context: ServiceContext): UpdateConfig {
  const given = context.service.deploy?.update_config ?? {};
  return {
    ...rolloutConfig(context, 'update_config'),
    failureAction: failureAction(given.failure_action),
    maxFailureRatio: given.max_failure_ratio ?? 0,
  };
}

/** `deploy.rollback_config`; what it does not say is as in `update_config`, so that one order serves both ways. */
export function rollbackConfig(context: ServiceContext): DesiredService['rollback'] {
  const update = context.service.deploy?.update_config;
  const given = context.service.deploy?.rollback_config;
  return given === undefined
    ? rolloutConfig(context, 'update_config')
    : rolloutConfig(context, 'rollback_config', update?.order);
}

type Section = 'update_config' | 'rollback_config';

function rolloutConfig(
  context: ServiceContext,
  section: Section,
  order?: string | undefined,
): DesiredService['rollback'] {
  const given = context.service.deploy?.[section] ?? {};
  const duration = (field: 'delay' | 'monitor') =>
    given[field] === undefined
      ? undefined
      : milliseconds(context, `deploy.${section}.${field}`, given[field]);
  const parallelism = given.parallelism ?? 1;
  return {
    order: (given.order ?? order) === 'start-first' ? 'start-first' : 'stop-first',
    // 0 is "all at once".
    parallelism: parallelism === 0 ? Math.max(1, context.replicas) : parallelism,
    delayMs: duration('delay') ?? 0,
    monitorMs: duration('monitor') ?? DEFAULT_MONITOR_MS,
  };
}

/**
 * A service that is to run to its end once: declared as a job, or awaited as completed by another service
 * and not restarted when it ends well.
 */
export function isJob(name: string, service: ComposeService, project: ComposeProject): boolean {
  if (service.deploy?.mode?.endsWith('-job') === true) return true;
  const condition = service.deploy?.restart_policy?.condition ?? service.restart?.split(':')[0] ?? 'no';
  if (!['', 'no', 'none', 'on-failure'].includes(condition)) return false;
  return Object.values(project.services).some(
    ({ depends_on }) => depends_on?.[name]?.condition === 'service_completed_successfully',
  );
}

function failureAction(given: string | undefined): UpdateConfig['failureAction'] {
  return given === 'pause' || given === 'continue' ? given : 'rollback';
}

function milliseconds(context: ServiceContext, field: string, text: string): number | undefined {
  const parsed = durationMs(text);
  if (parsed === undefined) {
    context.report.error(`${context.path}.${field}`, {
      code: 'InvalidDuration',
      message: `${text} is not a duration`,
      hint: 'write it like 30s or 1m30s',
    });
  }
  return parsed;
}
