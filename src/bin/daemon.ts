import { setMaxListeners } from 'node:events';
import { homedir } from 'node:os';
import type { Logger } from 'pino';
import { createCachingLoader } from '../controller/caching-loader.ts';
import { Controller } from '../controller/controller.ts';
import { createEngineLocks, type EngineLocks } from '../controller/lock.ts';
import type { Clock } from '../controller/ports.ts';
import { digestContext } from '../engine/build-context.ts';
import { parseAddress } from '../engine/docker/address.ts';
import { createDockerEngine } from '../engine/docker/docker-engine.ts';
import type { Engine } from '../engine/engine.ts';
import { measuredEngine, measuredSource } from '../metrics/measured.ts';
import { createMetrics } from '../metrics/metrics.ts';
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
import { filesOfRepositories, openRepositories } from './open-repositories.ts';
import { prepareOutward } from './outward.ts';
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

/** In looks that only time has asked for: an event tells of nearly everything, and the list of containers of most. */
const LOOKS_AN_INSPECT_LASTS = 4;

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
  const serve = prepareOutward(config, log);
  // Each worker, source and stream under way listens to it; their number is bounded by the settings.
  setMaxListeners(0, signal);
  const locks = createEngineLocks(config.instance);
  const metrics = createMetrics({ version: VERSION, instance: config.instance });
  const dockerEngine = createDockerEngine({
    host: config.dockerHost,
    instance: config.instance,
    configDirectory: process.env['DOCKER_CONFIG'] || undefined,
    isAdopted: (project) => store.read('adopted', project) === true,
    events: (until) => {
      const settings = { host: config.dockerHost, logLevel: config.logLevel };
      return readEventsInThread({ settings, log }, until);
    },
    admit: locks.admit,
    inspectMaxAgeMs: LOOKS_AN_INSPECT_LASTS * config.resync,
    log,
  });
  const engine = measuredEngine(dockerEngine, metrics);
  await meetEngine(engine, locks, signal);
  const store = await createFileStore({ directory: config.stateDir, log });
  const applied = createAppliedSource(store);
  for (const manifests of config.manifests) {
    if (await isOpenToOthers(manifests)) log.warn({ manifests }, OPEN_MANIFESTS);
  }
  warnOfKeys(config, log);
  const directories = config.manifests.map((root) =>
    measuredSource(createDirectorySource({ root, log }), metrics),
  );
  const loader = createWorkerLoader({ home: homedir(), sopsAgeKeyFile: config.sopsAgeKeyFile, log });
  const controller = new Controller(
    {
      engine,
      sources: [...directories, applied],
      applied,
      openRepository: openRepositories(config.stateDir, systemClock.nowMs, metrics),
      store,
      loader: createCachingLoader(loader, { monotonicMs: systemClock.monotonicMs }),
      clock: systemClock,
      random: Math.random,
      log,
      meter: metrics,
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
      verifyIntervalMs: config.verifyInterval === 0 ? undefined : config.verifyInterval,
      probeImage: config.probeImage,
    },
  );
  let stopServing: (() => Promise<void>) | undefined;
  try {
    stopServing = await serve({ controller, metrics, log }, signal);
    await Promise.all([controller.run(signal), controller.whenLooked(signal).then(more.onLooked)]);
  } finally {
    await stopServing?.();
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

/** What no stack that is held to anything may reach. */
function placesOf(config: Settings): HostPlaces {
  const engine = parseAddress(config.dockerHost);
  const own = [
    config.policy,
    config.tokens,
    config.tlsKey,
    config.webhookSecret,
    config.sopsAgeKeyFile,
    config.notifications,
  ];
  return {
    manifestRoots: config.manifests,
    sockets: [config.socket, ...(engine.kind === 'unix' ? [engine.path] : [])],
    ownPaths: [config.stateDir, ...own.filter((path) => path !== undefined)],
    laidOut: [filesOfRepositories(config.stateDir)],
  };
}
