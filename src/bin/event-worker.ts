import { once } from 'node:events';
import { workerData } from 'node:worker_threads';
import { Connection } from '../engine/docker/connection.ts';
import { readEvents } from '../engine/docker/events.ts';
import { createLog } from '../log.ts';
import { portToParent } from './serve-calls.ts';

/** What the thread that reads events is told when it starts. */
export interface EventThreadSettings {
  /** As in DOCKER_HOST; undefined: the usual socket. */
  readonly host: string | undefined;
  /** As pino names them. */
  readonly logLevel: string;
}

const NEVER = new AbortController().signal;

// The event thread: reads for as long as it lives. One event at a time is on its way to the daemon, and is answered when
// the daemon takes it; the rest waits here, coalesced and bounded, should the daemon be busy for long.
async function handOver(): Promise<void> {
  const { host, logLevel } = workerData as EventThreadSettings;
  const port = portToParent();
  for await (const event of readEvents(new Connection(host, undefined, createLog(logLevel)), NEVER)) {
    port.postMessage(event);
    await once(port, 'message');
  }
}

void handOver();
