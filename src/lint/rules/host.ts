import type { ComposeMount } from '../../compose/model.ts';
import { NO_PLACES } from '../../model/admission.ts';
import { isWithin, placeOf } from '../../policy/host-places.ts';
import { inServices, type LintInput, type LintRule, type ServiceAt, spotIf } from '../rule.ts';

/** Whoever writes here, or reads some of it, has the host. */
const SENSITIVE: readonly string[] = [
  '/bin',
  '/boot',
  '/dev',
  '/etc',
  '/lib',
  '/lib64',
  '/proc',
  '/sbin',
  '/sys',
  '/usr',
  '/var/lib/containerd',
  '/var/lib/docker',
  '/var/log',
];
/** Bound by many, and no more than a clock. */
const HARMLESS: readonly string[] = ['/dev/null', '/etc/localtime', '/etc/timezone', '/usr/share/zoneinfo'];

/** A whole home directory, or what programs keep hidden in one: keys, histories, logins. */
const OF_A_HOME = /^\/(root|home(\/[^/]+)?)(\/\.[^/]+(\/.*)?)?\/?$/;

function bindsOf({
  service,
  at,
}: ServiceAt): readonly { readonly mount: ComposeMount; readonly path: string }[] {
  return (service.volumes ?? []).flatMap((mount, index) =>
    mount.type === 'bind' ? [{ mount, path: `${at}.volumes[${index}]` }] : [],
  );
}

function socketIn(source: string, { directory, files }: LintInput): string | undefined {
  const realPath = (path: string) => files.realPath(path);
  const place = placeOf(source, { directory, places: NO_PLACES, realPath });
  return place.kind === 'socket' ? place.socket : undefined;
}

const socket: LintRule = {
  id: 'docker-socket',
  severity: 'error',
  category: 'security',
  title: 'the socket of the engine is handed out',
  reason:
    'Whoever speaks to the engine can start a container that has the whole host. Read-only changes nothing about that.',
  fix: 'take it away; a program that must see the engine can be given a proxy that only lets reading through',
  reference: 'https://docs.docker.com/engine/security/#docker-daemon-attack-surface',
  check: (input) =>
    inServices(input, (each) => [
      ...bindsOf(each).map(({ mount: { source = '' }, path }) =>
        spotIf(
          source !== '/' && socketIn(source, input) !== undefined,
          path,
          `${source} hands out ${socketIn(source, input)}, and with it the host`,
        ),
      ),
      spotIf(
        each.service.use_api_socket === true,
        `${each.at}.use_api_socket`,
        'it is handed the engine, and with it the host',
      ),
    ]),
};

const sensitivePath: LintRule = {
  id: 'sensitive-host-path',
  severity: 'error',
  category: 'security',
  title: 'a directory of the system is bound',
  reason: 'Passwords, keys, devices and the programs of the host itself lie there.',
  fix: 'bind only the file that is needed, read-only, or keep the data in a named volume',
  check: (input) =>
    inServices(input, (each) =>
      bindsOf(each).map(({ mount: { source = '', read_only }, path }) => {
        const isSensitive =
          source === '/' ||
          OF_A_HOME.test(source) ||
          (SENSITIVE.some((place) => isWithin(place, source)) &&
            !HARMLESS.some((place) => isWithin(place, source)));
        const own = isWithin(input.directory, source);
        const how = read_only === true ? 'read' : 'change';
        return spotIf(isSensitive && !own, path, `the container may ${how} ${source} of the host`);
      }),
    ),
};

const outsideOfStack: LintRule = {
  id: 'bind-outside-stack',
  severity: 'info',
  category: 'reliability',
  title: 'a relative path leads out of the stack',
  reason:
    'The stack works only where the directories around it are the same, and another stack may use the same files.',
  fix: 'keep the files below the directory of the stack, or write the absolute path when one place is meant',
  check: (input) =>
    inServices(input, (each) =>
      bindsOf(each).map(({ mount: { source = '' }, path }) => {
        const at = input.locate(`${path}.source`);
        const isRelative = at !== undefined && /^["']?\.{1,2}(\/|:|["']|$)/.test(input.textFrom(at));
        return spotIf(
          isRelative && !isWithin(input.directory, source),
          path,
          `the bind leads out of the stack’s directory, to ${source}`,
        );
      }),
    ),
};

const hostNetwork: LintRule = {
  id: 'host-network',
  severity: 'warning',
  category: 'security',
  title: 'a container in the network of the host',
  reason:
    'It listens on every address of the host, reaches what listens on loopback only, and no isolation of networks holds for it.',
  fix: 'take network_mode away, and publish the ports that others need',
  check: (input) =>
    inServices(input, ({ service, at }) => [
      spotIf(service.network_mode === 'host', `${at}.network_mode`, 'it has no network of its own'),
    ]),
};

const hostNamespace: LintRule = {
  id: 'host-namespace',
  severity: 'error',
  category: 'security',
  title: 'a container shares a namespace of the host',
  reason: 'It sees, and may stop, the processes of the host, or reads what they share in memory.',
  fix: 'take the field away: a container has a namespace of its own',
  check: (input) =>
    inServices(input, ({ service, at }) =>
      (['pid', 'ipc', 'uts', 'userns_mode', 'cgroup'] as const).map((field) =>
        spotIf(service[field] === 'host', `${at}.${field}`, `${field} is the host’s`),
      ),
    ),
};

const device: LintRule = {
  id: 'host-device',
  severity: 'warning',
  category: 'security',
  title: 'a device of the host is handed out',
  reason: 'A driver stands between the container and the hardware, and nothing else.',
  fix: 'take it away, or waive it with the reason why the program needs it',
  check: (input) =>
    inServices(input, ({ service, at }) =>
      (service.devices ?? []).map(({ source }, index) =>
        spotIf(true, `${at}.devices[${index}]`, `it gets the device ${source}`),
      ),
    ),
};

const propagation: LintRule = {
  id: 'shared-mount-propagation',
  severity: 'warning',
  category: 'security',
  title: 'what a container mounts shows on the host',
  reason: 'A container can lay something over directories of the host that way.',
  fix: 'take propagation away, or use rslave',
  check: (input) =>
    inServices(input, (each) =>
      bindsOf(each).map(({ mount, path }) =>
        spotIf(
          ['shared', 'rshared'].includes(mount.bind?.propagation ?? ''),
          `${path}.bind.propagation`,
          `what it mounts below ${mount.target} shows on the host`,
        ),
      ),
    ),
};

/** What of the host a container can reach. */
export const hostRules: readonly LintRule[] = [
  socket,
  sensitivePath,
  outsideOfStack,
  hostNetwork,
  hostNamespace,
  device,
  propagation,
];
