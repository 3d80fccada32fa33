import type { ComposePort, ComposeProject } from './model.ts';
import type { Fault } from './rules.ts';
import { replicasOf } from './rules-services.ts';

/** No two services want the same name or the same port of the host. */
export function checkHostClashes(project: ComposeProject, fault: Fault): void {
  const running = Object.entries(project.services).filter(([, service]) => replicasOf(service) > 0);
  const names = new Map<string, string>();
  const ports = new Map<string, string>();
  for (const [name, service] of running) {
    claimName(name, service.container_name, names, fault);
    for (const [index, port] of (service.ports ?? []).entries()) {
      claimPort(name, port, `services.${name}.ports[${index}]`, ports, fault);
    }
  }
}

function claimName(
  service: string,
  containerName: string | undefined,
  names: Map<string, string>,
  fault: Fault,
): void {
  if (containerName === undefined) return;
  const owner = names.get(containerName);
  if (owner === undefined) {
    names.set(containerName, service);
    return;
  }
  fault(
    'error',
    'DuplicateContainerName',
    `services.${service}.container_name`,
    `service ${owner} has the container name ${containerName} already`,
    'choose another, or take it away',
  );
}

/**
 * Equal bindings only. One on all addresses beside one on a single address is left to `desired/clashes.ts`, and within one
 * service to the engine, since docker compose takes that.
 */
function claimPort(
  service: string,
  port: ComposePort,
  path: string,
  ports: Map<string, string>,
  fault: Fault,
): void {
  // Out of a range, or with no port at all, the engine takes a free one.
  if (port.published === undefined || port.published === '0' || port.published.includes('-')) return;
  // Without an address it is published on IPv4 and IPv6, with one on that alone.
  const addresses = port.host_ip === undefined ? ['0.0.0.0', '[::]'] : [bracketed(port.host_ip)];
  const bindings = addresses.map((address) => `${address}:${port.published}/${port.protocol ?? 'tcp'}`);
  const taken = bindings.find((binding) => ports.has(binding));
  if (taken === undefined) {
    for (const binding of bindings) ports.set(binding, service);
    return;
  }
  const owner = ports.get(taken);
  const who = owner === service ? 'this service' : `service ${owner}`;
  fault(
    'error',
    'DuplicatePort',
    path,
    `${who} publishes ${taken} already`,
    'publish another port of the host',
  );
}

const bracketed = (address: string): string => (address.includes(':') ? `[${address}]` : address);
