import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Connection, connectTo } from '../cli/connect.ts';
import { createLog } from '../log.ts';
import { runDaemon } from './daemon.ts';
import { settingsWithoutFlags } from './settings.ts';

/**
 * `--direct`: a daemon for the length of one command, in this process, on a socket of its own. It takes the same lock
 * as stackctld, so the two never work on one engine at once; its state directory is stackctld's, so that what it does
 * is known to a daemon that comes later. It looks at every stack before it answers, and acts only on what it is told to.
 */
export async function connectDirectly(env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<Connection> {
  const settings = settingsWithoutFlags();
  const directory = await mkdtemp(join(tmpdir(), 'stackctl-direct-'));
  const socketPath = join(directory, 'stackctl.sock');
  const stop = new AbortController();
  const logLevel = env['STACKCTL_LOG_LEVEL'] === undefined ? 'error' : settings.logLevel;
  const config = {
    ...settings,
    manifests: [],
    socket: socketPath,
    socketGroup: undefined,
    listen: undefined,
    webhookListen: undefined,
    verifyInterval: 0,
    logLevel,
  } as const;
  const log = createLog(config.logLevel);
  const running = AbortSignal.any([signal, stop.signal]);
  let onLooked: () => void = () => undefined;
  const looked = new Promise<void>((resolve) => {
    onLooked = resolve;
  });
  const daemon = runDaemon(config, { log, onlyWhenAsked: true, onLooked }, running);
  const end = async (): Promise<void> => {
    stop.abort();
    try {
      await daemon;
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  };
  try {
    await Promise.race([looked, daemon]);
    const connection = await connectTo({ kind: 'socket', path: socketPath });
    return {
      client: connection.client,
      close: async () => {
        await connection.close();
        await end();
      },
    };
  } catch (thrown) {
    await end().catch(() => undefined);
    throw thrown;
  }
}
