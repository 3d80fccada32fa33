import { type Client, createClient } from './client.ts';
import type { Endpoint } from './endpoint.ts';

export interface Connection {
  readonly client: Client;
  /** Undoes what connecting did: with `direct`, stops what runs in this process. */
  close(): Promise<void>;
}

/** How a command gets at the daemon. `direct`: do its work in this process, without one. */
export type Connect = (target: {
  readonly endpoint: Endpoint;
  readonly direct: boolean;
  readonly signal: AbortSignal;
}) => Promise<Connection>;

/** Connects to a daemon; nothing is opened before the first call. */
export async function connectTo(endpoint: Endpoint): Promise<Connection> {
  return { client: createClient(endpoint), close: async () => undefined };
}
