/** Where to listen, or whom to call. */
export interface TcpAddress {
  /** A name or an address, without brackets. */
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
}

/** `127.0.0.1:8443`, `[::1]:8443`, `localhost:8443`; undefined for anything else. */
export function parseTcpAddress(text: string): TcpAddress | undefined {
  const [, bracketed, name, digits] = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9_.-]+)):(\d{1,5})$/i.exec(text) ?? [];
  const port = Number(digits);
  const host = bracketed ?? name ?? '';
  if (host === '' || !(port <= 65_535)) return undefined;
  return bracketed === undefined || bracketed.includes(':') ? { host, port } : undefined;
}

/** Whether only this host can call there. */
export function isLoopback({ host }: TcpAddress): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}
