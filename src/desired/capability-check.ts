import type { ComposeProject, ComposeService } from '../compose/model.ts';
import { dockerRelease, isAtLeast } from './api-version.ts';
import { SERVICE_CAPABILITIES } from './capabilities.ts';
import type { Capability } from './capability.ts';
import {
  FILE_OBJECT_CAPABILITIES,
  NETWORK_CAPABILITIES,
  REFUSED_MOUNTS,
  SERVICE_DETAIL_CAPABILITIES,
  VOLUME_CAPABILITIES,
} from './capability-details.ts';
import type { ResolveRequest } from './context.ts';
import type { Report } from './report.ts';

/**
 * Refuses what no single Linux host can do, and what this engine is too old for: it would take the
 * manifest without a word and do something else.
 */
export function checkCapabilities(request: ResolveRequest, report: Report): void {
  const { project } = request;
  const check = (path: string, value: unknown, rules: readonly Rule[]): void => {
    for (const rule of rules)
      for (const found of occurrences(value, rule.pattern, path))
        checkOne(request, report, { ...found, ...rule });
  };
  for (const [name, service] of Object.entries(project.services)) {
    check(`services.${name}`, service, RULES.service);
    check(`services.${name}`, withoutMoot(service), RULES.serviceDetail);
    for (const [index, { type }] of (service.volumes ?? []).entries()) {
      const reason = REFUSED_MOUNTS[type];
      if (reason === undefined) continue;
      refuse(
        report,
        `services.${name}.volumes[${index}].type`,
        `${type} mounts are not supported: ${reason}`,
      );
    }
  }
  for (const [key, network] of Object.entries(project.networks)) {
    if (network.external !== true) check(`networks.${key}`, network, RULES.network);
  }
  for (const [key, volume] of Object.entries(project.volumes)) check(`volumes.${key}`, volume, RULES.volume);
  for (const kind of ['configs', 'secrets'] as const) {
    for (const key of usedFileObjects(project, kind)) {
      check(`${kind}.${key}`, project[kind][key], RULES.fileObject);
    }
  }
}

/** Which network the way out leads through is no question where there is one. */
function withoutMoot(service: ComposeService): ComposeService {
  const networks = Object.entries(service.networks ?? {});
  const [[key, endpoint] = []] = networks;
  if (networks.length !== 1 || key === undefined || endpoint === null || endpoint === undefined)
    return service;
  const { gw_priority: _moot, ...rest } = endpoint;
  return { ...service, networks: { [key]: rest } };
}

/** A config or secret that nobody uses asks for nothing. */
function usedFileObjects(project: ComposeProject, kind: 'configs' | 'secrets'): ReadonlySet<string> {
  const services = Object.values(project.services);
  return new Set(services.flatMap((service) => (service[kind] ?? []).map(({ source }) => source)));
}

interface Rule {
  /** The keys that lead to what it is about; `*` is any. */
  readonly pattern: readonly string[];
  readonly capability: Capability;
}

const rulesOf = (table: Readonly<Record<string, Capability>>): readonly Rule[] =>
  Object.entries(table).map(([attribute, capability]) => ({ pattern: patternOf(attribute), capability }));

const RULES = {
  service: rulesOf(SERVICE_CAPABILITIES),
  serviceDetail: rulesOf(SERVICE_DETAIL_CAPABILITIES),
  network: rulesOf(NETWORK_CAPABILITIES),
  volume: rulesOf(VOLUME_CAPABILITIES),
  fileObject: rulesOf(FILE_OBJECT_CAPABILITIES),
} as const;

interface Occurrence {
  readonly path: string;
  readonly value: unknown;
}

function checkOne(
  { engine }: ResolveRequest,
  report: Report,
  { path, value, pattern, capability }: Occurrence & Rule,
): void {
  if (capability.concerns?.includes(value) === false) return;
  if (capability.refused !== undefined)
    refuse(report, path, `${named(pattern)} is not supported: ${capability.refused}`);
  const { minApi } = capability;
  if (minApi === undefined || isAtLeast(engine.apiVersion, minApi)) return;
  const newer = dockerRelease(minApi) ?? 'a newer release';
  const lacks = `${named(pattern)} needs Engine API ${minApi}, and this engine speaks ${engine.apiVersion}`;
  if (capability.isDispensable === true) {
    report.warn(path, {
      code: 'IgnoredByEngine',
      message: `${lacks}: left out`,
      hint: `upgrade the engine to ${newer} to have it`,
    });
    return;
  }
  report.error(path, {
    code: 'UnsupportedByEngine',
    message: lacks,
    hint: `upgrade the engine to ${newer}, or take it out: this engine would ignore it`,
  });
}

function refuse(report: Report, path: string, message: string): void {
  report.error(path, { code: 'Unsupported', message });
}

/** What people call an attribute: `subpath` of `volumes.*.volume.subpath`. */
function named(pattern: readonly string[]): string {
  return pattern.findLast((part) => part !== '*') ?? pattern.join('.');
}

/** Dots part the keys; what follows a `/` is one key, dots and all. */
function patternOf(attribute: string): readonly string[] {
  const [path = '', key] = attribute.split('/');
  return key === undefined ? path.split('.') : [...path.split('.'), key];
}

/** Where in a value a pattern leads to something that is set. */
function occurrences(value: unknown, pattern: readonly string[], path: string): readonly Occurrence[] {
  const [part, ...rest] = pattern;
  if (isUnset(value)) return [];
  if (part === undefined) return [{ path, value }];
  if (typeof value !== 'object' || value === null) return [];
  const items = value as Readonly<Record<string, unknown>>;
  const keys = part === '*' ? Object.keys(items) : [part].filter((key) => Object.hasOwn(items, key));
  return keys.flatMap((key) => {
    const place = Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`;
    return occurrences(items[key], rest, place);
  });
}

function isUnset(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
