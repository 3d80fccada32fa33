import path from 'node:path/posix';
import type { ComposeMount, ComposeService } from '../compose/model.ts';
import { type HostPlace, isWithin, placeOf } from './host-places.ts';
import { type Finding, findingIf, inServices, type PolicyInput, type Rule } from './rule.ts';

/** A path of the host that a container or a build gets to see. */
interface HostPath {
  readonly path: string;
  readonly source: string;
  readonly what: string;
}

function bindsOf(service: ComposeService, at: string): readonly (HostPath & { mount: ComposeMount })[] {
  return (service.volumes ?? []).flatMap((mount, index) =>
    mount.type === 'bind'
      ? [{ path: `${at}.volumes[${index}]`, source: mount.source ?? '', what: 'the bind', mount }]
      : [],
  );
}

/** Binds of services, files of configs and secrets, and what builds send to the engine. */
function hostPathsOf({ project }: PolicyInput): readonly HostPath[] {
  const ofServices = Object.entries(project.services).flatMap(([name, service]) => [
    ...bindsOf(service, `services.${name}`),
    ...buildPaths(service, `services.${name}`),
  ]);
  const ofObjects = (['configs', 'secrets'] as const).flatMap((kind) =>
    Object.entries(project[kind]).flatMap(([name, { file }]) =>
      file === undefined ? [] : [{ path: `${kind}.${name}.file`, source: file, what: 'the file' }],
    ),
  );
  return [...ofServices, ...ofObjects];
}

function buildPaths({ build }: ComposeService, at: string): readonly HostPath[] {
  // A context that is no directory of this host is refused elsewhere.
  if (build === undefined || !path.isAbsolute(build.context)) return [];
  const context = { path: `${at}.build.context`, source: build.context, what: 'the build context' };
  const source = path.resolve(build.context, build.dockerfile ?? '');
  // One in the context goes to the engine with it; another is read by the daemon.
  if (isWithin(path.resolve(build.context), source)) return [context];
  return [context, { path: `${at}.build.dockerfile`, source, what: 'the Dockerfile' }];
}

function findPlaces<Kind extends HostPlace['kind']>(
  input: PolicyInput,
  kind: Kind,
  tell: (given: HostPath, place: Extract<HostPlace, { readonly kind: Kind }>) => Finding,
): readonly Finding[] {
  return hostPathsOf(input).flatMap((given) => {
    const place = placeOf(given.source, input);
    return place.kind === kind ? [tell(given, place as Extract<HostPlace, { readonly kind: Kind }>)] : [];
  });
}

const hostPath: Rule = {
  id: 'host-path',
  level: 'baseline',
  check: (input) =>
    findPlaces(input, 'foreign', (given, { why }) => ({
      path: given.path,
      message: `${given.what} of ${given.source}: ${why}`,
      hint: 'keep the data in a named volume, or below the directory of the stack',
    })),
};

const engineSocket: Rule = {
  id: 'engine-socket',
  level: 'baseline',
  check: (input) => [
    ...findPlaces(input, 'socket', (given, { socket }) => ({
      path: given.path,
      message: `${given.what} of ${given.source} hands out ${socket}, and with it the host`,
      hint: 'take it away; a program that must see the engine can be given a proxy that only reads',
    })),
    ...inServices(input, (service, at) => [
      findingIf(
        service.use_api_socket === true,
        `${at}.use_api_socket`,
        'the container is handed the engine, and with it the host',
        'take it away',
      ),
    ]),
  ],
};

const hostFile: Rule = {
  id: 'host-file',
  level: 'baseline',
  check: (input) => {
    const told = new Set(hostPathsOf(input).map(({ source }) => source));
    return input.filesRead
      .filter((file) => !told.has(file))
      .flatMap((file) => {
        const place = placeOf(file, input);
        if (place.kind === 'own') return [];
        const why = place.kind === 'foreign' ? place.why : 'it is a socket';
        return [
          {
            path: '',
            message: `the file ${file} is read for the stack: ${why}`,
            hint: 'keep what is included, extended or read (env_file, label_file) below the directory of the stack',
          },
        ];
      });
  },
};

const mountPropagation: Rule = {
  id: 'mount-propagation',
  level: 'baseline',
  check: (input) =>
    inServices(input, (service, at) =>
      bindsOf(service, at).map(({ path: field, mount }) =>
        findingIf(
          ['shared', 'rshared'].includes(mount.bind?.propagation ?? ''),
          `${field}.bind.propagation`,
          'what the container mounts there shows on the host',
          'take it away, or use rslave',
        ),
      ),
    ),
};

const readOnlyBinds: Rule = {
  id: 'host-path-read-only',
  level: 'restricted',
  check: (input) => [
    ...inServices(input, (service, at) =>
      bindsOf(service, at).map(({ path: field, source, mount }) =>
        findingIf(
          mount.read_only !== true,
          field,
          `the container may write to ${source} on the host`,
          'bind it read-only, or keep the data in a named volume',
        ),
      ),
    ),
    ...Object.entries(input.project.volumes).flatMap(([key, { driver_opts: options = {} }]) =>
      /(^|,)\s*r?bind\s*(,|$)/.test(options['o'] ?? '')
        ? [
            {
              path: `volumes.${key}.driver_opts`,
              message: `the volume ${key} is a directory of the host`,
              hint: 'take driver_opts away: the engine keeps the data then',
            },
          ]
        : [],
    ),
  ],
};

/** What of the host’s files a stack may see. */
export const hostPathRules: readonly Rule[] = [
  hostPath,
  engineSocket,
  hostFile,
  mountPropagation,
  readOnlyBinds,
];
