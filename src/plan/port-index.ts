import type { DesiredContainer, DesiredStack } from '../model/desired.ts';
import { shareHostAddress } from '../model/host-address.ts';
import type { Observed, ObservedContainer, OtherContainer, PublishedPort } from '../model/observed.ts';

/** Who has, or wants, a port of the host; in the order in which they were observed, or stand in the manifest. */
export interface PortIndex {
  readonly ofOwn: PortHolders<ObservedContainer>;
  readonly ofStrangers: PortHolders<ObservedContainer | OtherContainer>;
  readonly wanted: PortHolders<DesiredContainer>;
}

/** Those that clash with a port. */
type PortHolders<Holder> = (port: PublishedPort) => readonly Holder[];

/** `own`: the containers of this stack. */
export function indexPorts(
  desired: DesiredStack,
  observed: Observed,
  own: readonly ObservedContainer[],
): PortIndex {
  const ours = new Set(own);
  const strangers = [...observed.others, ...observed.containers.filter((live) => !ours.has(live))];
  const replicas = desired.services.flatMap(({ containers }) => containers);
  return {
    ofOwn: holders(own.filter(isUp), heldPorts),
    ofStrangers: holders(strangers, ({ ports }) => ports),
    wanted: holders(replicas, fixedPorts),
  };
}

/** By number and protocol; the address is compared at the question. */
function holders<Holder>(
  all: readonly Holder[],
  portsOf: (holder: Holder) => readonly PublishedPort[],
): PortHolders<Holder> {
  const byNumber = new Map<string, { readonly holder: Holder; readonly port: PublishedPort }[]>();
  for (const holder of all) {
    for (const port of portsOf(holder)) {
      const found = byNumber.get(keyOf(port));
      if (found === undefined) byNumber.set(keyOf(port), [{ holder, port }]);
      else found.push({ holder, port });
    }
  }
  return (wanted) =>
    (byNumber.get(keyOf(wanted)) ?? []).filter(({ port }) => clash(wanted, port)).map(({ holder }) => holder);
}

const keyOf = ({ hostPort, protocol }: PublishedPort): string => `${hostPort}/${protocol}`;

/** Whether two cannot be published side by side. */
export function clash(a: PublishedPort, b: PublishedPort): boolean {
  return keyOf(a) === keyOf(b) && shareHostAddress(a.hostIp, b.hostIp);
}

const isUp = ({ state }: ObservedContainer): boolean => state !== 'exited' && state !== 'created';

/** One that was taken off its last network gets its ports back with the attachment that the plan repairs. */
function heldPorts(live: ObservedContainer): readonly PublishedPort[] {
  return live.attachments.length === 0 ? [...live.ports, ...fixedPortsOf(live)] : live.ports;
}

/** Ports of the host that the manifest names; ranges are the engine's to choose from. */
export function fixedPorts(container: DesiredContainer): readonly PublishedPort[] {
  return Object.entries(container.host.PortBindings ?? {}).flatMap(([key, bindings]) => {
    const [port = '0', protocol = 'tcp'] = key.split('/');
    return bindings
      .map((binding) => ({
        hostIp: binding.HostIp,
        hostPort: binding.HostPort,
        containerPort: Number(port),
        protocol,
      }))
      .filter(isFixed);
  });
}

/** The same of a container that exists: it keeps to what it was made with. */
export function fixedPortsOf(live: ObservedContainer): readonly PublishedPort[] {
  return live.wantedPorts.filter(isFixed);
}

const isFixed = (port: PublishedPort): boolean => /^\d+$/.test(port.hostPort);
