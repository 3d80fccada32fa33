import type { Client } from './client.ts';

export const DEFAULT_SOCKET = '/run/stackctl/stackctl.sock';

export interface Connection {
  readonly client: Client;
  /** Undoes what connecting did: with `direct`, stops what runs in this process. */
  close(): Promise<void>;
}

/** How a command gets at the daemon. `direct`: do its work in this process, without one. */
export type Connect = (target: {
  readonly socketPath: string;
  readonly direct: boolean;
  readonly signal: AbortSignal;
}) => Promise<Connection>;

/** Connects to a daemon's socket; nothing is opened before the first call. */
export async function connectToSocket(socketPath: string): Promise<Connection> {
  // Here, since checking answers needs a large library that --help can do without.
  const { createClient } = await import('./client.ts');
  return { client: createClient(socketPath), close: async () => undefined };
}
