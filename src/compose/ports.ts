import type { Position } from '../model/problem.ts';
import { parseAddress } from './ip.ts';
import { mappingOf, scalarTree, type Tree } from './tree.ts';

/** One published port of a service; `published` may be a range that the engine chooses from. */
export interface ShortPort {
  readonly hostIp: string | undefined;
  readonly published: string | undefined;
  readonly target: number;
  readonly protocol: string;
}

export type ShortPortResult =
  | { readonly ok: true; readonly ports: readonly ShortPort[] }
  | { readonly ok: false; readonly message: string };

/**
 * Reads a port in short syntax, `[[host_ip:]published:]target[/protocol]`. A range of targets makes as
 * many ports; one target with a range of host ports stays one port. An address of IPv6 is put in brackets.
 */
export function parsePort(text: string): ShortPortResult {
  const parts = text.split(':');
  const [targets, protocol] = targetsOf(parts.at(-1) ?? '');
  const published = parts.length > 1 ? (parts.at(-2) ?? '') : '';
  const address = parts.slice(0, -2).join(':');
  const hostIp = unbracketed(address);
  if (targets === '') return refused('the port inside the container is missing');
  if (!protocols.has(protocol.toLowerCase()))
    return refused(`the protocol ${protocol} is none of tcp, udp, sctp`);
  if (hostIp !== '' && parseAddress(hostIp) === undefined) return refused(`${hostIp} is not an IP address`);
  if (hostIp.includes(':') && hostIp === address) return refused(`put ${hostIp} in brackets`);
  const target = parseRange(targets);
  if (target === undefined) return refused(`${targets} is no port and no range of ports`);
  const host = published === '' ? undefined : parseRange(published);
  if (published !== '' && host === undefined) return refused(`${published} is no port and no range of ports`);
  const count = target.end - target.start + 1;
  if (host !== undefined && count > 1 && host.end - host.start + 1 !== count) {
    return refused(`the ranges ${published} and ${targets} differ in length`);
  }
  return {
    ok: true,
    ports: Array.from({ length: count }, (_, index) => ({
      hostIp: hostIp === '' ? undefined : hostIp,
      published: host === undefined ? undefined : hostPort(host, index, count),
      target: target.start + index,
      protocol: protocol.toLowerCase(),
    })).toSorted(byTargetText),
  };
}

/** The long form of a short port. */
export function portToLong(port: ShortPort, at: Position): Tree {
  const text = (value: string | undefined) => (value === undefined ? undefined : scalarTree(value, at));
  return mappingOf(
    {
      mode: scalarTree('ingress', at),
      host_ip: text(port.hostIp),
      target: scalarTree(port.target, at),
      published: text(port.published),
      protocol: text(port.protocol),
    },
    at,
  );
}

interface Range {
  readonly start: number;
  readonly end: number;
}

const protocols: ReadonlySet<string> = new Set(['tcp', 'udp', 'sctp']);

function refused(message: string): ShortPortResult {
  return { ok: false, message };
}

function hostPort(host: Range, index: number, count: number): string {
  const start = String(host.start + index);
  return count === 1 && host.start !== host.end ? `${start}-${host.end}` : start;
}

/** docker compose lists the ports of a range by their text: `10000` before `9999`. */
function byTargetText(one: ShortPort, other: ShortPort): number {
  return `${one.target}/` < `${other.target}/` ? -1 : 1;
}

function parseRange(text: string): Range | undefined {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  if (match === null) return undefined;
  const start = Number(match[1]);
  const end = Number(match[2] ?? match[1]);
  return start <= end && end <= 65_535 ? { start, end } : undefined;
}

/** `80/udp`; without a protocol, or with an empty one, it is TCP. */
function targetsOf(text: string): readonly [string, string] {
  const slash = text.indexOf('/');
  return slash === -1 ? [text, 'tcp'] : [text.slice(0, slash), text.slice(slash + 1) || 'tcp'];
}

function unbracketed(text: string): string {
  return text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
}
