import { cleanPath } from '../model/clean-path.ts';
import type { Position } from '../model/problem.ts';
import type { Lookup } from './template.ts';
import {
  fieldOf,
  isNull,
  type MappingEntry,
  type MappingTree,
  mapItems,
  mappingOf,
  mapValues,
  scalarTree,
  type Tree,
  textField,
  withField,
} from './tree.ts';

/**
 * Adds what Compose implies, to a complete canonical document: the `default` network, dependencies that
 * follow from links and shared namespaces, values of bare `environment` names, clean mount targets, and
 * the names that resources have on the engine.
 */
export function normalise(tree: MappingTree, projectName: string, lookup: Lookup): MappingTree {
  const withServices = mapValues(tree, (value, key) =>
    key === 'services' && value.kind === 'mapping'
      ? mapValues(value, (service) =>
          service.kind === 'mapping' ? normaliseService(service, lookup) : service,
        )
      : value,
  );
  return mapValues(withDefaultNetwork(withServices), (value, key) =>
    namedKinds.has(key) && value.kind === 'mapping' ? withNames(value, projectName) : value,
  );
}

const namedKinds: ReadonlySet<string> = new Set(['networks', 'volumes', 'configs', 'secrets']);

function normaliseService(service: MappingTree, lookup: Lookup): MappingTree {
  let normal = service;
  const set = (key: string, change: (value: Tree) => Tree): void => {
    const value = fieldOf(normal, key);
    if (value !== undefined) normal = withField(normal, key, change(value));
  };
  if (textField(service, 'pull_policy') === 'if_not_present') {
    set('pull_policy', (policy) => scalarTree('missing', policy.at));
  }
  set('build', (build) => normaliseBuild(build, lookup));
  set('volumes', (volumes) => (volumes.kind === 'sequence' ? mapItems(volumes, cleanTarget) : volumes));
  return withImpliedNetwork(withImpliedDependencies(normal));
}

function normaliseBuild(build: Tree, lookup: Lookup): Tree {
  if (build.kind !== 'mapping') return build;
  const args = fieldOf(build, 'args');
  const resolved = args === undefined ? build : withField(build, 'args', resolveNames(args, lookup, 'drop'));
  const hasFile = !isAbsent(build, 'dockerfile') || !isAbsent(build, 'dockerfile_inline');
  return hasFile ? resolved : withField(resolved, 'dockerfile', scalarTree('Dockerfile', build.at));
}

function isAbsent(tree: MappingTree, key: string): boolean {
  const value = fieldOf(tree, key);
  return value === undefined || isNull(value);
}

/**
 * Gives bare names in the `environment` of services their values. The files of an include have variables
 * of their own, so this is done for them before they are put under the file that includes them.
 */
export function resolveEnvironment(tree: MappingTree, lookup: Lookup): MappingTree {
  const services = fieldOf(tree, 'services');
  if (services?.kind !== 'mapping') return tree;
  const resolved = mapValues(services, (service) => {
    const environment = fieldOf(service, 'environment');
    if (service.kind !== 'mapping' || environment?.kind !== 'mapping') return service;
    return withField(service, 'environment', resolveNames(environment, lookup, 'keep'));
  });
  return withField(tree, 'services', resolved);
}

/** A name without a value takes the project's variable; without one it stays bare, or goes. */
function resolveNames(tree: Tree, lookup: Lookup, otherwise: 'keep' | 'drop'): Tree {
  if (tree.kind !== 'mapping') return tree;
  const entries = new Map<string, MappingEntry>();
  for (const [key, entry] of tree.entries) {
    const value = isNull(entry.value) ? lookup(key) : undefined;
    if (value !== undefined) entries.set(key, { ...entry, value: scalarTree(value, entry.value.at) });
    else if (otherwise === 'keep' || !isNull(entry.value)) entries.set(key, entry);
  }
  return { ...tree, entries };
}

