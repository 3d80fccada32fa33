import type { DesiredService, DesiredStack } from '../model/desired.ts';
import { slotName } from '../model/names.ts';
import type { Observed, ObservedContainer, PublishedPort } from '../model/observed.ts';
import type { Blocker, Outcome, Plan, Step } from '../model/plan.ts';
import type { ContainerStatus, HealthState, ServiceStatus } from '../model/status.ts';
import { isoTime } from '../model/time.ts';
import { renderGate } from '../plan/render.ts';
import { settledAtMs } from '../plan/verdict.ts';
import { heldImages, runningImage, staleImageNote } from './images.ts';

/** What the state of services is read from. */
export interface ServiceView {
  readonly desired: DesiredStack;
  readonly observed: Observed;
  readonly plan: Plan;
  readonly outcomes: readonly Outcome[];
  readonly nowMs: number;
}

/** A row for each service of the manifest, in its order of names. */
export function serviceStatuses(view: ServiceView): readonly ServiceStatus[] {
  return [...view.desired.services]
    .sort((a, b) => a.name.localeCompare(b.name))
    .map((service) => serviceStatus(view, service));
}

function serviceStatus(view: ServiceView, service: DesiredService): ServiceStatus {
  const containers = view.observed.containers.filter(
    (live) => live.ownership === 'ours' && live.stack === view.desired.name && live.service === service.name,
  );
  const hashes = new Set(service.containers.map((replica) => replica.specHash));
  const updated = containers.filter((live) => hashes.has(live.specHash ?? ''));
  const ready = service.containers.filter((replica) =>
    containers.some((live) => live.ordinal === replica.ordinal && isReady(view, service, live)),
  );
  const word = stateWord(view, service, containers);
  const shown = updated[0] ?? containers[0];
  const image = shown === undefined ? undefined : runningImage(view.observed, shown);
  return {
    name: service.name,
    image: service.image,
    imageId: image?.imageId,
    imageDigest: image?.imageDigest,
    desired: service.containers.length,
    ready: ready.length,
    updated: Math.min(updated.length, service.containers.length),
    restarts: service.containers.reduce(
      (sum, replica) =>
        sum + (view.plan.memory.restarts[slotName(service.name, replica.ordinal)]?.count ?? 0),
      containers.reduce((sum, live) => sum + live.restartCount, 0),
    ),
    health: word.health,
    state: word.state,
    message: word.message === '' && shown !== undefined ? staleImageNote(view.plan, service) : word.message,
    ports: [...new Set(containers.flatMap((live) => live.ports.map(portText)))].sort(),
    networks: (service.containers[0]?.endpoints ?? []).map((endpoint) => endpoint.network),
    containers: containers.map((live) => containerStatus(view.observed, live)),
  };
}

/** Running, and healthy where that is known; or ended well where that was the task. */
function isReady(view: ServiceView, service: DesiredService, live: ObservedContainer): boolean {
  if (live.state === 'running') {
    return live.hasHealthcheck ? live.health?.status === 'healthy' : !isSettling(view, service, live);
  }
  return live.state === 'exited' && live.exitCode === 0 && (service.isJob || mayEnd(service));
}

function isSettling(view: ServiceView, service: DesiredService, live: ObservedContainer): boolean {
  const restarts = view.plan.memory.restarts[slotName(service.name, live.ordinal ?? 0)]?.count ?? 0;
  return (settledAtMs(service, live, restarts) ?? 0) > view.nowMs;
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

function stateWord(
  view: ServiceView,
  service: DesiredService,
  containers: readonly ObservedContainer[],
): Word {
  const blocker = blockerOf(view.plan, service);
  if (blocker !== undefined) {
    return { state: blocker.code, health: 'Degraded', message: withHint(blocker) };
  }
  const failed = view.outcomes.find(
    (outcome) => outcome.result === 'failed' && concerns(outcome.step, service),
  );
  if (failed?.result === 'failed') {
    return { state: failedWord(failed.step), health: 'Degraded', message: withHint(failed.failure) };
  }
  const held = heldImages(view.plan).find(({ ref }) => ref === service.image);
  if (held !== undefined) {
    const state = held.isBuild ? 'BuildFailed' : 'ImagePullBackOff';
    return { state, health: 'Degraded', message: held.message };
  }
  const waiting = view.plan.steps.find((step) => step.service === service.name && step.gate !== undefined);
  if (waiting?.gate?.kind === 'backoff') {
    const why =
      containers.flatMap((live) => {
        if (live.health?.status === 'unhealthy') return `${unhealthyMessage(live)}; `;
        return live.state === 'exited' || live.error !== '' ? `${exitMessage(live)}; ` : [];
      })[0] ?? '';
    return { state: 'CrashLoopBackOff', health: 'Degraded', message: `${why}${renderGate(waiting.gate)}` };
  }
  const worst = [...containers].map((live) => liveWord(view, service, live)).sort(byBadness)[0];
  if (waiting?.gate !== undefined && (worst === undefined || worst.health !== 'Healthy')) {
    return { state: 'Waiting', health: 'Progressing', message: `waits for ${renderGate(waiting.gate)}` };
  }
  if (service.containers.length === 0) return { state: 'Scaled to 0', health: 'Healthy', message: '' };
  return worst ?? { state: 'Missing', health: 'Missing', message: '' };
}

function blockerOf(plan: Plan, service: DesiredService): Blocker | undefined {
  return plan.blockers.find(
    (blocker) =>
      blocker.service === service.name ||
      (blocker.target.kind === 'image' && blocker.target.name === service.image),
  );
}

const withHint = ({ message, hint }: Pick<Blocker, 'message' | 'hint'>): string =>
  hint === undefined ? message : `${message}; ${hint}`;

function concerns(step: Step, service: DesiredService): boolean {
  if (step.service === service.name) return true;
  return (step.kind === 'pull-image' || step.kind === 'build-image') && step.image.ref === service.image;
}

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

function liveWord(view: ServiceView, service: DesiredService, live: ObservedContainer): Word {
  switch (live.state) {
    case 'running':
      return isSettling(view, service, live) ? settlingWord(service, live) : runningWord(live);
    case 'exited':
      return isReady(view, service, live)
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

function containerStatus(observed: Observed, live: ObservedContainer): ContainerStatus {
  const addresses = live.attachments.flatMap((attachment) =>
    attachment.address === undefined ? [] : [[attachment.networkName, attachment.address] as const],
  );
  return {
    name: live.name,
    id: live.id,
    ...runningImage(observed, live),
    state: live.state,
    health: live.health?.status ?? 'none',
    startedAt: live.startedAtMs === undefined ? undefined : isoTime(live.startedAtMs),
    addresses: Object.fromEntries(addresses),
  };
}
