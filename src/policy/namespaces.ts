import type { ComposeProject, ComposeService } from '../compose/model.ts';
import { replicasOf } from '../compose/rules-services.ts';
import { containerName } from '../desired/names.ts';
import { type Finding, findingIf, inServices, type Rule } from './rule.ts';

/** Modes that stay within the stack; `service:` and `container:` are looked at apart. */
const OWN_MODES: Readonly<Record<string, readonly string[]>> = {
  network_mode: ['', 'none', 'bridge', 'default'],
  ipc: ['', 'none', 'private', 'shareable'],
  pid: ['', 'private'],
  uts: ['', 'private'],
  userns_mode: ['', 'private'],
  cgroup: ['', 'private'],
};

const hostNamespaces: Rule = {
  id: 'host-namespaces',
  level: 'baseline',
  check: (input) => [
    ...inServices(input, (service, at) => [
      ...modesOf(service).map(({ field, mode }) => hostMode(`${at}.${field}`, field, mode)),
      findingIf(
        isHost(service.build?.network),
        `${at}.build.network`,
        'the build runs in the network of the host',
        'take it away: a build has a network of its own',
      ),
    ]),
    ...hostNetworks(input.project),
  ],
};

function modesOf(service: ComposeService): readonly { readonly field: string; readonly mode: string }[] {
  const { network_mode, ipc, pid, uts, userns_mode, cgroup } = service;
  return Object.entries({ network_mode, ipc, pid, uts, userns_mode, cgroup }).flatMap(([field, mode]) =>
    mode === undefined ? [] : [{ field, mode: mode.trim() }],
  );
}

function hostMode(path: string, field: string, mode: string): Finding | undefined {
  const isShared = /^(service|container):/.test(mode);
  const isOwn = isShared || OWN_MODES[field]?.includes(mode) === true;
  return findingIf(
    !isOwn,
    path,
    isHost(mode)
      ? `${field} is host, which shares a namespace of the host`
      : `${field} is ${mode}, which is no namespace of the stack’s own`,
    `take ${field} away: a container has a namespace of its own`,
  );
}

const isHost = (mode: string | undefined): boolean => mode?.trim().toLowerCase() === 'host';

/** The engine's own network `host`, by way of an external network of that name. */
function hostNetworks({ networks }: ComposeProject): readonly Finding[] {
  return Object.entries(networks).flatMap(([key, network]) =>
    isHost(network.name) || isHost(network.driver)
      ? [
          {
            path: `networks.${key}.name`,
            message: `network ${key} is the network of the host`,
            hint: 'use a network of the stack, and publish the ports that others need',
          },
        ]
      : [],
  );
}

const foreignContainer: Rule = {
  id: 'foreign-container',
  level: 'baseline',
  check: (input) => {
    const own = ownNames(input.project);
    return inServices(input, (service, at) => [
      ...modesOf(service).map(({ field, mode }) => foreignMode(`${at}.${field}`, mode, own)),
      ...(service.volumes_from ?? []).map((from, index) => {
        const name = /^container:([^:]*)/.exec(from.trim())?.[1];
        return foreign(`${at}.volumes_from[${index}]`, name, own);
      }),
      foreignMode(`${at}.build.network`, service.build?.network ?? '', new Set()),
    ]);
  },
};

const foreignMode = (path: string, mode: string, own: ReadonlySet<string>) =>
  foreign(path, /^container:(.*)$/.exec(mode.trim())?.[1], own);

function foreign(path: string, name: string | undefined, own: ReadonlySet<string>): Finding | undefined {
  if (name === undefined || own.has(name)) return undefined;
  return {
    path,
    message: `container ${name} is not of this stack, and what it has would be shared`,
    hint: 'share with a service of this stack (service:NAME)',
  };
}

function ownNames(project: ComposeProject): ReadonlySet<string> {
  return new Set(
    Object.entries(project.services).flatMap(([name, service]) =>
      Array.from({ length: Math.max(0, Math.min(replicasOf(service), 1000)) }, (_, index) =>
        containerName(project.name, name, index + 1, service.container_name),
      ),
    ),
  );
}

/** What a container shares with the host, and with containers of others. */
export const namespaceRules: readonly Rule[] = [hostNamespaces, foreignContainer];
