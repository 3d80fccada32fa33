import type { DesiredContainer, DesiredService } from '../model/desired.ts';
import type { PublishedPort } from '../model/observed.ts';
import type { Gate, StepId } from '../model/plan.ts';
import { containerRef } from './draft.ts';
import { oursOf, type Scope } from './scope.ts';

export interface PortCondition {
  /** Somebody else's container has the port: a blocker says whose. */
  readonly blocked: boolean;
  readonly needs: readonly StepId[];
  readonly gate: Gate | undefined;
}

/**
 * Looked at before anything is stopped: are the fixed host ports of this container free? The engine itself
 * finds out only at the start, when the old container is down already.
 */
export function portCondition(
  scope: Scope,
  service: DesiredService,
  container: DesiredContainer,
): PortCondition {
  const wanted = fixedPorts(container);
  const needs: StepId[] = [];
  for (const port of wanted) {
    const stranger = scope.observed.others.find((other) => other.ports.some((held) => clash(port, held)));
    if (stranger !== undefined) {
      blockTaken(scope, service, container, port, stranger.name, stranger.stack);
      return { blocked: true, needs: [], gate: undefined };
    }
    const sibling = oursOf(scope.desired.name, scope.observed).find(
      (live) =>
        (live.service !== container.service || live.ordinal !== container.ordinal) &&
        live.state !== 'exited' &&
        live.state !== 'created' &&
        live.ports.some((held) => clash(port, held)),
    );
    if (sibling === undefined) continue;
    const freed = [...scope.freedPorts].find(([key]) => key === portKey(port) || key === sibling.id);
    if (freed === undefined) {
      return {
        blocked: false,
        needs: [],
        gate: { kind: 'replacement', container: sibling.name, until: 'running', atMs: undefined },
      };
    }
    needs.push(freed[1]);
  }
  return { blocked: false, needs, gate: undefined };
}

/** Ports of the host that the manifest names; ranges are the engine's to choose from. */
export function fixedPorts(container: DesiredContainer): readonly PublishedPort[] {
  return Object.entries(container.host.PortBindings ?? {}).flatMap(([key, bindings]) => {
    const [port = '0', protocol = 'tcp'] = key.split('/');
    return bindings
      .filter((binding) => /^\d+$/.test(binding.HostPort))
      .map((binding) => ({
        hostIp: binding.HostIp,
        hostPort: binding.HostPort,
        containerPort: Number(port),
        protocol,
      }));
  });
}

export const portKey = (port: PublishedPort): string => `${port.hostIp}:${port.hostPort}/${port.protocol}`;

const isAnyAddress = (ip: string): boolean => ip === '' || ip === '0.0.0.0' || ip === '::';

function clash(a: PublishedPort, b: PublishedPort): boolean {
  if (a.hostPort !== b.hostPort || a.protocol !== b.protocol) return false;
  return a.hostIp === b.hostIp || isAnyAddress(a.hostIp) || isAnyAddress(b.hostIp);
}

function blockTaken(
  scope: Scope,
  service: DesiredService,
  container: DesiredContainer,
  port: PublishedPort,
  holder: string,
  stack: string | undefined,
): void {
  const where = `${port.hostIp === '' ? '' : `${port.hostIp}:`}${port.hostPort}/${port.protocol}`;
  scope.draft.block({
    target: containerRef(container.name),
    service: service.name,
    code: 'PortTaken',
    message: `port ${where} is taken by container ${holder}${stack === undefined ? '' : ` of stack ${stack}`}`,
    hint: 'publish another port, or stop the other container',
  });
}
