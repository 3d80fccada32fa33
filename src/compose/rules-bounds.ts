import type { ComposeProject, ComposeService } from './model.ts';
import type { Fault } from './rules.ts';
import { replicasOf } from './rules-services.ts';
import { parseBytes, parseDurationNs } from './units.ts';

const MIB = 1024 ** 2;

/**
 * Bounds of one stack, far above what anybody runs on one host. What is beyond them is a slip of the finger or wants
 * to exhaust the engine or the daemon, which keeps all of it in memory and lists it at every pass.
 */
export const stackLimits = {
  services: 256,
  /** Containers of one service. */
  replicas: 256,
  /** Containers of all services. */
  containers: 512,
  /** Networks, and likewise volumes, configs and secrets. */
  resources: 256,
  /** Of one service, ranges counted out. */
  exposedPorts: 65_535,
  /** Variables of one service. */
  variables: 4096,
  /** A name with its value: Linux starts no process with a longer one (MAX_ARG_STRLEN, less the `=` and the NUL). */
  variableBytes: 128 * 1024 - 2,
  /** All variables of one service: beyond a quarter of the stack's size Linux starts no process. */
  environmentBytes: MIB,
  labels: 512,
  /** A name with its value. They come back in every list of containers. */
  labelBytes: 16 * 1024,
  stopGraceMs: 3_600_000,
  /** Between two health checks; each one starts a process. */
  probeIntervalMs: 100,
  /** Of a file system in memory. */
  tmpfsBytes: 64 * 1024 * MIB,
} as const;

/** No stack asks for more than a host can bear, or for so much that it must be a mistake. */
export function checkBounds(project: ComposeProject, fault: Fault): void {
  const services = Object.entries(project.services);
  const over = overLimit(fault);
  over('services', services.length, stackLimits.services, 'services');
  for (const kind of ['networks', 'volumes', 'configs', 'secrets'] as const) {
    over(kind, Object.keys(project[kind]).length, stackLimits.resources, kind);
  }
  const containers = services.reduce((sum, [, service]) => sum + replicasOf(service), 0);
  over('services', containers, stackLimits.containers, 'containers');
  for (const [name, service] of services) {
    const at = `services.${name}`;
    const field = service.scale === undefined ? 'deploy.replicas' : 'scale';
    over(`${at}.${field}`, replicasOf(service), stackLimits.replicas, 'containers of one service');
    over(`${at}.expose`, countExposed(service), stackLimits.exposedPorts, 'exposed ports');
    checkEnvironment(at, service, fault);
    checkLabels(at, service, fault);
    checkTimes(at, service, fault);
    checkMemoryFiles(at, service, fault);
  }
}

type Over = (path: string, amount: number, limit: number, what: string) => void;

function overLimit(fault: Fault): Over {
  return (path, amount, limit, what) => {
    if (amount <= limit) return;
    const message = `${amount} ${what} are too many, at most ${limit} are allowed`;
    fault('error', 'OverLimit', path, message, 'split the stack into several, or ask for fewer');
  };
}

function countExposed(service: ComposeService): number {
  return (service.expose ?? []).reduce((sum, text) => {
    const [first, last = first] = (text.split('/')[0] ?? '').split('-');
    const count = Number(last) - Number(first) + 1;
    return sum + (Number.isFinite(count) ? Math.max(1, count) : 1);
  }, 0);
}

function checkEnvironment(at: string, service: ComposeService, fault: Fault): void {
  const variables = Object.entries(service.environment ?? {});
  const path = `${at}.environment`;
  overLimit(fault)(path, variables.length, stackLimits.variables, 'variables');
  const { variableBytes, environmentBytes } = stackLimits;
  let total = 0;
  for (const [name, value] of variables) {
    const bytes = Buffer.byteLength(name) + Buffer.byteLength(value ?? '');
    total += bytes;
    if (bytes > variableBytes) tooLong(fault, `${path}.${name}`, 'the variable', variableBytes);
  }
  if (total > environmentBytes) tooLong(fault, path, 'all variables together', environmentBytes);
}

function checkLabels(at: string, service: ComposeService, fault: Fault): void {
  const labels = Object.entries(service.labels ?? {});
  overLimit(fault)(`${at}.labels`, labels.length, stackLimits.labels, 'labels');
  for (const [name, value] of labels) {
    const bytes = Buffer.byteLength(name) + Buffer.byteLength(value);
    if (bytes > stackLimits.labelBytes)
      tooLong(fault, `${at}.labels.${name}`, 'the label', stackLimits.labelBytes);
  }
}

function tooLong(fault: Fault, path: string, what: string, limit: number): void {
  const message = `${what} may have at most ${limit} bytes`;
  fault('error', 'OverLimit', path, message, 'put the data into a file: a config, a secret or a mount');
}

function checkTimes(at: string, service: ComposeService, fault: Fault): void {
  const grace = parseDurationNs(service.stop_grace_period ?? '') ?? 0;
  if (grace / 1e6 > stackLimits.stopGraceMs) {
    const most = `${stackLimits.stopGraceMs / 3_600_000}h`;
    const message = `a container may take at most ${most} to stop`;
    const hint = `write ${most} or less: the stack waits for it`;
    fault('error', 'OverLimit', `${at}.stop_grace_period`, message, hint);
  }
  for (const field of ['interval', 'start_interval'] as const) checkProbe(at, field, service, fault);
}

function checkProbe(
  at: string,
  field: 'interval' | 'start_interval',
  service: ComposeService,
  fault: Fault,
): void {
  const ns = parseDurationNs(service.healthcheck?.[field] ?? '') ?? 0;
  // 0 is the engine's default; what is negative or under the engine's own least is told with the request.
  if (ns < 1e6 || ns / 1e6 >= stackLimits.probeIntervalMs) return;
  const least = `${stackLimits.probeIntervalMs}ms`;
  const message = `health may be checked every ${least} at most, as each check starts a process`;
  fault('error', 'OverLimit', `${at}.healthcheck.${field}`, message, `write ${least} or more, usual is 10s`);
}

function checkMemoryFiles(at: string, service: ComposeService, fault: Fault): void {
  const check = (path: string, size: string | number | undefined) => {
    const bytes = parseBytes(String(size ?? ''));
    if (bytes === undefined || bytes <= stackLimits.tmpfsBytes) return;
    const message = `a file system in memory may have at most ${stackLimits.tmpfsBytes / 1024 ** 3} GiB`;
    fault('error', 'OverLimit', path, message, 'ask for less, or use a volume');
  };
  check(`${at}.shm_size`, service.shm_size);
  for (const [index, entry] of (service.tmpfs ?? []).entries()) {
    const options = entry.slice(entry.indexOf(':') + 1).split(',');
    const size = options.find((option) => option.startsWith('size='))?.slice('size='.length);
    check(`${at}.tmpfs[${index}]`, size);
  }
  for (const [index, mount] of (service.volumes ?? []).entries()) {
    check(`${at}.volumes[${index}].tmpfs.size`, mount.tmpfs?.size);
  }
}
