import type { ComposeHealthcheck } from '../compose/model.ts';
import { parseDurationNs } from '../compose/units.ts';
import type { HealthcheckConfig } from '../model/container.ts';
import type { ServiceContext } from './context.ts';
import { definedOnly, nonEmptyList } from './defined.ts';

/** Shorter ones the engine refuses (400, measured on 20.10 and 28.5). */
const SHORTEST_NS = 1_000_000;

/**
 * The healthcheck, field by field: what is not given is taken from the image's own. Undefined when the
 * manifest says nothing about health.
 */
export function healthcheckConfig(context: ServiceContext): HealthcheckConfig | undefined {
  const given = context.service.healthcheck;
  if (given === undefined) return undefined;
  if (isSwitchedOff(given)) return { Test: ['NONE'] };
  const config = definedOnly<HealthcheckConfig>({
    Test: nonEmptyList(given.test),
    Interval: duration(context, 'interval'),
    Timeout: duration(context, 'timeout'),
    StartPeriod: duration(context, 'start_period'),
    StartInterval: duration(context, 'start_interval'),
    Retries: given.retries === 0 ? undefined : given.retries,
  });
  return Object.keys(config).length === 0 ? undefined : config;
}

/** True when the manifest switches off whatever healthcheck the image has. */
export function isSwitchedOff(healthcheck: ComposeHealthcheck): boolean {
  return healthcheck.disable === true || healthcheck.test?.[0] === 'NONE';
}

type DurationField = 'interval' | 'timeout' | 'start_period' | 'start_interval';

function duration(context: ServiceContext, field: DurationField): number | undefined {
  const text = context.service.healthcheck?.[field];
  if (text === undefined) return undefined;
  const nanoseconds = parseDurationNs(text);
  if (nanoseconds === 0) return undefined;
  if (nanoseconds === undefined || nanoseconds < SHORTEST_NS) {
    context.report.error(`${context.path}.healthcheck.${field}`, {
      code: 'InvalidDuration',
      message: `${field} must be a duration of at least 1ms, not ${text}`,
      hint: 'write it like 30s or 1m30s',
    });
    return undefined;
  }
  return nanoseconds;
}
