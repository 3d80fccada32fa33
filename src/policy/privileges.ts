import type { ComposeService } from '../compose/model.ts';
import { preStartOf } from '../desired/service-extension.ts';
import { type Finding, findingIf, inServices, type Rule } from './rule.ts';

/** Docker's own: adding one of these gives back what the container would have had. */
export const DEFAULT_CAPABILITIES: ReadonlySet<string> = new Set([
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'NET_RAW',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
]);
const BIND_SERVICE: ReadonlySet<string> = new Set(['NET_BIND_SERVICE']);

/** Without the prefix that some write. */
export const capabilityName = (name: string): string => name.trim().toUpperCase().replace(/^CAP_/, '');

const privileged: Rule = {
  id: 'privileged-container',
  level: 'baseline',
  check: (input) =>
    inServices(input, (service, at) =>
      privilegedPlaces(service).map(({ field, isPrivileged }) =>
        findingIf(
          isPrivileged,
          `${at}.${field}`,
          `${field} lifts every barrier between container and host`,
          'take it away, and add the single capability or device that is needed',
        ),
      ),
    ),
};

function privilegedPlaces(service: ComposeService) {
  const hooks = (['post_start', 'pre_stop', 'pre_start'] as const).flatMap((phase) =>
    (service[phase] ?? []).map((hook, index) => ({
      field: `${phase}[${index}].privileged`,
      isPrivileged: hook.privileged === true,
    })),
  );
  const jobs = preStartOf(service).map((hook, index) => ({
    field: `x-stackctl.preStart[${index}].privileged`,
    isPrivileged: hook.privileged === true,
  }));
  const { build } = service;
  return [
    { field: 'privileged', isPrivileged: service.privileged === true },
    { field: 'build.privileged', isPrivileged: build?.privileged === true },
    { field: 'build.entitlements', isPrivileged: (build?.entitlements ?? []).length > 0 },
    ...hooks,
    ...jobs,
  ];
}

const capabilities: Rule = {
  id: 'capabilities',
  level: 'baseline',
  check: (input) => inServices(input, (service, at) => added(service, at, DEFAULT_CAPABILITIES)),
};

function added(service: ComposeService, at: string, allowed: ReadonlySet<string>): readonly Finding[] {
  return (service.cap_add ?? []).flatMap((name, index) =>
    allowed.has(capabilityName(name))
      ? []
      : [
          {
            path: `${at}.cap_add[${index}]`,
            message: `the capability ${name} is none of ${allowed === BIND_SERVICE ? 'those that may be given back' : 'Docker’s default ones'}`,
            hint: 'take it away',
          },
        ],
  );
}

const dropCapabilities: Rule = {
  id: 'drop-capabilities',
  level: 'restricted',
  check: (input) =>
    inServices(input, (service, at) => [
      findingIf(
        !(service.cap_drop ?? []).some((name) => capabilityName(name) === 'ALL'),
        `${at}.cap_drop`,
        'the container keeps capabilities that it may not need',
        'add cap_drop: [ALL]',
      ),
      ...added(service, at, BIND_SERVICE),
    ]),
};

const runAsNonRoot: Rule = {
  id: 'run-as-non-root',
  level: 'restricted',
  check: (input) =>
    inServices(input, (service, at) => [
      rootUser(`${at}.user`, service.user ?? ''),
      ...(['post_start', 'pre_stop'] as const).flatMap((phase) =>
        (service[phase] ?? []).map((hook, index) =>
          (hook.user ?? '') === '' ? undefined : rootUser(`${at}.${phase}[${index}].user`, hook.user ?? ''),
        ),
      ),
      ...preStartOf(service).map((hook, index) =>
        hook.user === undefined ? undefined : rootUser(`${at}.x-stackctl.preStart[${index}].user`, hook.user),
      ),
    ]),
};

/** A name says nothing: what number it is stands in the image. */
function rootUser(path: string, user: string): Finding | undefined {
  const id = user.split(':')[0] ?? '';
  const isNumber = /^[0-9]{1,10}$/.test(id) && Number(id) > 0;
  return findingIf(
    !isNumber,
    path,
    user === '' ? 'the user is what the image says, which may be root' : `the user ${user} may be root`,
    'give the number of a user other than 0: user: "1000:1000"',
  );
}

const build: Rule = {
  id: 'build',
  level: 'restricted',
  check: (input) =>
    inServices(input, (service, at) => [
      findingIf(
        service.build !== undefined,
        `${at}.build`,
        'the commands of a build run as root, with all of docker’s default capabilities',
        'build the image elsewhere and name it in image',
      ),
    ]),
};

/** As whom and with what rights processes run. */
export const privilegeRules: readonly Rule[] = [
  privileged,
  capabilities,
  dropCapabilities,
  runAsNonRoot,
  build,
];
