import type { ComposeService } from '../compose/model.ts';
import { parseBytes } from '../compose/units.ts';
import type { HostConfig, Ulimit } from '../model/container.ts';
import { isAtLeast } from './api-version.ts';
import type { ServiceContext } from './context.ts';
import {
  definedOnly,
  nonEmptyList,
  nonEmptyMap,
  nonEmptyText,
  onlyTrue,
  sortedBy,
  sortedSet,
} from './defined.ts';
import { wholeNumber } from './units.ts';

type HostSettings = Pick<
  HostConfig,
  | 'Annotations'
  | 'CgroupnsMode'
  | 'CgroupParent'
  | 'Dns'
  | 'DnsOptions'
  | 'DnsSearch'
  | 'ExtraHosts'
  | 'GroupAdd'
  | 'Init'
  | 'LogConfig'
  | 'MemorySwappiness'
  | 'OomKillDisable'
  | 'OomScoreAdj'
  | 'Runtime'
  | 'ShmSize'
  | 'StorageOpt'
  | 'Sysctls'
  | 'Ulimits'
  | 'UsernsMode'
>;

/** Settings of the container that stand for themselves: names, logs, limits, kernel parameters. */
export function hostSettings(context: ServiceContext): HostSettings {
  const { service, request } = context;
  return definedOnly<HostSettings>({
    Annotations: isAtLeast(request.engine.apiVersion, '1.43') ? nonEmptyMap(service.annotations) : undefined,
    CgroupnsMode: nonEmptyText(service.cgroup),
    CgroupParent: nonEmptyText(service.cgroup_parent),
    Dns: nonEmptyList(service.dns),
    DnsOptions: nonEmptyList(service.dns_opt),
    DnsSearch: nonEmptyList(service.dns_search),
    ExtraHosts: nonEmptyList(extraHosts(service.extra_hosts ?? [])),
    GroupAdd: nonEmptyList(sortedSet(service.group_add ?? [])),
    // Kept when false: the daemon may be set to give every container an init.
    Init: service.init,
    LogConfig: logConfig(service.logging),
    MemorySwappiness: wholeNumber(service.mem_swappiness),
    OomKillDisable: onlyTrue(service.oom_kill_disable),
    OomScoreAdj: service.oom_score_adj === 0 ? undefined : service.oom_score_adj,
    Runtime: nonEmptyText(service.runtime),
    ShmSize: shmSize(context),
    StorageOpt: nonEmptyMap(service.storage_opt),
    Sysctls: nonEmptyMap(service.sysctls),
    Ulimits: nonEmptyList(ulimits(service.ulimits)),
    UsernsMode: nonEmptyText(service.userns_mode),
  });
}

/**
 * `host=address` as the engine's `host:address`. Sorted by host; the addresses of one host keep their
 * order, in which they are tried.
 */
export function extraHosts(entries: readonly string[]): readonly string[] {
  const hosts = entries.map((entry) => {
    const end = entry.search(/[=:]/);
    return end === -1
      ? { host: entry, address: '' }
      : { host: entry.slice(0, end), address: entry.slice(end + 1) };
  });
  return [...new Set(sortedBy(hosts, ({ host }) => host).map(({ host, address }) => `${host}:${address}`))];
}

/** Without a driver the engine's own default driver is meant. */
function logConfig(logging: ComposeService['logging']): HostConfig['LogConfig'] | undefined {
  if (logging === undefined) return undefined;
  const options = nonEmptyMap(logging.options);
  if (nonEmptyText(logging.driver) === undefined && options === undefined) return undefined;
  return { Type: logging.driver ?? '', Config: options ?? {} };
}

function shmSize(context: ServiceContext): number | undefined {
  const text = context.service.shm_size;
  if (text === undefined) return undefined;
  const size = parseBytes(text);
  if (size === undefined) {
    context.report.error(`${context.path}.shm_size`, {
      code: 'InvalidValue',
      message: `${text} is not a size`,
      hint: 'write it like 64m',
    });
  }
  return size === 0 ? undefined : size;
}

function ulimits(limits: ComposeService['ulimits']): readonly Ulimit[] {
  const list = Object.entries(limits ?? {}).map(([name, limit]) =>
    typeof limit === 'number'
      ? { Name: name, Soft: limit, Hard: limit }
      : { Name: name, Soft: limit.soft, Hard: limit.hard },
  );
  return sortedBy(list, ({ Name }) => Name);
}
