import {
  anyText,
  anything,
  bytes,
  dictionary,
  duration,
  flag,
  float,
  integer,
  list,
  mistyped,
  object,
  optionalFlag,
  optionalInteger,
  type Shape,
  text,
  withNull,
} from './shape.ts';
import {
  command,
  deviceRequest,
  fileReference,
  healthTest,
  hook,
  hosts,
  labels,
  textOrList,
  texts,
  ulimit,
  variables,
} from './shape-fields.ts';

const throttles: Shape = list(object({ path: text, rate: bytes }));

const blkio: Shape = object({
  weight: integer,
  weight_device: list(object({ path: text, weight: integer })),
  device_read_bps: throttles,
  device_read_iops: throttles,
  device_write_bps: throttles,
  device_write_iops: throttles,
});

const resources: Shape = object({
  cpus: float,
  memory: bytes,
  pids: integer,
  devices: list(deviceRequest),
  generic_resources: list(object({ discrete_resource_spec: object({ kind: text, value: integer }) })),
});

const update: Shape = object({
  parallelism: optionalInteger,
  delay: duration,
  failure_action: text,
  monitor: duration,
  max_failure_ratio: float,
  order: text,
});

const limitsAndReservations: Shape = object({ limits: resources, reservations: resources });

const anyPlacement: Shape = object({
  constraints: list(anyText),
  preferences: list(object({ spread: text })),
  max_replicas_per_node: integer,
});

const deploy: Shape = object(
  {
    mode: text,
    replicas: optionalInteger,
    labels,
    update_config: update,
    rollback_config: update,
    resources: limitsAndReservations,
    restart_policy: object({
      condition: text,
      delay: duration,
      max_attempts: optionalInteger,
      window: duration,
    }),
    placement: anyPlacement,
    endpoint_mode: text,
  },
  { placement: {}, resources: {} },
);

const build: Shape = object({
  context: text,
  dockerfile: text,
  dockerfile_inline: text,
  entitlements: list(anyText),
  args: variables,
  provenance: text,
  sbom: text,
  ssh: sshKeys,
  labels,
  cache_from: textOrList,
  cache_to: textOrList,
  no_cache: flag,
  additional_contexts: texts,
  pull: flag,
  extra_hosts: hosts,
  isolation: text,
  network: text,
  target: text,
  secrets: list(fileReference),
  shm_size: bytes,
  tags: textOrList,
  ulimits: dictionary(ulimit),
  platforms: textOrList,
  privileged: flag,
});

function sshKeys(...[tree, path, reading]: Parameters<Shape>): unknown {
  const keys = variables(tree, path, reading) as Readonly<Record<string, string | null>> | undefined;
  return keys === undefined
    ? undefined
    : Object.entries(keys).map(([id, file]) => (file === null || file === '' ? id : `${id}=${file}`));
}

/** A number: a text would be read as decimal, and docker compose refuses it, `"${MODE}"` too. */
const mountMode: Shape = (tree, path, reading) =>
  tree.kind === 'scalar' && typeof tree.value === 'string'
    ? mistyped(tree, path, reading, 'a number', 'write it in octal, without quotes and variables: 0o1777')
    : integer(tree, path, reading);

const mount: Shape = object({
  type: text,
  source: text,
  target: text,
  read_only: flag,
  consistency: text,
  bind: object({ selinux: text, propagation: text, create_host_path: flag, recursive: text }),
  volume: object({ labels, nocopy: flag, subpath: text }),
  tmpfs: object({ size: bytes, mode: mountMode }),
  image: object({ subpath: text }),
});

const port: Shape = object({
  name: text,
  mode: text,
  host_ip: text,
  target: integer,
  published: text,
  protocol: text,
  app_protocol: text,
});

const network: Shape = object({
  aliases: list(anyText),
  driver_opts: texts,
  gw_priority: integer,
  interface_name: text,
  ipv4_address: text,
  ipv6_address: text,
  link_local_ips: list(anyText),
  mac_address: text,
  priority: integer,
});

/** null: attached without any setting. */
const networkOrNull: Shape = withNull((tree, path, reading) =>
  tree.kind === 'scalar' && tree.value === null ? null : network(tree, path, reading),
);

const develop: Shape = object({
  watch: list(
    object(
      {
        path: text,
        action: text,
        target: text,
        exec: object({ command, user: text, privileged: flag, working_dir: text, environment: variables }),
        ignore: textOrList,
        include: textOrList,
        initial_sync: flag,
      },
      { exec: { command: null } },
    ),
  ),
});

const serviceFields: Readonly<Record<string, Shape>> = {
  profiles: list(anyText),
  annotations: labels,
  attach: optionalFlag,
  build,
  develop,
  blkio_config: blkio,
  cap_add: list(anyText),
  cap_drop: list(anyText),
  cgroup_parent: text,
  cgroup: text,
  cpu_count: integer,
  cpu_percent: float,
  cpu_period: integer,
  cpu_quota: integer,
  cpu_rt_period: integer,
  cpu_rt_runtime: integer,
  cpus: float,
  cpuset: text,
  cpu_shares: integer,
  command,
  configs: list(fileReference),
  container_name: text,
  credential_spec: object({ config: text, file: text, registry: text }),
  depends_on: dictionary(object({ condition: text, restart: flag, required: optionalFlag })),
  deploy,
  device_cgroup_rules: list(anyText),
  devices: list(object({ source: text, target: text, permissions: text })),
  dns: textOrList,
  dns_opt: list(anyText),
  dns_search: textOrList,
  domainname: text,
  entrypoint: command,
  provider: object({ type: text, options: dictionary(textOrList) }),
  environment: variables,
  expose: textOrList,
  external_links: list(anyText),
  extra_hosts: hosts,
  group_add: list(anyText),
  gpus: list(deviceRequest),
  hostname: text,
  healthcheck: object({
    test: healthTest,
    timeout: duration,
    interval: duration,
    retries: optionalInteger,
    start_period: duration,
    start_interval: duration,
    disable: flag,
  }),
  image: text,
  init: optionalFlag,
  ipc: text,
  isolation: text,
  labels,
  links: list(anyText),
  logging: object({ driver: text, options: texts }),
  mem_limit: bytes,
  mem_reservation: bytes,
  memswap_limit: bytes,
  mem_swappiness: bytes,
  mac_address: text,
  models: dictionary(withNull(anything)),
  network_mode: text,
  networks: dictionary(networkOrNull),
  oom_kill_disable: flag,
  oom_score_adj: integer,
  pid: text,
  pids_limit: integer,
  platform: text,
  ports: list(port),
  privileged: flag,
  pull_policy: text,
  read_only: flag,
  restart: text,
  runtime: text,
  scale: optionalInteger,
  secrets: list(fileReference),
  security_opt: list(anyText),
  shm_size: bytes,
  stdin_open: flag,
  stop_grace_period: duration,
  stop_signal: text,
  storage_opt: texts,
  sysctls: labels,
  tmpfs: textOrList,
  tty: flag,
  ulimits: dictionary(ulimit),
  use_api_socket: flag,
  user: text,
  userns_mode: text,
  uts: text,
  volume_driver: text,
  volumes: list(mount),
  volumes_from: list(anyText),
  working_dir: text,
  pre_start: list(hook),
  post_start: list(hook),
  pre_stop: list(hook),
  'x-stackctl': anything,
};

/** A service. Its command and entrypoint are always there: null is the image's own. */
export const service: Shape = object(serviceFields, { command: null, entrypoint: null });
