import { pathTable } from './field-path.ts';

/** What a text becomes after interpolation, where Compose turns it into something else. */
export type Cast = 'integer' | 'number' | 'boolean';

/** Undefined when the text is no such value. Numbers are decimal, as Go's strconv reads them. */
export function castText(text: string, cast: Cast): number | bigint | boolean | undefined {
  switch (cast) {
    case 'boolean':
      return booleans.get(text.toLowerCase());
    case 'integer': {
      if (!/^[-+]?[0-9]+$/.test(text)) return undefined;
      const small = Number(text);
      return Number.isSafeInteger(small) ? small : BigInt(text.replace('+', ''));
    }
    case 'number':
      return /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/.test(text) ? Number(text) : undefined;
  }
}

const booleans: ReadonlyMap<string, boolean> = new Map([
  ...['true', 'y', 'yes', 'on'].map((word) => [word, true] as const),
  ...['false', 'n', 'no', 'off'].map((word) => [word, false] as const),
]);

const service: Readonly<Record<string, Cast>> = {
  cpu_count: 'integer',
  cpu_percent: 'number',
  cpu_period: 'integer',
  cpu_quota: 'integer',
  cpu_rt_period: 'integer',
  cpu_rt_runtime: 'integer',
  cpus: 'number',
  cpu_shares: 'integer',
  init: 'boolean',
  'depends_on.*.required': 'boolean',
  'depends_on.*.restart': 'boolean',
  'deploy.replicas': 'integer',
  'deploy.update_config.parallelism': 'integer',
  'deploy.update_config.max_failure_ratio': 'number',
  'deploy.rollback_config.parallelism': 'integer',
  'deploy.rollback_config.max_failure_ratio': 'number',
  'deploy.restart_policy.max_attempts': 'integer',
  'deploy.placement.max_replicas_per_node': 'integer',
  'healthcheck.retries': 'integer',
  'healthcheck.disable': 'boolean',
  oom_kill_disable: 'boolean',
  oom_score_adj: 'integer',
  pids_limit: 'integer',
  'ports.*.target': 'integer',
  privileged: 'boolean',
  read_only: 'boolean',
  scale: 'integer',
  stdin_open: 'boolean',
  tty: 'boolean',
  'ulimits.*': 'integer',
  'ulimits.*.hard': 'integer',
  'ulimits.*.soft': 'integer',
  'volumes.*.read_only': 'boolean',
  'volumes.*.volume.nocopy': 'boolean',
};

const topLevel: Readonly<Record<string, Cast>> = {
  'networks.*.external': 'boolean',
  'networks.*.internal': 'boolean',
  'networks.*.attachable': 'boolean',
  'networks.*.enable_ipv4': 'boolean',
  'networks.*.enable_ipv6': 'boolean',
  'volumes.*.external': 'boolean',
  'secrets.*.external': 'boolean',
  'configs.*.external': 'boolean',
};

/** Which fields are cast (Compose specification, chapter Interpolation; the list is compose-go's). */
export const castRules = pathTable<Cast>({
  ...Object.fromEntries(Object.entries(service).map(([field, cast]) => [`services.*.${field}`, cast])),
  ...topLevel,
});
