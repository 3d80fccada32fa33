import type { Reading } from './failure-reading.ts';
import { BUILDS, REGISTRIES } from './image-failure-readings.ts';

/**
 * Engine messages of 20.10.24 and 28.5.2 (compose-and-engine 4.3, reliability 1.7), the most special first.
 * The status is no help here: the same fault is 404 on one engine and 400 on another, and 500 is anything.
 */
const PORTS: readonly Reading[] = [
  {
    when: /Bind for (\S+):(\d+) failed: port is already allocated/,
    kind: 'conflict',
    hint: ([, , port]) =>
      `another container publishes port ${port} (docker ps --filter publish=${port}); stop it or publish another port`,
  },
  {
    when: /(?:listen (?:tcp|udp|sctp)\S* |host port for )(\S+?):(\d+)[:/].*address already in use/,
    kind: 'conflict',
    hint: ([, , port]) =>
      `a process of the host listens on port ${port} (ss -lnp 'sport = :${port}'); stop it or publish another port`,
  },
  {
    when: /port is already allocated|bind: address already in use|bind: cannot assign requested address/,
    kind: 'conflict',
    hint: () => 'publish another port or address, or stop what uses this one',
  },
];

const NETWORKS: readonly Reading[] = [
  {
    when: /Address already in use/,
    kind: 'conflict',
    hint: () => 'another container has this static address; docker network inspect shows which',
  },
  {
    when: /does not belong to any of this network's subnets|no configured subnet or ip-range contain/i,
    kind: 'invalid',
    hint: () => 'give an address inside a subnet of the network',
  },
  {
    when: /user specified IP address is supported only/i,
    kind: 'invalid',
    hint: () => 'give the network a subnet (networks.<name>.ipam.config) to use static addresses in it',
  },
  {
    when: /available, non-overlapping IPv6 address pool/,
    kind: 'invalid',
    hint: () => 'this engine has no default IPv6 pool: give the network an IPv6 subnet',
  },
  {
    when: /non-overlapping IPv4 address pool|predefined address pools have been fully subnetted/,
    kind: 'conflict',
    hint: () =>
      "the engine's default address pools are used up (31 networks): give networks small subnets of their own, remove unused networks, or set default-address-pools in daemon.json",
  },
  {
    when: /Pool overlaps|invalid pool request/i,
    kind: 'conflict',
    hint: () => 'another network of the engine uses this subnet; stackctl net shows all subnets in use',
  },
  {
    // A dockerd 20.10 that is killed in the middle of making a network may lose it so (4 of 90 kills there, 0 of 90 on 28.5).
    when: /conflicts with network ([0-9a-f]{12})[0-9a-f]* \(.*networks have overlapping/,
    kind: 'conflict',
    hint: ([, id]) =>
      `another network of the engine uses this subnet. If \`docker network inspect ${id}\` finds none, the engine lost it in a crash: stop it, remove network/files/local-kv.db in its data directory, and start it; stackctl makes the networks again`,
  },
  {
    when: /networks have same bridge name|bridge name .* already/i,
    kind: 'conflict',
    hint: () => 'choose another com.docker.network.bridge.name',
  },
  {
    when: /network with name (\S+) already exists/,
    kind: 'conflict',
    hint: ([, name]) =>
      `a network ${name} exists that is not ours; use it with external: true or choose another name`,
  },
  {
    when: /has active endpoints/,
    kind: 'conflict',
    hint: () => 'containers are still attached; they are disconnected first on the next pass',
  },
  {
    when: /endpoint with name \S+ already exists in network/,
    kind: 'refused',
    hint: () => 'a stale attachment is in the way; it is cleared on the next pass',
  },
  {
    when: /network \S+ is ambiguous/,
    kind: 'conflict',
    hint: () => 'several networks have this name; remove all but one',
  },
  {
    when: /could not find a network matching network mode|network \S+ not found|No such network/i,
    kind: 'gone',
    hint: () => 'the network was removed or made again; the container is attached again on the next pass',
  },
  {
    when: /(?:cannot join network|network).* of a non[- ]running container/i,
    kind: 'refused',
    hint: () => 'the container whose network it shares must run first',
  },
  {
    when: /(?:failed to join (?:IPC|PID) namespace|can't join IPC of container).* is not running/i,
    kind: 'refused',
    hint: () => 'the container whose namespace it shares must run first',
  },
  {
    when: /unknown gateway mode|failed to parse \S+ value|invalid subnet|invalid gateway|invalid ip-range/i,
    kind: 'invalid',
    hint: () => 'correct the option of the network in the manifest',
  },
  {
    when: /could not find plugin|plugin "([^"]+)" not found|error looking up (?:volume|network) plugin (\S+?):/,
    kind: 'invalid',
    hint: (match) => `install the driver ${match[1] ?? match[2] ?? ''} on this engine, or use another one`,
  },
];

