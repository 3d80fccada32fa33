import type { ComposeProject } from './model.ts';
import { fieldOf, type Tree, textField } from './tree.ts';

/**
 * Drops resources that no active service refers to, as docker compose does: they are not created. A
 * project without any service keeps all of them, because it is then a project of resources: a stack may
 * consist of the networks that others join. One whose services are all `disabled` by their profiles is none.
 */
export function withoutUnused(project: ComposeProject, disabled: ReadonlySet<string>): ComposeProject {
  const services = Object.values(project.services);
  if (services.length === 0 && disabled.size === 0) return project;
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

/**
 * Paths of the resources that nobody refers to, also no service that its profiles leave out. `services` are all of
 * them, in normal form. In a project without any service nothing is unused.
 */
export function unusedIn(project: ComposeProject, services: Tree | undefined): readonly string[] {
  const all = services?.kind === 'mapping' ? [...services.entries.values()].map(({ value }) => value) : [];
  if (all.length === 0) return [];
  const used = new Set(all.flatMap(referencesOf));
  return (['networks', 'volumes', 'configs', 'secrets'] as const).flatMap((kind) =>
    Object.keys(project[kind])
      .map((name) => `${kind}.${name}`)
      .filter((path) => !used.has(path)),
  );
}

function referencesOf(service: Tree): readonly string[] {
  const networks = fieldOf(service, 'networks');
  const sources = (kind: string, list: Tree | undefined) =>
    list?.kind === 'sequence' ? list.items.map((item) => `${kind}.${textField(item, 'source') ?? ''}`) : [];
  return [
    ...(networks?.kind === 'mapping' ? [...networks.entries.keys()].map((name) => `networks.${name}`) : []),
    ...sources('volumes', fieldOf(service, 'volumes')),
    ...sources('configs', fieldOf(service, 'configs')),
    ...sources('secrets', fieldOf(service, 'secrets')),
    ...sources('secrets', fieldOf(fieldOf(service, 'build'), 'secrets')),
  ];
}

function only<Value>(
  all: Readonly<Record<string, Value>>,
  names: readonly string[],
): Readonly<Record<string, Value>> {
  const wanted = new Set(names);
  return Object.fromEntries(Object.entries(all).filter(([name]) => wanted.has(name)));
}
