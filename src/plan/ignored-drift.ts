import type { DesiredStack } from '../model/desired.ts';
import type { FieldChange } from '../model/plan.ts';

/** A JSON pointer of `driftDetection.ignore`, taken apart. */
interface IgnoredField {
  readonly section: string;
  /** `*`: all of them. */
  readonly name: string;
  /** As a `FieldChange` names it; empty: every field. */
  readonly path: string;
}

/** Whether a difference is one that the manifest asks to be left alone. */
export type IsIgnored = (
  about: { readonly section: 'services' | 'networks' | 'volumes'; readonly name: string },
  change: FieldChange,
) => boolean;

/** What Compose calls the fields whose differences are told in the engine's words. */
const NAMES: Readonly<Record<string, string>> = {
  container_name: 'name',
  mem_limit: 'resources.Memory',
  mem_reservation: 'resources.MemoryReservation',
  memswap_limit: 'resources.MemorySwap',
  cpus: 'resources.NanoCpus',
  cpu_shares: 'resources.CpuShares',
  cpu_period: 'resources.CpuPeriod',
  cpu_quota: 'resources.CpuQuota',
  cpu_rt_period: 'resources.CpuRealtimePeriod',
  cpu_rt_runtime: 'resources.CpuRealtimeRuntime',
  cpuset: 'resources.CpusetCpus',
  pids_limit: 'resources.PidsLimit',
  'blkio_config.weight': 'resources.BlkioWeight',
  'deploy.resources.limits.memory': 'resources.Memory',
  'deploy.resources.limits.cpus': 'resources.NanoCpus',
  'deploy.resources.limits.pids': 'resources.PidsLimit',
  'deploy.resources.reservations.memory': 'resources.MemoryReservation',
};

/** `isSettled`: the manifest was carried out; before that nothing is drift, and nothing is ignored. */
export function ignoredDrift({ policy }: DesiredStack, isSettled: boolean): IsIgnored {
  const fields = isSettled ? (policy.driftIgnore ?? []).map(parse) : [];
  return ({ section, name }, change) =>
    fields.some(
      (field) =>
        field.section === section &&
        (field.name === '*' || field.name === name) &&
        covers(field.path, change.path.replaceAll(/\[(\d+)\]/g, '.$1')),
    );
}

/** A key may have dots itself (`driver_opts`), so it is compared as a whole. */
const covers = (path: string, changed: string): boolean =>
  path === '' || changed === path || changed.startsWith(`${path}.`);

function parse(pointer: string): IgnoredField {
  const [section = '', name = '', ...rest] = pointer
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
  const path = rest.join('.');
  return { section, name, path: Object.hasOwn(NAMES, path) ? (NAMES[path] ?? path) : path };
}
