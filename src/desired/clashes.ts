import type { PortBinding } from '../model/container.ts';
import type { DesiredContainer, DesiredService } from '../model/desired.ts';
import { shareHostAddress } from '../model/host-address.ts';
import type { Report } from './report.ts';

/**
 * What two services of one stack cannot both have, where only the resolved form shows it: a `container_name`
 * that is another's made-up one, and a port on all addresses and on one of them.
 */
export function checkClashes(services: readonly DesiredService[], report: Report): void {
  const containers = services.flatMap((service) => service.containers);
  checkNames(containers, report);
  checkPorts(services, report);
}

function checkNames(containers: readonly DesiredContainer[], report: Report): void {
  const owners = new Map<string, string>();
  for (const { name, service } of containers) {
    const other = owners.get(name);
    if (other !== undefined && other !== service) {
      report.error(`services.${service}.container_name`, {
        code: 'DuplicateName',
        message: `services ${other} and ${service} both make a container called ${name}`,
        hint: 'give one of them another container_name',
      });
    }
    owners.set(name, service);
  }
}

interface Published {
  readonly service: string;
  readonly protocol: string;
  readonly binding: PortBinding;
}

/** Fixed host ports only: of a range the engine takes a free one. */
function checkPorts(services: readonly DesiredService[], report: Report): void {
  const seen: Published[] = [];
  for (const published of services.flatMap(publishedPorts)) {
    const other = seen.find((candidate) => isSamePort(candidate, published));
    seen.push(published);
    if (other === undefined || other.service === published.service) continue;
    report.error(`services.${published.service}.ports`, {
      code: 'PortClash',
      message: `services ${other.service} and ${published.service} both publish host port ${published.binding.HostPort}/${published.protocol}`,
      hint: 'publish one of them on another port or address',
    });
  }
}

function publishedPorts({ name, containers }: DesiredService): readonly Published[] {
  const [first] = containers;
  return Object.entries(first?.host.PortBindings ?? {}).flatMap(([key, bindings]) =>
    bindings
      .filter(({ HostPort }) => /^[1-9]\d*$/.test(HostPort))
      .map((binding) => ({ service: name, protocol: key.split('/')[1] ?? 'tcp', binding })),
  );
}

function isSamePort(left: Published, right: Published): boolean {
  return (
    left.protocol === right.protocol &&
    left.binding.HostPort === right.binding.HostPort &&
    shareHostAddress(left.binding.HostIp, right.binding.HostIp)
  );
}
