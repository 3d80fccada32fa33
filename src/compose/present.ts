import type { ComposeNetwork, ComposeProject, ComposeService } from './model.ts';

/**
 * The canonical model as docker compose prints it: sections that hold nothing are left out. Its YAML has no
 * `command: null`, `entrypoint: null` and `ipam: {}`, its JSON has. `$` is not doubled yet.
 */
export function presentProject(
  project: ComposeProject,
  format: 'json' | 'yaml',
): Readonly<Record<string, unknown>> {
  const { name, services, networks, volumes, configs, secrets, extensions } = project;
  const isYaml = format === 'yaml';
  const sections = {
    networks: isYaml ? mapRecord(networks, withoutEmptyIpam) : networks,
    volumes,
    configs,
    secrets,
  };
  const present = Object.entries(sections).filter(([, section]) => Object.keys(section).length > 0);
  return {
    name,
    services: isYaml ? mapRecord(services, withoutImageDefaults) : services,
    ...Object.fromEntries(present),
    ...extensions,
  };
}

/** null is the image's own, and goes without saying. */
function withoutImageDefaults(service: ComposeService): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(service).filter(([, value]) => value !== null));
}

function withoutEmptyIpam({ ipam, ...network }: ComposeNetwork): ComposeNetwork {
  return ipam === undefined || Object.keys(ipam).length === 0 ? network : { ...network, ipam };
}

function mapRecord<From, To>(
  record: Readonly<Record<string, From>>,
  change: (value: From) => To,
): Readonly<Record<string, To>> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
