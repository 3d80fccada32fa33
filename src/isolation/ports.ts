import type { KnownPort, PortRef, Publication } from './topology.ts';

/** `80/tcp` as the engine writes it; undefined when it is no port. */
export function portRef(text: string): PortRef | undefined {
  const match = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/.exec(text);
  const port = Number(match?.[1]);
  if (match === null || port < 1 || port > 65_535) return undefined;
  return { port, protocol: match[2] ?? 'tcp' };
}

export function samePort(left: PortRef, right: PortRef): boolean {
  return left.port === right.port && left.protocol === right.protocol;
}

/** A port of the host; undefined for a range or nothing, of which the engine chooses one. */
export function hostPortOf(text: string): number | undefined {
  return /^\d{1,5}$/.test(text) && text !== '0' ? Number(text) : undefined;
}

/** `127.0.0.1:8080`, `[::1]:8080`, `*:8080`. */
export function showHostAddress({ hostIp, hostPort }: Publication): string {
  const port = hostPort ?? '(chosen by the engine)';
  if (hostIp === '') return `*:${port}`;
  return hostIp.includes(':') ? `[${hostIp}]:${port}` : `${hostIp}:${port}`;
}

/** Where a program on the host alone can connect to. */
export function isLoopback(hostIp: string): boolean {
  return hostIp === '::1' || /^127\./.test(hostIp);
}

/** Addresses of all interfaces. */
export function isWildcard(hostIp: string): boolean {
  return hostIp === '' || hostIp === '0.0.0.0' || hostIp === '::';
}

/** Each port once, with what says most about it first among its sources, sorted. */
export function knownPorts(ports: readonly KnownPort[]): readonly KnownPort[] {
  const found = new Map<string, KnownPort>();
  for (const port of ports) {
    const key = `${port.port}/${port.protocol}`;
    if (!found.has(key)) found.set(key, port);
  }
  return [...found.values()].sort(
    (left, right) => left.port - right.port || (left.protocol < right.protocol ? -1 : 1),
  );
}

/** Ports of the container itself that a healthcheck's command or a program's arguments name. */
export function portsInCommand(words: readonly string[], source: KnownPort['source']): readonly KnownPort[] {
  const text = words.join(' ');
  const found = [
    ...text.matchAll(/(?:127\.0\.0\.1|localhost|0\.0\.0\.0|\[::1?\])(?::| +)(\d{2,5})\b/g),
    ...text.matchAll(/--?(?:[a-z]+-)?port[= ](\d{2,5})\b/g),
  ];
  return found.flatMap(([, digits = '']) => {
    const port = portRef(digits);
    return port === undefined ? [] : [{ ...port, source }];
  });
}
/** `80`, or `53/udp`: the usual protocol goes without saying. */
export function showPort({ port, protocol }: PortRef): string {
  return protocol === 'tcp' ? String(port) : `${port}/${protocol}`;
}
