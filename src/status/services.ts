import type { DesiredService } from '../model/desired.ts';
import { slotName } from '../model/names.ts';
import type { ContainerState, ObservedContainer, PublishedPort } from '../model/observed.ts';
import type { Blocker, Step } from '../model/plan.ts';
import type { ContainerStatus, HealthState, ServiceStatus } from '../model/status.ts';
import { isoTime } from '../model/time.ts';
import { renderGate } from '../plan/render.ts';
import { settledAtMs } from '../plan/verdict.ts';
import { type ImagesById, imagesById, runningImage, staleImageNote } from './images.ts';
import { findingsByService, type ServiceFindings, type ServiceView } from './service-findings.ts';

/** One service, and all that there is to say of it. */
interface Scene extends ServiceView {
  readonly service: DesiredService;
  readonly findings: ServiceFindings;
  readonly images: ImagesById;
}

/** A row for each service of the manifest, in its order of names. */
export function serviceStatuses(view: ServiceView): readonly ServiceStatus[] {
  const findings = findingsByService(view);
  const images = imagesById(view.observed);
  return [...view.desired.services]
    .sort((a, b) => a.name.localeCompare(b.name))
    .flatMap((service) => {
      const found = findings.get(service.name);
      return found === undefined ? [] : [serviceStatus({ ...view, service, findings: found, images })];
    });
}

function serviceStatus(scene: Scene): ServiceStatus {
  const { plan, service, images } = scene;
  const { containers } = scene.findings;
  const updated = containers.filter((live) => isUpdated(service, live));
  const ready = service.containers.filter((replica) =>
    containers.some((live) => live.ordinal === replica.ordinal && isReady(scene, live)),
  );
  const word = stateWord(scene);
  const shown = updated[0] ?? containers[0];
  const image = shown === undefined ? undefined : runningImage(images, shown);
  return {
    name: service.name,
    image: service.image,
    imageId: image?.imageId,
    imageDigest: image?.imageDigest,
    desired: service.containers.length,
    ready: ready.length,
    updated: Math.min(updated.length, service.containers.length),
    restarts: service.containers.reduce(
      (sum, replica) => sum + (plan.memory.restarts[slotName(service.name, replica.ordinal)]?.count ?? 0),
      containers.reduce((sum, live) => sum + live.restartCount, 0),
    ),
    health: word.health,
    state: word.state,
    message: word.message === '' && shown !== undefined ? staleImageNote(plan, service) : word.message,
    ports: [...new Set(containers.flatMap((live) => live.ports.map(portText)))].sort(),
    networks: (service.containers[0]?.endpoints ?? []).map((endpoint) => endpoint.network),
    containers: containers.map((live) => containerStatus(images, live)),
  };
}

const isUpdated = (service: DesiredService, { specHash }: ObservedContainer): boolean =>
  service.containers.some((replica) => replica.specHash === specHash);

/** Whoever has ended, or never began. */
const DOWN: ReadonlySet<ContainerState> = new Set(['created', 'exited', 'removing', 'dead']);

/** Without what is down and has a successor, for which it was stopped as a rule: how it ended says nothing of the service. */
function speakers({ service, findings: { containers } }: Scene): readonly ObservedContainer[] {
  const updated = new Set(containers.filter((live) => isUpdated(service, live)));
  const taken = new Set([...updated].map(({ ordinal }) => ordinal));
  return containers.filter((live) => !DOWN.has(live.state) || updated.has(live) || !taken.has(live.ordinal));
}

/** Running, and healthy where that is known; or ended well where that was the task. */
function isReady(scene: Scene, live: ObservedContainer): boolean {
  const { service } = scene;
  if (live.state === 'running') {
    return live.hasHealthcheck ? live.health?.status === 'healthy' : !isSettling(scene, live);
  }
  return live.state === 'exited' && live.exitCode === 0 && (service.isJob || mayEnd(service));
}

function isSettling({ plan, service, nowMs }: Scene, live: ObservedContainer): boolean {
  const restarts = plan.memory.restarts[slotName(service.name, live.ordinal ?? 0)]?.count ?? 0;
  return (settledAtMs(service, live, restarts) ?? 0) > nowMs;
}

const mayEnd = (service: DesiredService): boolean =>
  service.containers.every(
    (replica) => replica.restartPolicy.Name === 'no' || replica.restartPolicy.Name === 'on-failure',
  );

interface Word {
  readonly state: string;
  readonly health: HealthState;
  readonly message: string;
}

