import type { ComposeBuild, ComposeFileObject, ComposeNetwork, ComposeVolume } from '../compose/model.ts';
import {
  attach,
  type Capability,
  type Concern,
  controller,
  ignored,
  inPlace,
  recreate,
  refused,
} from './capability.ts';
import { isCdiDevice } from './devices.ts';

const isCdi: Concern = {
  words: 'a CDI device',
  includes: (value) => typeof value === 'string' && isCdiDevice(value),
};
const is = (...values: readonly (string | boolean)[]): Concern => ({
  words: values.join(', '),
  includes: (value) => values.some((each) => each === value),
});

/** Parts of services that differ from the whole. `*` is any key and any place in a list. */
export const SERVICE_DETAIL_CAPABILITIES: Readonly<Record<string, Capability>> = {
  'blkio_config.weight': inPlace('HostConfig.BlkioWeight'),
  'deploy.endpoint_mode': ignored('one host needs no virtual addresses'),
  'deploy.labels': ignored('there are no Swarm services'),
  'deploy.mode': controller('global is one container; a job runs once'),
  'deploy.placement': ignored('there is one host'),
  'deploy.replicas': controller('makes or removes containers'),
  'deploy.resources.limits.cpus': inPlace('HostConfig.NanoCpus', { note: 'taking the limit away recreates' }),
  'deploy.resources.limits.memory': inPlace('HostConfig.Memory', { note: 'taking the limit away recreates' }),
  'deploy.resources.limits.pids': inPlace('HostConfig.PidsLimit'),
  'deploy.resources.reservations.cpus': ignored('one host has no scheduler'),
  'deploy.resources.reservations.devices': recreate('HostConfig.DeviceRequests'),
  'deploy.resources.reservations.generic_resources': ignored('one host has no scheduler'),
  'deploy.resources.reservations.memory': inPlace('HostConfig.MemoryReservation'),
  'deploy.restart_policy': inPlace('HostConfig.RestartPolicy', {
    note: "delay and window have no effect; without condition it is always, the specification's default, where docker compose sets no policy",
  }),
  'deploy.rollback_config': controller(
    'decides how replicas go back; its failure_action and max_failure_ratio say nothing',
  ),
  'deploy.update_config': controller('decides how containers are replaced'),
  'devices.*.source': recreate('HostConfig.DeviceRequests', { minApi: '1.44', concerns: isCdi }),
  'healthcheck.start_interval': recreate('Config.Healthcheck.StartInterval', { minApi: '1.44' }),
  'networks.*.aliases': attach('EndpointsConfig.Aliases'),
  'networks.*.driver_opts': attach('EndpointsConfig.DriverOpts'),
  'networks.*.driver_opts/com.docker.network.endpoint.sysctls': attach('EndpointsConfig.DriverOpts', {
    minApi: '1.46',
  }),
  'networks.*.driver_opts/com.docker.network.endpoint.ifname': attach('EndpointsConfig.DriverOpts', {
    minApi: '1.49',
  }),
  'networks.*.gw_priority': attach('EndpointsConfig.GwPriority', {
    minApi: '1.48',
    concerns: { words: 'other than 0', includes: (value) => value !== 0 },
  }),
  'networks.*.interface_name': attach('EndpointsConfig.DriverOpts', { minApi: '1.49' }),
  'networks.*.ipv4_address': attach('EndpointsConfig.IPAMConfig.IPv4Address'),
  'networks.*.ipv6_address': attach('EndpointsConfig.IPAMConfig.IPv6Address'),
  'networks.*.link_local_ips': attach('EndpointsConfig.IPAMConfig.LinkLocalIPs'),
  'networks.*.mac_address': recreate('EndpointsConfig.MacAddress', {
    note: 'before API 1.44 on the primary network only',
  }),
  'networks.*.priority': controller('decides in which order networks are attached'),
  'ports.*.app_protocol': ignored('it is for programs that read manifests'),
  'ports.*.mode': ignored('there is one host'),
  'ports.*.name': ignored('it is for programs that read manifests'),
  'volumes.*.bind.recursive': recreate('HostConfig.Mounts.BindOptions', {
    minApi: '1.44',
    concerns: is('readonly', 'writable'),
  }),
  'volumes.*.consistency': ignored('it is for Docker Desktop on a Mac'),
  'volumes.*.image': recreate('HostConfig.Mounts.ImageOptions', { minApi: '1.48' }),
  'volumes.*.type': recreate('HostConfig.Mounts.Type', { minApi: '1.48', concerns: is('image') }),
  'volumes.*.volume.subpath': recreate('HostConfig.Mounts.VolumeOptions.Subpath', {
    minApi: '1.45',
    note: 'older engines would mount the whole volume',
  }),
};

