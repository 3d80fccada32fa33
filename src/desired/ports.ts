import type { ContainerConfig, HostConfig, PortBinding } from '../model/container.ts';
import type { ServiceContext } from './context.ts';
import { nonEmptyMap, sortedBy } from './defined.ts';

export interface PortPlan {
  readonly exposed: ContainerConfig['ExposedPorts'];
  readonly bindings: HostConfig['PortBindings'];
}

/** Published ports are exposed too, as docker compose does; `expose` adds ports that are only exposed. */
export function portPlan(context: ServiceContext): PortPlan {
  const { service } = context;
  const exposed: Record<string, Record<string, never>> = {};
  const bindings: Record<string, PortBinding[]> = {};
  for (const port of service.ports ?? []) {
    const key = `${port.target}/${port.protocol ?? 'tcp'}`;
    const binding = { HostIp: port.host_ip ?? '', HostPort: port.published ?? '' };
    exposed[key] = {};
    bindings[key] ??= [];
    if (!bindings[key].some((other) => sameBinding(other, binding))) bindings[key].push(binding);
  }
  for (const key of (service.expose ?? []).flatMap((port, index) => exposedKeys(context, port, index))) {
    exposed[key] = {};
  }
  return { exposed: nonEmptyMap(exposed), bindings: nonEmptyMap(sortBindings(bindings)) };
}

/** `80`, `53/udp` or `9091-9092`: a range is its ports. */
function exposedKeys(context: ServiceContext, text: string, index: number): readonly string[] {
  const match = /^(\d+)(?:-(\d+))?(?:\/(tcp|udp|sctp))?$/.exec(text);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (match === null || last < first || last > 65_535) {
    context.report.error(`${context.path}.expose[${index}]`, {
      code: 'InvalidPort',
      message: `${text} is not a port or a range of ports`,
      hint: 'write 80, 53/udp or 9091-9092',
    });
    return [];
  }
  return Array.from({ length: last - first + 1 }, (_, offset) => `${first + offset}/${match[3] ?? 'tcp'}`);
}

function sameBinding(left: PortBinding, right: PortBinding): boolean {
  return left.HostIp === right.HostIp && left.HostPort === right.HostPort;
}

function sortBindings(bindings: Readonly<Record<string, readonly PortBinding[]>>) {
  return Object.fromEntries(
    Object.entries(bindings).map(([key, list]) => [
      key,
      sortedBy(list, ({ HostIp, HostPort }) => `${HostIp} ${HostPort}`),
    ]),
  );
}
