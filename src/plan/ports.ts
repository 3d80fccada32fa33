import type { DesiredContainer, DesiredService } from '../model/desired.ts';
import type { ObservedContainer, PublishedPort } from '../model/observed.ts';
import type { Gate, StepId } from '../model/plan.ts';
import { cause, containerRef } from './draft.ts';
import { isWanted } from './prune.ts';
import { stopContainer } from './remove.ts';
import { oursOf, type Scope } from './scope.ts';

export interface PortCondition {
  /** Somebody else's container has the port: a blocker says whose. */
  readonly blocked: boolean;
  readonly needs: readonly StepId[];
  readonly gate: Gate | undefined;
}

/** Whose ports are asked about. */
export interface PortRequest {
  readonly service: DesiredService;
  readonly container: DesiredContainer;
  readonly ports: readonly PublishedPort[];
}

/**
 * Looked at before anything is stopped: are the fixed host ports of this container free? The engine itself
 * finds out only at the start, when the old container is down already.
 */
export function portCondition(scope: Scope, request: PortRequest): PortCondition {
  const needs: StepId[] = [];
  for (const port of request.ports) {
    const stranger = strangerWith(scope, port);
    if (stranger !== undefined) {
      blockTaken(scope, request, port, stranger);
      return { blocked: true, needs: [], gate: undefined };
    }
    const sibling = siblingWith(scope, request, port);
    if (sibling === undefined) continue;
    const freed = scope.freedPorts.get(sibling.id);
    if (freed !== undefined) needs.push(freed);
    else if (!givesUp(scope, sibling, port)) {
      blockTaken(scope, request, port, sibling);
      return { blocked: true, needs: [], gate: undefined };
    } else if (isWaiting(scope, sibling, request)) {
      needs.push(...stopForPort(scope, sibling, port));
    } else {
      const gate: Gate = { kind: 'replacement', container: sibling.name, until: 'running', atMs: undefined };
      return { blocked: false, needs: [], gate };
    }
  }
  return { blocked: false, needs, gate: undefined };
}

/** Ports of the host that the manifest names; ranges are the engine's to choose from. */
export function fixedPorts(container: DesiredContainer): readonly PublishedPort[] {
  return Object.entries(container.host.PortBindings ?? {}).flatMap(([key, bindings]) => {
    const [port = '0', protocol = 'tcp'] = key.split('/');
    return bindings
      .map((binding) => ({
        hostIp: binding.HostIp,
        hostPort: binding.HostPort,
        containerPort: Number(port),
        protocol,
      }))
      .filter(isFixed);
  });
}

/** The same of a container that exists: it keeps to what it was made with. */
export function fixedPortsOf(live: ObservedContainer): readonly PublishedPort[] {
  return live.wantedPorts.filter(isFixed);
}

const isFixed = (port: PublishedPort): boolean => /^\d+$/.test(port.hostPort);
const isAnyAddress = (ip: string): boolean => ip === '' || ip === '0.0.0.0' || ip === '::';

function clash(a: PublishedPort, b: PublishedPort): boolean {
  if (a.hostPort !== b.hostPort || a.protocol !== b.protocol) return false;
  return a.hostIp === b.hostIp || isAnyAddress(a.hostIp) || isAnyAddress(b.hostIp);
}

interface Holder {
  readonly name: string;
  readonly stack: string | undefined;
}

function strangerWith(scope: Scope, port: PublishedPort): Holder | undefined {
  const own = new Set<string>(oursOf(scope.desired.name, scope.observed).map((live) => live.id));
  const attached = scope.observed.containers.filter((live) => !own.has(live.id));
  return [...scope.observed.others, ...attached].find((other) =>
    other.ports.some((taken) => clash(port, taken)),
  );
}

/** A container of another slot of this stack that has the port now. */
function siblingWith(
  scope: Scope,
  { container }: PortRequest,
  port: PublishedPort,
): ObservedContainer | undefined {
  return oursOf(scope.desired.name, scope.observed).find(
    (live) =>
      (live.service !== container.service || live.ordinal !== container.ordinal) &&
      live.state !== 'exited' &&
      live.state !== 'created' &&
      held(live).some((taken) => clash(port, taken)),
  );
}