type Table<Fields> = Readonly<Record<keyof Fields, Capability>>;

/** Mounts that no Linux engine without Swarm has. */
export const REFUSED_MOUNTS: Readonly<Record<string, string>> = {
  npipe: 'named pipes are for Windows containers',
  cluster: 'cluster volumes need a Swarm with a CSI plugin',
};

const inImage = (note?: string): Capability =>
  controller(note ?? 'goes into the build, and a new image recreates');
const notInImage = 'it changes nothing in the image';

/** A build goes through the engine's own API: what BuildKit alone can do is refused. */
export const BUILD_CAPABILITIES: Table<ComposeBuild> = {
  context: inImage('its content goes into the digest: what changes there builds anew'),
  dockerfile: inImage(),
  dockerfile_inline: inImage(),
  args: inImage(),
  additional_contexts: refused('further build contexts need BuildKit'),
  cache_from: inImage(),
  cache_to: ignored(notInImage),
  entitlements: refused('entitlements need BuildKit'),
  extra_hosts: inImage(),
  isolation: ignored('it is for Windows'),
  labels: inImage(),
  network: inImage(),
  no_cache: inImage(),
  platforms: inImage('one at a time: the one of platform'),
  privileged: refused('privileged builds need BuildKit', is(true)),
  provenance: ignored(notInImage),
  pull: inImage(),
  sbom: ignored(notInImage),
  secrets: refused('build secrets need BuildKit'),
  shm_size: inImage(),
  ssh: refused('ssh during a build needs BuildKit'),
  tags: inImage(),
  target: inImage(),
  ulimits: refused('limits of a build cannot be set'),
};

/** Networks have no update: a changed one is made anew and its containers moved over while they run. */
export const NETWORK_CAPABILITIES: Table<ComposeNetwork> = {
  name: recreate('Name'),
  external: controller('it must be there; it is never made, changed or removed'),
  driver: recreate('Driver'),
  driver_opts: recreate('Options'),
  attachable: recreate('Attachable'),
  internal: recreate('Internal'),
  enable_ipv4: recreate('EnableIPv4', { minApi: '1.48', concerns: is(false) }),
  enable_ipv6: recreate('EnableIPv6', { note: 'before API 1.46 only with an IPv6 subnet' }),
  ipam: recreate('IPAM'),
  labels: recreate('Labels'),
};

/** Volumes are never changed nor removed by us: a change is reported. */
export const VOLUME_CAPABILITIES: Table<ComposeVolume> = {
  name: recreate('Name'),
  external: controller('it must be there; it is never made'),
  driver: recreate('Driver'),
  driver_opts: recreate('DriverOpts'),
  labels: recreate('Labels'),
};

const notWithoutSwarm = 'only a Swarm keeps configs and secrets: give it a file or an environment variable';

/** Top-level configs and secrets. */
export const FILE_OBJECT_CAPABILITIES: Table<ComposeFileObject> = {
  name: ignored('it names an object of a Swarm'),
  external: refused(notWithoutSwarm, is(true)),
  file: recreate('HostConfig.Mounts', { note: 'new content recreates' }),
  content: recreate('/containers/{id}/archive', { note: 'new content recreates' }),
  environment: recreate('/containers/{id}/archive', { note: 'new content recreates' }),
  labels: ignored('there is no object at the engine to carry them'),
  driver: refused(notWithoutSwarm),
  driver_opts: refused(notWithoutSwarm),
  template_driver: refused('templates need a Swarm'),
};
