import { setMaxListeners } from 'node:events';
import { homedir } from 'node:os';
import type { Logger } from 'pino';
import { type RunningApi, startApi } from '../api/server.ts';
import { startWebhooks, type WebhookServer } from '../api/webhook-server.ts';
import { createCachingLoader } from '../controller/caching-loader.ts';
import { Controller } from '../controller/controller.ts';
import { createOperations } from '../controller/daemon-operations.ts';
import { createEngineLocks, type EngineLocks } from '../controller/lock.ts';
import type { Operations } from '../controller/operations.ts';
import type { Clock } from '../controller/ports.ts';
import { digestContext } from '../engine/build-context.ts';
import { parseAddress } from '../engine/docker/address.ts';
import { createDockerEngine } from '../engine/docker/docker-engine.ts';
import type { Engine } from '../engine/engine.ts';
import type { HostPlaces } from '../model/admission.ts';
import type { Settings } from '../settings/table.ts';
import { readKeyFile } from '../sops/key-file.ts';
import { createAppliedSource } from '../source/applied.ts';
import { createDirectorySource } from '../source/directory.ts';
import { createFiles } from '../source/files.ts';
import { isOpenToOthers } from '../source/open-to-others.ts';
import { createFileStore } from '../store/files.ts';
import { VERSION } from '../version.ts';
import { readEventsInThread } from './event-thread.ts';
import { listenersOf } from './listeners.ts';
import { filesOfRepositories, openRepositories } from './open-repositories.ts';
import { readPolicy } from './policy-file.ts';
import { readWebhookSecret } from './webhook-secret.ts';
import { createWorkerLoader } from './worker-loader.ts';

const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimer: (callback, ms) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

const OPEN_MANIFESTS =
  'everybody on this host may write to the manifests, and so become root by them: chmod o-w the directory';

/**
 * Builds every adapter and runs a daemon until the signal: the composition root that `stackctld` and
 * `stackctl --direct` share. `onLooked`: the API listens, and every stack had its first pass. Throws `Failure` when it
 * cannot start (another daemon, a bad address).
 */
export async function runDaemon(
  config: Settings,
  more: { readonly log: Logger; readonly onlyWhenAsked: boolean; readonly onLooked: () => void },
  signal: AbortSignal,
): Promise<void> {
  const { log } = more;
  const policy = {
    ...readPolicy({ file: config.policy, manifests: config.manifests }),
    places: placesOf(config),
  };
  const listeners = listenersOf(config, log);
  // Each worker, source and stream under way listens to it; their number is bounded by the settings.
  setMaxListeners(0, signal);
  const locks = createEngineLocks(config.instance);
  const engine = createDockerEngine({
    host: config.dockerHost,
    instance: config.instance,
    configDirectory: process.env['DOCKER_CONFIG'] || undefined,
    isAdopted: (project) => store.read('adopted', project) === true,
    events: (until) => {
      const settings = { host: config.dockerHost, logLevel: config.logLevel };
      return readEventsInThread({ settings, log }, until);
    },
    admit: locks.admit,
    log,
  });
  await meetEngine(engine, locks, signal);
  const store = await createFileStore({ directory: config.stateDir, log });
  const applied = createAppliedSource(store);
  for (const manifests of config.manifests) {
    if (await isOpenToOthers(manifests)) log.warn({ manifests }, OPEN_MANIFESTS);
  }
  warnOfKeys(config, log);
  const directories = config.manifests.map((root) => createDirectorySource({ root, log }));
  const loader = createWorkerLoader({ home: homedir(), sopsAgeKeyFile: config.sopsAgeKeyFile, log });
  const controller = new Controller(
    {
      engine,
      sources: [...directories, applied],
      applied,
      openRepository: openRepositories(config.stateDir, systemClock.nowMs),
      store,
      loader: createCachingLoader(loader, { monotonicMs: systemClock.monotonicMs }),
      clock: systemClock,
      random: Math.random,
      log,
    },
    {
      instance: config.instance,
      version: VERSION,
      workers: config.workers,
      concurrency: config.concurrency,
      resyncMs: config.resync,
      deleteGraceMs: config.deleteGrace,
      onlyWhenAsked: more.onlyWhenAsked,
      policy,
    },
  );
  let api: RunningApi | undefined;
  let webhooks: WebhookServer | undefined;
  try {
    const operations = createOperations(controller);
    api = await startApi({ operations, ...listeners, log });
    webhooks = await listenForWebhooks(config, operations, log);
    const { socket, manifests, instance } = config;
    log.info({ socket, port: api.port, manifests, instance }, 'started');
    await Promise.all([controller.run(signal), controller.whenLooked(signal).then(more.onLooked)]);
  } finally {
    await webhooks?.close();
    await api?.close();
    await loader.close();
    await locks.release();
    log.info('stopped');
  }
}

/**
 * Where another daemon has the engine, this one does not start. An engine that is down cannot tell its id, and the lock
 * is taken when it answers, before anything is written.
 */
async function meetEngine(engine: Engine, locks: EngineLocks, signal: AbortSignal): Promise<void> {
  try {
    await engine.connect(signal);
  } catch (thrown) {
    if (thrown === locks.refusal) throw thrown;
  }
}

/** Whoever needs the keys is told each time; this tells who starts the daemon. */
function warnOfKeys({ sopsAgeKeyFile: path }: Settings, log: Logger): void {
  const read = path === undefined ? undefined : readKeyFile(path, createFiles({ digestContext }));
  if (read?.ok === false) log.warn({ why: read.message, hint: read.hint }, 'no encrypted file can be opened');
}

function listenForWebhooks(
  { webhookListen, webhookSecret }: Settings,
  operations: Operations,
  log: Logger,
): Promise<WebhookServer> | undefined {
  if (webhookListen === undefined || webhookSecret === undefined) return undefined;
  const secret = readWebhookSecret(webhookSecret);
  const lookAt = (name: string) => operations.lookAtSource(name);
  return startWebhooks({ ...webhookListen, secret, lookAt, nowMs: systemClock.monotonicMs, log });
}

/** What no stack that is held to anything may reach. */
function placesOf(config: Settings): HostPlaces {
  const engine = parseAddress(config.dockerHost);
  const own = [config.policy, config.tokens, config.tlsKey, config.webhookSecret, config.sopsAgeKeyFile];
  return {
    manifestRoots: config.manifests,
    sockets: [config.socket, ...(engine.kind === 'unix' ? [engine.path] : [])],
    ownPaths: [config.stateDir, ...own.filter((path) => path !== undefined)],
    laidOut: [filesOfRepositories(config.stateDir)],
  };
}