const PROCESSES: readonly Reading[] = [
  {
    when: /not a directory.*(?:Are you trying to mount a directory onto a file|mount)|mount a directory onto a file/is,
    kind: 'invalid',
    hint: () => 'a bind mounts a directory onto a file or the other way round; the source may be missing',
  },
  {
    when: /bind source path does not exist: (\S+)/,
    kind: 'invalid',
    hint: ([, path]) => `create ${path} on the host, or set bind.create_host_path`,
  },
  {
    when: /exec: "([^"]*)": (?:stat \S+: )?(?:no such file or directory|executable file not found)/,
    kind: 'invalid',
    hint: ([, command]) => `the image has no ${command}; correct command or entrypoint`,
  },
  {
    when: /exec: "([^"]*)": (?:permission denied|is a directory)|exec \S+: permission denied/,
    kind: 'invalid',
    hint: () => 'the command is not executable; correct command, entrypoint or the mode of the mounted file',
  },
  {
    when: /exec format error/,
    kind: 'invalid',
    hint: () => "the image is for another architecture, or the script has no '#!' line; set platform",
  },
  {
    when: /chdir to cwd|mkdir .*working directory|lstat \S+: not a directory/,
    kind: 'invalid',
    hint: () => 'working_dir cannot be entered; correct it or its owner',
  },
  {
    when: /unable to find (?:user|group) (\S+?):|no matching entries in (?:passwd|group) file/,
    kind: 'invalid',
    hint: () => 'the image does not know this user or group; give a numeric one',
  },
  {
    when: /unknown or invalid runtime name|Unknown runtime specified/i,
    kind: 'invalid',
    hint: () => 'the runtime is not set up in daemon.json',
  },
  {
    when: /unknown capability|invalid CapAdd|invalid CapDrop/i,
    kind: 'invalid',
    hint: () => 'correct cap_add and cap_drop',
  },
  {
    when: /could not select device driver/,
    kind: 'invalid',
    hint: () => 'the engine has no driver for the devices asked for; install it (nvidia-container-toolkit)',
  },
  {
    when: /Range of CPUs is from/i,
    kind: 'invalid',
    hint: () => 'ask for no more CPUs than the host has',
  },
  {
    when: /memoryswap limit|Minimum memory limit|Conflicting options/i,
    kind: 'invalid',
    hint: () => 'the resource limits contradict each other; correct them in the manifest',
  },
  {
    when: /rootfs is marked read-only|read-only file system/i,
    kind: 'invalid',
    hint: () =>
      'files cannot be put into a read_only container: use configs and secrets with file:, or a volume at that path',
  },
  {
    when: /error gathering device information while adding custom device "([^"]+)"/,
    kind: 'invalid',
    hint: ([, device]) => `the host has no device ${device}; correct devices`,
  },
  {
    when: /sethostname: invalid argument/,
    kind: 'invalid',
    hint: () => 'the hostname is longer than 64 characters; shorten hostname',
  },
  {
    when: /storage-opt is supported only/,
    kind: 'invalid',
    hint: () => "the engine's storage driver knows no size limits; leave out storage_opt",
  },
  {
    when: /context canceled/,
    kind: 'gone',
    hint: () => 'the start was cut off half-way; it is tried again at once',
  },
  {
    when: /no space left on device/,
    kind: 'refused',
    hint: () => "free space on the engine's disk (docker system df)",
  },
];

const OBJECTS: readonly Reading[] = [
  {
    when: /container name "\/?([^"]+)" is already in use by container "?([0-9a-f]{12})/,
    kind: 'conflict',
    hint: ([, name, id]) =>
      `container ${id} holds the name ${name} and is not ours; remove or rename it, or set container_name`,
  },
  {
    when: /No such image: (\S+)/i,
    kind: 'gone',
    hint: ([, image]) => `the image ${image} must be pulled or built first`,
  },
  { when: /No such container/i, kind: 'gone', hint: () => 'the container was removed meanwhile' },
  {
    // 20.10 after a crash in the middle of a start; from 23 on the engine clears it up by itself.
    when: /task ([0-9a-f]{64}): already exists/,
    kind: 'conflict',
    hint: ([, id]) =>
      `the engine crashed while it started this container and lost its process, which still runs: end it with ctr --namespace moby tasks kill --signal SIGKILL ${id}, then it is started again`,
  },
  {
    when: /removal of container \S+ is already in progress|is marked for removal/,
    kind: 'gone',
    hint: () => 'the container is on its way out',
  },
  {
    when: /volume is in use/,
    kind: 'conflict',
    hint: () => 'a container (perhaps a stopped one) still uses the volume',
  },
  {
    when: /invalid reference format|invalid mount|invalid (?:volume|bind|container name)/i,
    kind: 'invalid',
    hint: () => 'correct the value in the manifest',
  },
];

/** Last, since nearly everything that goes wrong inside a start says so. */
const OTHERS: readonly Reading[] = [
  {
    when: /OCI runtime (?:create|start) failed|failed to create (?:shim )?task/,
    kind: 'refused',
    hint: () =>
      'the kernel or the runtime refuses this configuration; the end of the message names the setting',
  },
];

/** All readings; the first that fits counts. */
export const READINGS: readonly Reading[] = [
  ...PORTS,
  ...PROCESSES,
  ...NETWORKS,
  ...OBJECTS,
  ...REGISTRIES,
  ...BUILDS,
  ...OTHERS,
];
