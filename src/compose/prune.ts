import type { ComposeProject } from './model.ts';

/**
 * Drops resources that no active service refers to, as docker compose does: they are not created. A
 * project without any service keeps all of them, because it is then a project of resources: a stack may
 * consist of the networks that others join.
 */
export function withoutUnused(project: ComposeProject): ComposeProject {
  const services = Object.values(project.services);
  if (services.length === 0) return project;
  const networks = services.flatMap((service) => Object.keys(service.networks ?? {}));
  const volumes = services.flatMap((service) =>
    (service.volumes ?? []).flatMap((mount) => (mount.type === 'volume' ? [mount.source ?? ''] : [])),
  );
  const configs = services.flatMap((service) => (service.configs ?? []).map((config) => config.source));
  const secrets = services.flatMap((service) =>
    [...(service.secrets ?? []), ...(service.build?.secrets ?? [])].map((secret) => secret.source),
  );
  return {
    ...project,
    networks: only(project.networks, networks),
    volumes: only(project.volumes, volumes),
    configs: only(project.configs, configs),
    secrets: only(project.secrets, secrets),
  };
}

function only<Value>(
  all: Readonly<Record<string, Value>>,
  names: readonly string[],
): Readonly<Record<string, Value>> {
  const wanted = new Set(names);
  return Object.fromEntries(Object.entries(all).filter(([name]) => wanted.has(name)));
}
