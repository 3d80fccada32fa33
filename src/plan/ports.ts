import type { DesiredContainer, DesiredService } from '../model/desired.ts';
import type { ObservedContainer, PublishedPort } from '../model/observed.ts';
import type { Gate, StepId } from '../model/plan.ts';
import { cause, containerRef } from './draft.ts';
import { clash, fixedPorts, fixedPortsOf } from './port-index.ts';
import { isWanted } from './prune.ts';
import { stopContainer } from './remove.ts';
import { replicaOf, type Scope } from './scope.ts';

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
    const [stranger] = scope.ports.ofStrangers(port);
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

interface Holder {
  readonly name: string;
  readonly stack: string | undefined;
}

/** A container of another slot of this stack that has the port now. */
function siblingWith(
  scope: Scope,
  { container }: PortRequest,
  port: PublishedPort,
): ObservedContainer | undefined {
  return scope.ports
    .ofOwn(port)
    .find((live) => live.service !== container.service || live.ordinal !== container.ordinal);
}

/** Whether a port that a container was made with is another's by now, so that it would only be in the way. */
export function isInTheWay(scope: Scope, live: ObservedContainer): boolean {
  return fixedPortsOf(live)
    .flatMap((port) => scope.ports.wanted(port))
    .some(({ service, ordinal }) => service !== live.service || ordinal !== live.ordinal);
}

/** Whether its own replacement, which this plan holds or will hold, is to give the port back. */
function givesUp(scope: Scope, sibling: ObservedContainer, port: PublishedPort): boolean {
  if (!isWanted(scope, sibling) || scope.memory.badRevisions[sibling.service ?? ''] !== undefined)
    return false;
  const replica = replicaOf(scope, sibling);
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
function awaitedServices({ wanted, holders, draft }: Scope): (name: string) => readonly string[] {
  const awaited = new Map<string, Set<string>>();
  for (const { service, gate } of draft.steps) {
    const holder = gate?.kind === 'replacement' ? holders.get(gate.container) : undefined;
    const name = holder !== undefined && 'service' in holder ? holder.service : undefined;
    if (service === undefined || name === undefined || name === service) continue;
    awaited.set(service, (awaited.get(service) ?? new Set()).add(name));
  }
  return (name) => [
    ...(wanted.get(name)?.dependsOn ?? []).map((dependency) => dependency.service),
    ...(awaited.get(name) ?? []),
  ];
}

/** Its own replacement waits for us; without this neither would ever go on. */
function stopForPort(scope: Scope, sibling: ObservedContainer, port: PublishedPort): readonly StepId[] {
  const service = scope.wanted.get(sibling.service ?? '');
  const changes = [{ path: 'ports', from: `${port.hostPort}/${port.protocol}`, to: '(moved)' }];
  return stopContainer(scope, sibling, service, cause('SpecChanged', changes), startsOf(scope, sibling));
}

/** What this plan starts it with already, for another reason: the stop has to come after that, or the port is taken back. */
function startsOf({ draft }: Scope, { id }: ObservedContainer): readonly StepId[] {
  return draft
    .stepsOn(id)
    .filter(({ kind }) => kind === 'restart-container' || kind === 'unpause-container')
    .map((step) => step.id)
    .filter((step) => !draft.isGated(step));
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
