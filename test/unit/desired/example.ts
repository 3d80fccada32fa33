import type { ComposeProject, ComposeService } from '../../../src/compose/model.ts';
import type { ResolveRequest } from '../../../src/desired/context.ts';
import { resolveStack } from '../../../src/desired/resolve.ts';
import type { DesiredContainer, DesiredService, DesiredStack } from '../../../src/model/desired.ts';
import type { Files } from '../../../src/model/files.ts';
import { stackName } from '../../../src/model/names.ts';
import type { Problem } from '../../../src/model/problem.ts';
import { PLAIN_CONTROL } from '../../support/plain-control.ts';

/** What differs from the plainest stack there is. */
export interface Example {
  readonly services?: Readonly<Record<string, ComposeService>>;
  readonly project?: Partial<ComposeProject>;
  readonly request?: Partial<ResolveRequest>;
  readonly apiVersion?: string;
  readonly swarmActive?: boolean;
  /** Path -> text; a path that ends in `/` is a directory. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface Resolved {
  readonly desired: DesiredStack;
  readonly problems: readonly Problem[];
  /** `code path` of each. */
  readonly faults: readonly string[];
}

export function resolve(example: Example): Resolved {
  const project: ComposeProject = {
    name: 'demo',
    services: example.services ?? {},
    networks: { default: { name: 'demo_default' } },
    volumes: {},
    configs: {},
    secrets: {},
    extensions: {},
    ...example.project,
  };
  const request: ResolveRequest = {
    project,
    control: PLAIN_CONTROL,
    stack: stackName('demo'),
    workingDirectory: '/srv/demo',
    configFiles: ['/srv/demo/compose.yaml'],
    contents: {},
    engine: {
      id: 'engine-1',
      version: '28.5.2',
      apiVersion: example.apiVersion ?? '1.51',
      swarmActive: example.swarmActive ?? false,
      rootDirectory: '/var/lib/docker',
    },
    secretKey: 'key-1',
    locate: () => undefined,
    ...example.request,
  };
  const { desired, problems } = resolveStack(request, memoryFiles(example.files ?? {}));
  return { desired, problems, faults: problems.map(({ code, path }) => `${code} ${path}`) };
}

/** One service called `web` on the default network. */
export function resolveWeb(
  service: ComposeService,
  example: Example = {},
): Resolved & { web: DesiredService } {
  const web: ComposeService = {
    image: 'nginx:1',
    ...(service.network_mode === undefined ? { networks: { default: null } } : {}),
    ...service,
  };
  const resolved = resolve({ ...example, services: { ...example.services, web } });
  const found = resolved.desired.services.find(({ name }) => name === 'web');
  if (found === undefined) throw new Error('the service web is gone');
  return { ...resolved, web: found };
}

/** The first container of `web`. */
export function webContainer(service: ComposeService, example: Example = {}): DesiredContainer {
  const container = resolveWeb(service, example).web.containers[0];
  if (container === undefined) throw new Error('web has no container');
  return container;
}

/** Faults of `web`. */
export function webFaults(service: ComposeService, example: Example = {}): readonly string[] {
  return resolveWeb(service, example).faults;
}

function memoryFiles(files: Readonly<Record<string, string>>): Files {
  const text = (path: string): string | undefined => files[path];
  return {
    readText: (path) => {
      const found = text(path);
      return found === undefined
        ? { ok: false, reason: 'missing', message: 'there is no such file' }
        : { ok: true, text: found };
    },
    digestFile: (path) => (text(path) === undefined ? undefined : `digest of ${text(path)}`),
    digestContext: (directory, dockerfile) =>
      files[`${directory}/`] === undefined
        ? undefined
        : `digest of ${files[`${directory}/`]} and ${dockerfile ?? 'no file'}`,
    kind: (path) => {
      if (files[`${path}/`] !== undefined) return 'directory';
      return text(path) === undefined ? 'missing' : 'file';
    },
    realPath: (path) => path,
  };
}
