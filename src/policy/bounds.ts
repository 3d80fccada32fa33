import type { ComposeService } from '../compose/model.ts';
import { replicasOf } from '../compose/rules-services.ts';
import { durationMs } from '../desired/units.ts';
import { type Finding, findingIf, inServices, type Rule } from './rule.ts';

/** More than any stack of one host needs, and less than what stalls the engine that others share. */
const MOST = { services: 64, replicas: 32, ports: 256, variables: 1000, variableBytes: 65_536 } as const;
const LONGEST_GRACE_MS = 600_000;
const SHORTEST_INTERVAL_MS = 1000;

const resourceBounds: Rule = {
  id: 'resource-bounds',
  level: 'baseline',
  check: (input) => {
    const services = Object.keys(input.project.services).length;
    const tooMany = tooMuch('services', 'services', services, MOST.services);
    return [
      ...(tooMany === undefined ? [] : [tooMany]),
      ...inServices(input, (service, at) => [
        ...counts(service, at),
        ...longVariables(service, at),
        ...times(service, at),
      ]),
    ];
  },
};

const tooMuch = (path: string, what: string, count: number, most: number): Finding | undefined =>
  findingIf(count > most, path, `${count} ${what} are more than ${most}`, 'ask for fewer');

function counts(service: ComposeService, at: string): readonly (Finding | undefined)[] {
  const replicas = service.scale === undefined ? 'deploy.replicas' : 'scale';
  const variables = Object.keys(service.environment ?? {}).length;
  return [
    tooMuch(`${at}.${replicas}`, 'replicas', replicasOf(service), MOST.replicas),
    tooMuch(`${at}.ports`, 'ports', (service.ports ?? []).length, MOST.ports),
    tooMuch(`${at}.environment`, 'variables', variables, MOST.variables),
  ];
}

function longVariables(service: ComposeService, at: string): readonly (Finding | undefined)[] {
  return Object.entries(service.environment ?? {}).map(([name, value]) =>
    findingIf(
      (value ?? '').length > MOST.variableBytes,
      `${at}.environment.${name}`,
      `the variable ${name} is longer than ${MOST.variableBytes} characters`,
      'give it as a config or a secret',
    ),
  );
}

function times({ stop_grace_period: grace, healthcheck }: ComposeService, at: string) {
  const intervals = (['interval', 'start_interval'] as const).map((field) => {
    const ms = durationMs(healthcheck?.[field] ?? '') ?? 0;
    return findingIf(
      ms > 0 && ms < SHORTEST_INTERVAL_MS,
      `${at}.healthcheck.${field}`,
      `a check every ${ms} ms keeps the engine busy`,
      'let a second or more pass',
    );
  });
  return [
    ...intervals,
    findingIf(
      (durationMs(grace ?? '') ?? 0) > LONGEST_GRACE_MS,
      `${at}.stop_grace_period`,
      `a stop may take ${grace}, and holds up everything that waits for it`,
      'use 10m or less',
    ),
  ];
}

/** How much of the engine one stack may take up. */
export const boundRules: readonly Rule[] = [resourceBounds];