function stateWord(scene: Scene): Word {
  const { service } = scene;
  const { blocker, failed, held, waiting, isMade } = scene.findings;
  if (blocker !== undefined) {
    return { state: blocker.code, health: 'Degraded', message: withHint(blocker) };
  }
  if (failed !== undefined) {
    return { state: failedWord(failed.step), health: 'Degraded', message: withHint(failed.failure) };
  }
  if (held !== undefined) {
    const state = held.isBuild ? 'BuildFailed' : 'ImagePullBackOff';
    return { state, health: 'Degraded', message: held.message };
  }
  const containers = speakers(scene);
  if (waiting?.gate?.kind === 'backoff') {
    const why =
      containers.flatMap((live) => {
        if (live.health?.status === 'unhealthy') return `${unhealthyMessage(live)}; `;
        return live.state === 'exited' || live.error !== '' ? `${exitMessage(live)}; ` : [];
      })[0] ?? '';
    return { state: 'CrashLoopBackOff', health: 'Degraded', message: `${why}${renderGate(waiting.gate)}` };
  }
  const worst = containers.map((live) => liveWord(scene, live)).sort(byBadness)[0];
  if (waiting?.gate !== undefined && (worst === undefined || worst.health !== 'Healthy')) {
    return { state: 'Waiting', health: 'Progressing', message: `waits for ${renderGate(waiting.gate)}` };
  }
  if (service.containers.length === 0) return { state: 'Scaled to 0', health: 'Healthy', message: '' };
  if (worst !== undefined) return worst;
  if (isMade) return { state: 'ContainerCreating', health: 'Progressing', message: '' };
  return { state: 'Missing', health: 'Missing', message: '' };
}

const withHint = ({ message, hint }: Pick<Blocker, 'message' | 'hint'>): string =>
  hint === undefined ? message : `${message}; ${hint}`;

function failedWord(step: Step): string {
  switch (step.kind) {
    case 'pull-image':
      return 'ImagePullBackOff';
    case 'build-image':
      return 'BuildFailed';
    case 'create-container':
      return 'CreateContainerError';
    case 'start-container':
    case 'restart-container':
      return 'StartError';
    case 'exec-hook':
      return step.phase === 'post_start' ? 'PostStartHookError' : 'PreStopHookError';
    default:
      return 'StepFailed';
  }
}

function liveWord(scene: Scene, live: ObservedContainer): Word {
  switch (live.state) {
    case 'running':
      return isSettling(scene, live) ? settlingWord(scene.service, live) : runningWord(live);
    case 'exited':
      return isReady(scene, live)
        ? { state: 'Completed', health: 'Healthy', message: '' }
        : { state: 'Error', health: 'Degraded', message: exitMessage(live) };
    case 'restarting':
      return { state: 'CrashLoopBackOff', health: 'Degraded', message: restartingMessage(live) };
    case 'paused':
      return { state: 'Paused', health: 'Degraded', message: '' };
    case 'created':
      return { state: 'ContainerCreating', health: 'Progressing', message: live.error };
    case 'removing':
    case 'dead':
      return { state: 'Terminating', health: 'Progressing', message: '' };
  }
}

function settlingWord(service: DesiredService, live: ObservedContainer): Word {
  const seconds = Math.round(service.update.monitorMs / 1000);
  const message = `it ended and was started again; ready when it has run for ${seconds} s; ${whereToLook(live)}`;
  return { state: 'Starting', health: 'Progressing', message };
}

function runningWord(live: ObservedContainer): Word {
  if (live.health?.status === 'unhealthy') {
    return { state: 'Unhealthy', health: 'Degraded', message: unhealthyMessage(live) };
  }
  return live.hasHealthcheck && live.health?.status !== 'healthy'
    ? { state: 'Starting', health: 'Progressing', message: 'its healthcheck has not passed yet' }
    : { state: 'Running', health: 'Healthy', message: '' };
}

function unhealthyMessage(live: ObservedContainer): string {
  const output = live.health?.output ?? '';
  return `its healthcheck fails${output === '' ? '' : `: ${output}`}; ${whereToLook(live)}`;
}

function exitMessage(live: ObservedContainer): string {
  if (live.oomKilled) return 'out of memory; it needs less, or a higher mem_limit';
  return live.error === '' ? `exited with code ${live.exitCode}; ${whereToLook(live)}` : live.error;
}

/** The engine tells nobody when: after 0.1 s, 0.2 s, 0.4 s ... 60 s. */
const restartingMessage = (live: ObservedContainer): string =>
  `${exitMessage(live)}; the engine starts it again within a minute (restart: ${live.restartPolicy.Name})`;

const whereToLook = (live: ObservedContainer): string =>
  `see stackctl logs ${live.stack ?? ''} ${live.service ?? ''}`.trimEnd();

const BADNESS: Readonly<Record<HealthState, number>> = {
  Degraded: 0,
  Missing: 1,
  Progressing: 2,
  Unknown: 3,
  Suspended: 4,
  Healthy: 5,
};
const byBadness = (a: Word, b: Word): number => BADNESS[a.health] - BADNESS[b.health];

function portText(port: PublishedPort): string {
  const host = port.hostIp === '' || port.hostIp === '0.0.0.0' ? '' : `${port.hostIp}:`;
  return `${host}${port.hostPort}->${port.containerPort}/${port.protocol}`;
}

function containerStatus(images: ImagesById, live: ObservedContainer): ContainerStatus {
  const addresses = live.attachments.flatMap((attachment) =>
    attachment.address === undefined ? [] : [[attachment.networkName, attachment.address] as const],
  );
  return {
    name: live.name,
    id: live.id,
    ...runningImage(images, live),
    state: live.state,
    health: live.health?.status ?? 'none',
    startedAt: live.startedAtMs === undefined ? undefined : isoTime(live.startedAtMs),
    addresses: Object.fromEntries(addresses),
  };
}
