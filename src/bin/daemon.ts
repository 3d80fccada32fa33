import { setMaxListeners } from 'node:events';
import { homedir } from 'node:os';
import type { Logger } from 'pino';
import { type RunningApi, startApi } from '../api/server.ts';
import type { DaemonConfig } from '../config.ts';
import { createCachingLoader } from '../controller/caching-loader.ts';
import { Controller } from '../controller/controller.ts';
import { createOperations } from '../controller/daemon-operations.ts';
import { acquireLock } from '../controller/lock.ts';
import type { Clock } from '../controller/ports.ts';
import { parseAddress } from '../engine/docker/address.ts';
import { createDockerEngine } from '../engine/docker/docker-engine.ts';
import type { HostPlaces } from '../model/admission.ts';
import { createAppliedSource } from '../source/applied.ts';
import { createDirectorySource } from '../source/directory.ts';
import { isOpenToOthers } from '../source/open-to-others.ts';
import { createFileStore } from '../store/files.ts';
import { VERSION } from '../version.ts';
import { readEventsInThread } from './event-thread.ts';
import { readPolicy } from './policy-file.ts';
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
  config: DaemonConfig,
  more: { readonly log: Logger; readonly onlyWhenAsked: boolean; readonly onLooked: () => void },
  signal: AbortSignal,
): Promise<void> {
  const { log } = more;
  const policy = {
    ...readPolicy({ file: config.policyFile, manifests: config.manifests }),
    places: placesOf(config),
  };
  // Each worker, source and stream under way listens to it; their number is bounded by the settings.
  setMaxListeners(0, signal);
  const engine = createDockerEngine({
    host: config.dockerHost,
    instance: config.instance,
    configDirectory: process.env['DOCKER_CONFIG'] || undefined,
    isAdopted: (project) => store.read('adopted', project) === true,
    events: (until) => {
      const settings = { host: config.dockerHost, logLevel: config.logLevel };
      return readEventsInThread({ settings, log }, until);
    },
    log,
  });
  // Whoever has the lock may write; an engine that is down cannot tell its id, and then nothing is written either.
  const engineId = await engine.connect(signal).then(
    (info) => info.id,
    () => 'unreachable',
  );
  const lock = await acquireLock(config.instance, engineId);
  const store = await createFileStore({ directory: config.stateDirectory, log });
  const applied = createAppliedSource(store);
  for (const manifests of config.manifests) {
    if (await isOpenToOthers(manifests)) log.warn({ manifests }, OPEN_MANIFESTS);
  }
  const directories = config.manifests.map((root) => createDirectorySource({ root, log }));
  const loader = createWorkerLoader({ home: homedir(), log });
  const controller = new Controller(
    {
      engine,
      sources: [...directories, applied],
      applied,
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
      resyncMs: config.resyncMs,
      deleteGraceMs: config.deleteGraceMs,
      onlyWhenAsked: more.onlyWhenAsked,
      policy,
      verifyIntervalMs: config.verifyIntervalMs,
      probeImage: config.probeImage,
    },
  );
  let api: RunningApi | undefined;
  try {
    api = await startApi({ operations: createOperations(controller), socketPath: config.socketPath, log });
    log.info(
      { socket: config.socketPath, manifests: config.manifests, instance: config.instance },
      'started',
    );
    await Promise.all([controller.run(signal), controller.whenLooked(signal).then(more.onLooked)]);
  } finally {
    await api?.close();
    await loader.close();
    await lock.release();
    log.info('stopped');
  }
}

/** What no stack that is held to anything may reach. */
function placesOf(config: DaemonConfig): HostPlaces {
  const engine = parseAddress(config.dockerHost);
  return {
    manifestRoots: config.manifests,
    sockets: [config.socketPath, ...(engine.kind === 'unix' ? [engine.path] : [])],
    ownPaths: [config.stateDirectory, ...(config.policyFile === undefined ? [] : [config.policyFile])],
  };
}
