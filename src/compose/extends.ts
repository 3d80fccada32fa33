import type { Request, Scope } from './loading.ts';
import { mergeServices } from './merge.ts';
import { errorAt, type Report } from './report.ts';
import { resolvePath } from './resolve-paths.ts';
import { hintFor } from './suggest.ts';
import {
  fieldOf,
  isNull,
  type MappingEntry,
  type MappingTree,
  type Tree,
  textField,
  withField,
} from './tree.ts';

interface Place {
  /** The file that is being read. */
  readonly file: string;
  readonly scope: Scope;
  readonly loading: { readonly report: Report; readonly home: string | undefined };
}

/** Gives the services of another file, canonical and with absolute paths; undefined after reporting why not. */
type LoadBase = (file: string, request: Request) => Tree | undefined;

/**
 * Puts under every service with `extends` the service that it names, in this file or another, which may
 * extend in turn. Merge tags of the service work on its base, and stay for what the file is laid over.
 */
export function applyExtends(tree: MappingTree, place: Place, loadBase: LoadBase): MappingTree {
  const services = fieldOf(tree, 'services');
  if (services?.kind !== 'mapping') return tree;
  const walk: Walk = { ...place, loadBase, bases: new Map(), done: new Map() };
  const own: ServiceSource = { file: place.file, directory: place.scope.directory, services };
  const entries = new Map<string, MappingEntry>();
  for (const [name, entry] of services.entries) {
    entries.set(name, { ...entry, value: resolveService(name, own, [], walk) ?? entry.value });
  }
  return withField(tree, 'services', { ...services, entries });
}

interface ServiceSource {
  readonly file: string;
  readonly directory: string;
  readonly services: MappingTree;
}

interface Walk extends Place {
  readonly loadBase: LoadBase;
  /** Files that were extended from already. */
  readonly bases: Map<string, ServiceSource | undefined>;
  /** Services that were put together already, by file and name. */
  readonly done: Map<string, Tree>;
}

/** Nobody needs more, and each one is a step of a recursion. */
const maxChain = 64;

/** Undefined for a service that does not exist. */
function resolveService(
  name: string,
  source: ServiceSource,
  chain: readonly string[],
  walk: Walk,
): Tree | undefined {
  const service = fieldOf(source.services, name);
  const reference = fieldOf(service, 'extends');
  if (service?.kind !== 'mapping' || reference === undefined) return service;
  const id = `${name} in ${source.file}`;
  const known = walk.done.get(id);
  if (known !== undefined) return known;
  const alone = withField(service, 'extends', undefined);
  const base = findBase(name, reference, source, [...chain, id], walk);
  const whole =
    base === undefined || isNull(base) ? alone : mergeServices(base, alone, name, walk.loading.report);
  walk.done.set(id, whole);
  return whole;
}

function findBase(
  name: string,
  reference: Tree,
  source: ServiceSource,
  chain: readonly string[],
  walk: Walk,
): Tree | undefined {
  const { report } = walk.loading;
  const where = { path: ['services', name, 'extends'], at: reference.at };
  const ref = reference.kind === 'scalar' ? reference.value : textField(reference, 'service');
  if (typeof ref !== 'string') {
    report(
      errorAt('InvalidExtends', 'extends needs the name of a service', {
        ...where,
        hint: 'write extends: {service: NAME}',
      }),
    );
    return undefined;
  }
  const from = sourceOf(reference, source, where, walk);
  if (from === undefined) return undefined;
  if (!from.services.entries.has(ref)) {
    report(
      errorAt('UndefinedService', `cannot extend service ${ref}: it is not in ${from.file}`, {
        ...where,
        ...hintFor(ref, from.services.entries.keys()),
      }),
    );
    return undefined;
  }
  if (chain.length > maxChain) {
    report(errorAt('ExtendsTooDeep', `more than ${maxChain} services extend each other in a row`, where));
    return undefined;
  }
  if (chain.includes(`${ref} in ${from.file}`)) {
    report(
      errorAt(
        'CircularExtends',
        `services extend each other in a circle: ${[...chain, `${ref} in ${from.file}`].join(' -> ')}`,
        {
          ...where,
          hint: 'take one of them out of the circle',
        },
      ),
    );
    return undefined;
  }
  return resolveService(ref, from, chain, walk);
}

function sourceOf(
  reference: Tree,
  source: ServiceSource,
  where: { readonly path: readonly string[]; readonly at: Tree['at'] },
  walk: Walk,
): ServiceSource | undefined {
  const file = textField(reference, 'file');
  if (file === undefined) return source;
  const absolute = resolvePath(file, { directory: source.directory, home: walk.loading.home });
  if (!walk.bases.has(absolute)) {
    const services = walk.loadBase(absolute, { ...where, role: 'the extended file' });
    walk.bases.set(
      absolute,
      services?.kind === 'mapping'
        ? { file: absolute, directory: absolute.slice(0, absolute.lastIndexOf('/')) || '/', services }
        : undefined,
    );
    if (services === undefined || services.kind === 'mapping') return walk.bases.get(absolute);
    walk.loading.report(errorAt('InvalidExtends', `${absolute} has no mapping of services`, where));
  }
  return walk.bases.get(absolute);
}
