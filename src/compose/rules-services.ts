import { isIP } from './ip.ts';
import type { ComposeProject, ComposeService } from './model.ts';
import { isUnsafeKey } from './report.ts';
import type { Fault } from './rules.ts';

/** The fields of each service agree with each other. */
export function checkServices(project: ComposeProject, fault: Fault): void {
  for (const [name, service] of Object.entries(project.services)) {
    for (const check of checks) check(`services.${name}`, service, fault);
  }
}

type Check = (at: string, service: ComposeService, fault: Fault) => void;

const checks: readonly Check[] = [
  checkNames,
  checkImage,
  checkNetworkMode,
  checkHealthcheck,
  checkScale,
  checkTwins,
  checkMountTargets,
  checkMounts,
  checkPorts,
  checkDevices,
];

/** How many containers a service asks for. */
export function replicasOf(service: ComposeService): number {
  return service.scale ?? service.deploy?.replicas ?? 1;
}

/** Everything else that is looked up by its name is a key, and was refused as one. */
function checkNames(at: string, service: ComposeService, fault: Fault): void {
  for (const field of ['image', 'container_name'] as const) {
    const name = service[field];
    if (name === undefined || !isUnsafeKey(name)) continue;
    fault(
      'error',
      'ReservedName',
      `${at}.${field}`,
      `the name ${name} is not allowed`,
      'give it another name',
    );
  }
}

function checkImage(at: string, service: ComposeService, fault: Fault): void {
  const { build } = service;
  if (build === undefined && service.image === undefined && service.provider === undefined) {
    fault(
      'error',
      'MissingImage',
      `${at}.image`,
      'the service has neither an image nor a build',
      'add image: NAME',
    );
  }
  if (build?.dockerfile !== undefined && build.dockerfile_inline !== undefined) {
    fault(
      'error',
      'ConflictingFields',
      `${at}.build.dockerfile`,
      'dockerfile and dockerfile_inline exclude each other',
      'keep one of the two',
    );
  }
  if (
    build?.platforms !== undefined &&
    service.platform !== undefined &&
    !build.platforms.includes(service.platform)
  ) {
    fault(
      'error',
      'ConflictingFields',
      `${at}.build.platforms`,
      `platform ${service.platform} is not among those that are built`,
      `add ${service.platform} to build.platforms`,
    );
  }
}

function checkNetworkMode(at: string, service: ComposeService, fault: Fault): void {
  if (service.network_mode === undefined || service.networks === undefined) return;
  fault(
    'error',
    'ConflictingFields',
    `${at}.network_mode`,
    'network_mode and networks exclude each other',
    'keep one of the two',
  );
}

function checkHealthcheck(at: string, service: ComposeService, fault: Fault): void {
  const first = service.healthcheck?.test?.[0];
  if (first === undefined || ['CMD', 'CMD-SHELL', 'NONE'].includes(first)) return;
  fault(
    'error',
    'InvalidHealthcheck',
    `${at}.healthcheck.test`,
    'a test that is a list starts with CMD, CMD-SHELL or NONE',
    'put "CMD" before the words of the command',
  );
}

function checkScale(at: string, service: ComposeService, fault: Fault): void {
  const replicas = service.deploy?.replicas;
  if (service.scale !== undefined && replicas !== undefined && service.scale !== replicas) {
    fault(
      'error',
      'ConflictingFields',
      `${at}.scale`,
      'scale and deploy.replicas differ',
      'keep one of the two',
    );
  }
  const field = service.scale === undefined ? 'deploy.replicas' : 'scale';
  if (replicasOf(service) < 0) {
    fault(
      'error',
      'InvalidValue',
      `${at}.${field}`,
      'there cannot be fewer than 0 containers',
      'write 0 or more',
    );
  }
  if (replicasOf(service) <= 1) return;
  if (service.container_name !== undefined) {
    fault(
      'error',
      'ConflictingFields',
      `${at}.container_name`,
      `container_name allows only one container, and ${field} asks for more`,
      'take container_name away',
    );
  }
  checkPinnedPorts(at, service, fault);
}