function cleanTarget(mount: Tree): Tree {
  const target = textField(mount, 'target');
  if (mount.kind !== 'mapping' || target === undefined) return mount;
  const clean = cleanPath(target);
  return clean === target ? mount : withField(mount, 'target', scalarTree(clean, mount.at));
}

const sharedNamespaces = ['network_mode', 'ipc', 'pid', 'uts', 'cgroup'] as const;

function withImpliedDependencies(service: MappingTree): MappingTree {
  const declared = fieldOf(service, 'depends_on');
  const entries = new Map(declared?.kind === 'mapping' ? declared.entries : []);
  const before = entries.size;
  const imply = (name: string, restart: boolean, at: Position): void => {
    if (!entries.has(name)) entries.set(name, { keyAt: at, value: impliedDependency(restart, at) });
  };
  for (const link of textsOf(fieldOf(service, 'links'))) {
    const parts = link.text.split(':');
    imply(parts.length === 2 ? (parts[0] ?? link.text) : link.text, true, link.at);
  }
  for (const namespace of sharedNamespaces) {
    const shared = textField(service, namespace);
    if (shared?.startsWith('service:') === true) {
      imply(shared.slice('service:'.length), true, fieldOf(service, namespace)?.at ?? service.at);
    }
  }
  for (const source of textsOf(fieldOf(service, 'volumes_from'))) {
    if (!source.text.startsWith('container:')) imply(source.text.split(':')[0] ?? '', false, source.at);
  }
  if (entries.size === before) return service;
  return withField(service, 'depends_on', { kind: 'mapping', entries, at: declared?.at ?? service.at });
}

function impliedDependency(restart: boolean, at: Position): Tree {
  return mappingOf(
    {
      condition: scalarTree('service_started', at),
      restart: scalarTree(restart, at),
      required: scalarTree(true, at),
    },
    at,
  );
}

function textsOf(tree: Tree | undefined): readonly { readonly text: string; readonly at: Position }[] {
  if (tree?.kind !== 'sequence') return [];
  return tree.items.flatMap((item) =>
    item.kind === 'scalar' && typeof item.value === 'string' ? [{ text: item.value, at: item.at }] : [],
  );
}

/** A service without networks of its own and without a network mode is on `default`. */
function withImpliedNetwork(service: MappingTree): MappingTree {
  const networks = fieldOf(service, 'networks');
  const hasOwn = networks?.kind === 'mapping' && networks.entries.size > 0;
  const outside = service.entries.has('provider') || service.entries.has('network_mode');
  if (hasOwn || outside || (networks !== undefined && networks.kind !== 'mapping' && !isNull(networks))) {
    return service;
  }
  const at = networks?.at ?? service.at;
  return withField(service, 'networks', mappingOf({ default: scalarTree(null, at) }, at));
}

function withDefaultNetwork(tree: MappingTree): MappingTree {
  const networks = fieldOf(tree, 'networks');
  const services = fieldOf(tree, 'services');
  if (fieldOf(networks, 'default') !== undefined || services?.kind !== 'mapping') return tree;
  const used = [...services.entries.values()].some(
    ({ value }) => fieldOf(fieldOf(value, 'networks'), 'default') !== undefined,
  );
  if (!used || (networks !== undefined && networks.kind !== 'mapping')) return tree;
  const at = networks?.at ?? services.at;
  return withField(
    tree,
    'networks',
    withField(networks ?? mappingOf({}, at), 'default', scalarTree(null, at)),
  );
}

/** On the engine a resource is called `PROJECT_KEY`, unless it has a name or is somebody else's. */
function withNames(resources: MappingTree, projectName: string): MappingTree {
  return mapValues(resources, (value, key) => {
    const resource = isNull(value) ? mappingOf({}, value.at) : value;
    if (resource.kind !== 'mapping' || !isAbsent(resource, 'name')) return resource;
    const external = fieldOf(resource, 'external');
    const foreign = external?.kind === 'scalar' && external.value === true;
    return withField(resource, 'name', scalarTree(foreign ? key : `${projectName}_${key}`, value.at));
  });
}
