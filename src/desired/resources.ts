import { parseBytes, parseDurationNs } from '../compose/units.ts';
import type { Resources } from '../model/container.ts';
import type { ServiceContext } from './context.ts';
import { definedOnly, nonEmptyText } from './defined.ts';
import { wholeNumber } from './units.ts';

/**
 * What `docker update` can change, from `deploy.resources` or else from the older attributes, which docker
 * compose prefers in this order. Zero and "no limit" are left out: the engine reads both as unset.
 */
export function resourceLimits(context: ServiceContext): Resources {
  const { service } = context;
  const limits = service.deploy?.resources?.limits;
  const reservations = service.deploy?.resources?.reservations;
  const resources = definedOnly<Resources>({
    Memory: bytes(context, 'mem_limit', limits?.memory ?? service.mem_limit),
    MemoryReservation: bytes(context, 'mem_reservation', reservations?.memory ?? service.mem_reservation),
    MemorySwap: swap(context),
    NanoCpus: nanoCpus(context, limits?.cpus ?? service.cpus),
    CpuShares: positive(service.cpu_shares),
    CpuPeriod: microseconds(context, 'cpu_period'),
    CpuQuota: microseconds(context, 'cpu_quota'),
    CpuRealtimePeriod: microseconds(context, 'cpu_rt_period'),
    CpuRealtimeRuntime: microseconds(context, 'cpu_rt_runtime'),
    CpusetCpus: nonEmptyText(service.cpuset),
    PidsLimit: positive(limits?.pids ?? service.pids_limit),
    BlkioWeight: positive(service.blkio_config?.weight),
  });
  if (resources.NanoCpus !== undefined && (resources.CpuQuota ?? resources.CpuPeriod) !== undefined) {
    context.report.error(`${context.path}.cpus`, {
      code: 'ConflictingAttributes',
      message: 'cpus cannot be combined with cpu_quota or cpu_period: the engine refuses both together',
      hint: 'keep cpus',
    });
  }
  return resources;
}

function positive(value: number | undefined): number | undefined {
  return value !== undefined && value > 0 ? value : undefined;
}

function bytes(context: ServiceContext, field: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const size = parseBytes(text);
  if (size === undefined) return unreadable(context, field, text);
  return positive(size);
}

/** -1, unlimited swap, is a wish of its own. */
function swap(context: ServiceContext): number | undefined {
  const text = context.service.memswap_limit;
  return text === '-1' ? -1 : bytes(context, 'memswap_limit', text);
}

function nanoCpus(context: ServiceContext, cpus: number | string | undefined): number | undefined {
  if (cpus === undefined) return undefined;
  const count = Number(cpus);
  if (Number.isNaN(count)) return unreadable(context, 'cpus', cpus);
  return positive(Math.round(count * 1e9));
}

type SchedulerField = 'cpu_period' | 'cpu_quota' | 'cpu_rt_period' | 'cpu_rt_runtime';

/** Given in microseconds, or as a duration. */
function microseconds(context: ServiceContext, field: SchedulerField): number | undefined {
  const given = context.service[field];
  if (given === undefined) return undefined;
  const number = wholeNumber(given);
  if (number !== undefined) return number === 0 ? undefined : number;
  const nanoseconds = parseDurationNs(String(given));
  return nanoseconds === undefined ? unreadable(context, field, given) : nanoseconds / 1000;
}

function unreadable(context: ServiceContext, field: string, given: string | number): undefined {
  context.report.error(`${context.path}.${field}`, {
    code: 'InvalidValue',
    message: `${given} cannot be read as a value of ${field}`,
  });
  return undefined;
}