function checkPinnedPorts(at: string, service: ComposeService, fault: Fault): void {
  for (const [index, port] of (service.ports ?? []).entries()) {
    const [start = '', end = start] = (port.published ?? '').split('-');
    if (port.published === undefined || Number(end) - Number(start) + 1 >= replicasOf(service)) continue;
    fault(
      'error',
      'PortForOneReplica',
      `${at}.ports[${index}]`,
      `port ${port.published} of the host cannot serve ${replicasOf(service)} containers`,
      'publish a range that is long enough, or no fixed port, or run one container',
    );
  }
}

type Limit = string | number | undefined;

function checkTwins(at: string, service: ComposeService, fault: Fault): void {
  const { limits, reservations } = service.deploy?.resources ?? {};
  const twins: readonly (readonly [
    field: string,
    value: Limit,
    twin: string,
    other: Limit,
    present: boolean,
  ])[] = [
    ['cpus', service.cpus, 'limits.cpus', limits?.cpus, limits !== undefined],
    ['mem_limit', service.mem_limit, 'limits.memory', limits?.memory, limits !== undefined],
    ['pids_limit', service.pids_limit, 'limits.pids', limits?.pids, limits !== undefined],
    [
      'mem_reservation',
      service.mem_reservation,
      'reservations.memory',
      reservations?.memory,
      reservations !== undefined,
    ],
  ];
  for (const [field, value, twin, other, present] of twins) {
    if (value === undefined || !present || String(value) === String(other ?? '')) continue;
    fault(
      'error',
      'ConflictingFields',
      `${at}.${field}`,
      `${field} and deploy.resources.${twin} differ`,
      'keep one of the two',
    );
  }
}

function checkMountTargets(at: string, service: ComposeService, fault: Fault): void {
  const targets = new Map<string, string>();
  const claim = (target: string, path: string): void => {
    const first = targets.get(target);
    if (first === undefined) targets.set(target, path);
    else
      fault(
        'error',
        'DuplicateMount',
        path,
        `${target} is already mounted by ${first}`,
        'keep one of the two',
      );
  };
  for (const [index, mount] of (service.tmpfs ?? []).entries())
    claim(mount.split(':')[0] ?? '', `${at}.tmpfs[${index}]`);
  for (const [index, mount] of (service.volumes ?? []).entries())
    claim(mount.target, `${at}.volumes[${index}]`);
}

function checkMounts(at: string, service: ComposeService, fault: Fault): void {
  for (const [index, mount] of (service.volumes ?? []).entries()) {
    if (mount.target !== undefined) continue;
    fault(
      'error',
      'InvalidMount',
      `${at}.volumes[${index}]`,
      'a mount needs a target',
      'add target: a path in the container',
    );
  }
}

function checkPorts(at: string, service: ComposeService, fault: Fault): void {
  for (const [index, port] of (service.ports ?? []).entries()) {
    if (port.target === undefined) {
      fault(
        'error',
        'InvalidPort',
        `${at}.ports[${index}]`,
        'a port needs a target',
        'add target: a port in the container',
      );
    }
    if (port.host_ip === undefined || isIP(port.host_ip)) continue;
    fault(
      'error',
      'InvalidAddress',
      `${at}.ports[${index}].host_ip`,
      `${port.host_ip} is not an IP address`,
      'write an address such as 127.0.0.1',
    );
  }
}

function checkDevices(at: string, service: ComposeService, fault: Fault): void {
  for (const [index, device] of (service.devices ?? []).entries()) {
    if (device.target !== undefined) continue;
    fault(
      'error',
      'InvalidDevice',
      `${at}.devices[${index}]`,
      'a device needs a target',
      'add target: a path in the container',
    );
  }
  const requests = [
    ['gpus', service.gpus],
    ['deploy.resources.reservations.devices', service.deploy?.resources?.reservations?.devices],
  ] as const;
  for (const [field, devices] of requests) {
    for (const [index, device] of (devices ?? []).entries()) {
      if (device.count === undefined || device.device_ids === undefined) continue;
      fault(
        'error',
        'ConflictingFields',
        `${at}.${field}[${index}]`,
        'count and device_ids exclude each other',
        'keep one of the two',
      );
    }
  }
}