/** One that was taken off its last network gets its ports back with the attachment that the plan repairs. */
function held(live: ObservedContainer): readonly PublishedPort[] {
  return live.attachments.length === 0 ? [...live.ports, ...fixedPortsOf(live)] : live.ports;
}

/** Whether a port that a container was made with is another's by now, so that it would only be in the way. */
export function isInTheWay(scope: Scope, live: ObservedContainer): boolean {
  return scope.desired.services
    .flatMap((service) => service.containers)
    .filter(({ service, ordinal }) => service !== live.service || ordinal !== live.ordinal)
    .some((other) =>
      fixedPorts(other).some((wanted) => fixedPortsOf(live).some((port) => clash(wanted, port))),
    );
}

/** Whether its own replacement, which this plan holds or will hold, is to give the port back. */
function givesUp(scope: Scope, sibling: ObservedContainer, port: PublishedPort): boolean {
  if (!isWanted(scope, sibling) || scope.memory.badRevisions[sibling.service ?? ''] !== undefined)
    return false;
  const replica = scope.desired.services
    .find((service) => service.name === sibling.service)
    ?.containers.find((each) => each.ordinal === sibling.ordinal);
  return replica !== undefined && !fixedPorts(replica).some((wanted) => clash(wanted, port));
}

/**
 * Whether the one that has the port cannot be replaced before the one that wants it is there: it depends on that one,
 * or was planned already to wait for a port of it, directly or over others.
 */
function isWaiting(
  scope: Scope,
  sibling: ObservedContainer,
  { service: { name: target } }: PortRequest,
): boolean {
  if (sibling.service === undefined || sibling.service === target) return false;
  const awaited = awaitedServices(scope);
  const met = new Set<string>();
  const pending = [sibling.service];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    for (const name of awaited(next)) {
      if (name === target) return true;
      // Each once: of services that share their dependencies there are more ways than anybody can walk.
      if (met.has(name)) continue;
      met.add(name);
      pending.push(name);
    }
  }
  return false;
}

/** For whom a service waits: those that it depends on, and those that are to give it a port. */
function awaitedServices({ desired, observed, draft }: Scope): (name: string) => readonly string[] {
  const services = new Map<string, DesiredService>(desired.services.map((each) => [each.name, each]));
  const holders = new Map<string, string | undefined>(
    observed.containers.map((live) => [live.name, live.service]),
  );
  const awaited = new Map<string, Set<string>>();
  for (const { service, gate } of draft.steps) {
    const holder = gate?.kind === 'replacement' ? holders.get(gate.container) : undefined;
    if (service === undefined || holder === undefined || holder === service) continue;
    awaited.set(service, (awaited.get(service) ?? new Set()).add(holder));
  }
  return (name) => [
    ...(services.get(name)?.dependsOn ?? []).map((dependency) => dependency.service),
    ...(awaited.get(name) ?? []),
  ];
}

/** Its own replacement waits for us; without this neither would ever go on. */
function stopForPort(scope: Scope, sibling: ObservedContainer, port: PublishedPort): readonly StepId[] {
  const service = scope.desired.services.find((each) => each.name === sibling.service);
  const changes = [{ path: 'ports', from: `${port.hostPort}/${port.protocol}`, to: '(moved)' }];
  return stopContainer(scope, sibling, service, cause('SpecChanged', changes), startsOf(scope, sibling));
}

/** What this plan starts it with already, for another reason: the stop has to come after that, or the port is taken back. */
function startsOf({ draft }: Scope, { id }: ObservedContainer): readonly StepId[] {
  return draft.steps.flatMap((step) => {
    const isStart = step.kind === 'restart-container' || step.kind === 'unpause-container';
    const isIts = isStart && step.container.by === 'id' && step.container.id === id;
    return isIts && !draft.isGated(step.id) ? [step.id] : [];
  });
}

function blockTaken(scope: Scope, request: PortRequest, port: PublishedPort, holder: Holder): void {
  const where = `${port.hostIp === '' ? '' : `${port.hostIp}:`}${port.hostPort}/${port.protocol}`;
  const owner = holder.stack === undefined ? '' : ` of stack ${holder.stack}`;
  scope.draft.block({
    target: containerRef(request.container.name),
    service: request.service.name,
    code: 'PortTaken',
    message: `port ${where} is taken by container ${holder.name}${owner}`,
    hint: 'publish another port, or stop the other container',
  });
}
