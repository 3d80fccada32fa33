import { databaseOf } from './databases.ts';
import { isLoopback, showHostAddress, showPort } from './ports.ts';
import { groupName, servicesOf } from './services.ts';
import type { Publication } from './topology.ts';
import type { Model } from './verdict.ts';

/** One published port and who gets to it. */
export interface Exposure {
  readonly service: string;
  /** `*:8080`, `127.0.0.1:8080`; `host network` for whoever uses that of the host. */
  readonly address: string;
  /** Of the container: `80`, `53/udp`; empty: whatever it listens on. */
  readonly port: string;
  /** The widest circle that gets in. `none`: it is asked for and without effect. */
  readonly reachedFrom: 'outside' | 'neighbours' | 'host' | 'none';
  /** What comes to it passes by ufw and the INPUT chain. */
  readonly bypassesFirewall: boolean;
  /** Services of other networks that get in by it, too. */
  readonly services: readonly string[];
  readonly warnings: readonly string[];
}

/** Every port on the host that leads to a container; those that most can reach first. */
export function exposuresOf(model: Model): readonly Exposure[] {
  const found = model.topology.members.flatMap((member): readonly Exposure[] => {
    const service = groupName(member);
    if (member.namespace.kind === 'host') return [hostNetwork(service)];
    return member.publications.map((publication) => exposure(model, { id: member.id, service }, publication));
  });
  return found.sort(
    (left, right) =>
      RANK[left.reachedFrom] - RANK[right.reachedFrom] ||
      (left.service < right.service
        ? -1
        : left.service > right.service
          ? 1
          : left.address < right.address
            ? -1
            : 1),
  );
}

const RANK = { outside: 0, neighbours: 1, host: 2, none: 3 } as const;

function hostNetwork(service: string): Exposure {
  return {
    service,
    address: 'host network',
    port: '',
    reachedFrom: 'outside',
    bypassesFirewall: false,
    services: [],
    warnings: ['every port that it listens on is one of the host; only the host’s firewall is before it'],
  };
}

function exposure(
  model: Model,
  { id, service }: { readonly id: string; readonly service: string },
  publication: Publication,
): Exposure {
  const target = { port: publication.containerPort, protocol: publication.protocol };
  const from = (kind: 'outside' | 'neighbour' | 'host') =>
    model
      .ways({ from: { kind }, to: { kind: 'member', id }, port: target })
      .some(
        ({ via, dial }) =>
          via === 'published' && dial.some(({ hostPort, host }) => isFor(publication, hostPort, host)),
      );
  const reachedFrom = from('outside')
    ? 'outside'
    : from('neighbour')
      ? 'neighbours'
      : from('host')
        ? 'host'
        : 'none';
  return {
    service,
    address: showHostAddress(publication),
    port: showPort(target),
    reachedFrom,
    bypassesFirewall: reachedFrom === 'outside' || reachedFrom === 'neighbours',
    services: reachedFrom === 'none' ? [] : servicesThrough(model, id, publication),
    warnings: warningsOf(publication, reachedFrom),
  };
}

/** Several publications of one port differ in their address on the host. */
const isFor = ({ hostIp, hostPort }: Publication, port: number | undefined, host: string): boolean =>
  port === hostPort && (isLoopback(hostIp) ? isLoopback(host) : true);

/** Who gets in by the host, and shares no network with it. */
function servicesThrough(model: Model, id: string, publication: Publication): readonly string[] {
  if (isLoopback(publication.hostIp)) return [];
  const port = { port: publication.containerPort, protocol: publication.protocol };
  return servicesOf(model.topology)
    .filter(({ members }) => members.every((member) => member.id !== id))
    .filter(({ members }) =>
      members.some((member) => {
        const ways = model.ways({
          from: { kind: 'member', id: member.id },
          to: { kind: 'member', id },
          port,
        });
        return ways.length > 0 && ways.every(({ via }) => via === 'published');
      }),
    )
    .map(({ name }) => name);
}

function warningsOf(publication: Publication, reachedFrom: Exposure['reachedFrom']): readonly string[] {
  const warnings: string[] = [];
  const database = databaseOf(publication.containerPort);
  if (database !== undefined && reachedFrom !== 'none') {
    warnings.push(
      reachedFrom === 'host'
        ? `${database} is published; services reach it by name without`
        : `${database} is open to the ${reachedFrom === 'outside' ? 'outside' : 'same wire'}: take the port out, services reach it by name`,
    );
  }
  if (reachedFrom === 'none') warnings.push('without effect: no network of the container leads out');
  return warnings;
}
