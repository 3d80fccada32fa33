import { ownValue } from '../model/own-value.ts';
import type { ComposeService } from './model.ts';
import type { Fault, RuleInput } from './rules.ts';
import { hintFor } from './suggest.ts';

/** Every name that a service mentions exists. */
export function checkReferences(input: RuleInput, fault: Fault): void {
  for (const [name, service] of Object.entries(input.project.services)) {
    const at = `services.${name}`;
    checkNetworks(at, service, input, fault);
    checkDependencies(at, service, input, fault);
    checkVolumes(at, service, input, fault);
    checkFiles(at, service, input, fault);
    checkBuild(at, service, input, fault);
    for (const model of Object.keys(service.models ?? {})) {
      const models = Object(input.project.extensions['models'] ?? {});
      if (!Object.hasOwn(models, model))
        undefinedName('model', model, `${at}.models.${model}`, Object.keys(models), fault);
    }
  }
}

function undefinedName(kind: Kind, name: string, path: string, known: Iterable<string>, fault: Fault): void {
  const section = kind === 'dependency' ? 'service' : kind;
  fault(
    'error',
    codes[kind],
    path,
    `there is no ${section} ${name}`,
    () => hintFor(name, known).hint ?? `add it under ${section}s:`,
  );
}

type Kind = 'network' | 'service' | 'dependency' | 'volume' | 'config' | 'secret' | 'model';
const codes: Readonly<Record<Kind, string>> = {
  network: 'UndefinedNetwork',
  service: 'UndefinedService',
  dependency: 'UndefinedService',
  volume: 'UndefinedVolume',
  config: 'UndefinedConfig',
  secret: 'UndefinedSecret',
  model: 'UndefinedModel',
};

function checkNetworks(at: string, service: ComposeService, input: RuleInput, fault: Fault): void {
  for (const network of Object.keys(service.networks ?? {})) {
    if (Object.hasOwn(input.project.networks, network)) continue;
    undefinedName(
      'network',
      network,
      `${at}.networks.${network}`,
      Object.keys(input.project.networks),
      fault,
    );
  }
}

function checkDependencies(at: string, service: ComposeService, input: RuleInput, fault: Fault): void {
  const { services } = input.project;
  for (const [other, dependency] of Object.entries(service.depends_on ?? {})) {
    const path = `${at}.depends_on.${other}`;
    const dependee = ownValue(services, other);
    if (dependee === undefined) {
      if (!input.disabled.has(other)) undefinedName('service', other, path, Object.keys(services), fault);
      else if (dependency.required) {
        fault(
          'error',
          'DisabledDependency',
          path,
          `service ${other} is not selected by any active profile`,
          'activate one of its profiles, or set required: false',
        );
      }
    } else if (dependency.condition === 'service_healthy' && hasNoHealthcheck(dependee)) {
      fault(
        'warning',
        'NoHealthcheck',
        path,
        `service ${other} has no healthcheck of its own, so it becomes healthy only if its image has one`,
        `add a healthcheck to ${other}, or wait for service_started`,
      );
    }
  }
}

function hasNoHealthcheck(service: ComposeService): boolean {
  const check = service.healthcheck;
  return check === undefined || check.disable === true || check.test?.[0] === 'NONE';
}

function checkVolumes(at: string, service: ComposeService, input: RuleInput, fault: Fault): void {
  for (const [index, mount] of (service.volumes ?? []).entries()) {
    if (mount.type !== 'volume' || mount.source === undefined) continue;
    if (Object.hasOwn(input.project.volumes, mount.source)) continue;
    undefinedName(
      'volume',
      mount.source,
      `${at}.volumes[${index}].source`,
      Object.keys(input.project.volumes),
      fault,
    );
  }
}

function checkFiles(at: string, service: ComposeService, input: RuleInput, fault: Fault): void {
  const lists = [
    ['config', `${at}.configs`, service.configs],
    ['secret', `${at}.secrets`, service.secrets],
    ['secret', `${at}.build.secrets`, service.build?.secrets],
  ] as const;
  for (const [kind, path, references] of lists) {
    const known = input.project[`${kind}s`];
    for (const [index, reference] of (references ?? []).entries()) {
      if (reference.source === undefined) {
        fault('error', 'MissingField', `${path}[${index}]`, 'missing field "source"', `name a ${kind}`);
        continue;
      }
      if (Object.hasOwn(known, reference.source)) continue;
      undefinedName(kind, reference.source, `${path}[${index}]`, Object.keys(known), fault);
    }
  }
}

function checkBuild(at: string, service: ComposeService, input: RuleInput, fault: Fault): void {
  for (const [key, context] of Object.entries(service.build?.additional_contexts ?? {})) {
    if (!context.startsWith('service:')) continue;
    const name = context.slice('service:'.length);
    const path = `${at}.build.additional_contexts.${key}`;
    const other = ownValue(input.project.services, name);
    if (other === undefined) undefinedName('service', name, path, Object.keys(input.project.services), fault);
    else if (other.build === undefined) fault('error', 'NotBuilt', path, `service ${name} has no build`);
  }
}
