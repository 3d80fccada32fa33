import type { ComposeDependency, ComposeProject, ComposeService } from '../compose/model.ts';
import type { DesiredDependency } from '../model/desired.ts';
import { ownValue } from '../model/own-value.ts';
import { sortedBy } from './defined.ts';
import { isSwitchedOff } from './health.ts';
import { sharedServices } from './namespaces.ts';
import type { Report } from './report.ts';

/**
 * What a service waits for, sorted by name: what it says, and the services whose namespaces, volumes or
 * links it uses, which docker compose adds too. Optional ones that are not there are left out.
 */
export function dependenciesOf(
  service: ComposeService,
  project: ComposeProject,
): readonly DesiredDependency[] {
  const all = new Map<string, ComposeDependency>();
  for (const name of [...sharedServices(service), ...linkedServices(service)]) {
    all.set(name, { condition: 'service_started', required: true, restart: true });
  }
  for (const [name, given] of Object.entries(service.depends_on ?? {})) all.set(name, given);
  const present = [...all].filter(([name]) => Object.hasOwn(project.services, name));
  return sortedBy(present, ([name]) => name).map(([name, { condition, required, restart }]) => ({
    service: name,
    condition,
    required,
    restart: restart ?? false,
  }));
}

function linkedServices(service: ComposeService): readonly string[] {
  return (service.links ?? []).map((link) => link.split(':')[0] ?? link);
}

/**
 * The names of all services, a dependency before what depends on it and otherwise by name. There are no
 * cycles left (the Compose room refuses them); in one, the order would be that of the names.
 */
export function startOrder(project: ComposeProject): readonly string[] {
  const order = new Set<string>();
  const visited = new Set<string>();
  const visit = (name: string): void => {
    const service = ownValue(project.services, name);
    if (service === undefined || visited.has(name)) return;
    visited.add(name);
    for (const { service: other } of dependenciesOf(service, project)) visit(other);
    order.add(name);
  };
  for (const name of Object.keys(project.services).sort()) visit(name);
  return [...order];
}

/** Conditions that can never come true. */
export function checkDependencies(name: string, project: ComposeProject, report: Report): void {
  for (const [other, dependency] of Object.entries(ownValue(project.services, name)?.depends_on ?? {})) {
    const target = ownValue(project.services, other);
    if (target === undefined) continue;
    checkCondition(`services.${name}.depends_on.${other}`, { other, dependency, target, report });
  }
}

interface Awaited {
  readonly other: string;
  readonly dependency: ComposeDependency;
  readonly target: ComposeService;
  readonly report: Report;
}

function checkCondition(path: string, { other, dependency, target, report }: Awaited): void {
  if (
    dependency.condition === 'service_healthy' &&
    target.healthcheck !== undefined &&
    isSwitchedOff(target.healthcheck)
  ) {
    report.error(path, {
      code: 'ConditionNeverTrue',
      message: `service ${other} can never be healthy: its healthcheck is switched off`,
      hint: `give ${other} a healthcheck, or wait for service_started`,
    });
  }
  const restarts = target.deploy?.restart_policy?.condition ?? target.restart ?? 'no';
  if (
    dependency.condition === 'service_completed_successfully' &&
    ['always', 'unless-stopped', 'any'].includes(restarts)
  ) {
    report.error(path, {
      code: 'ConditionNeverTrue',
      message: `service ${other} never completes: it is always restarted`,
      hint: `set restart: on-failure on ${other}, or wait for another condition`,
    });
  }
}
