import { capabilityName, DEFAULT_CAPABILITIES } from '../../policy/privileges.ts';
import { isTrue, optionsOf } from '../../policy/security-options.ts';
import { dockerfileOf } from '../dockerfile.ts';
import { inServices, type LintRule, type Spot, spotIf } from '../rule.ts';

const SAID_BY = 'https://kubernetes.io/docs/concepts/security/pod-security-standards/';

const privileged: LintRule = {
  id: 'privileged',
  severity: 'error',
  category: 'security',
  title: 'a privileged container',
  reason: 'It sees all devices and has all capabilities: root in it is root on the host.',
  fix: 'take privileged away, and add the one device or capability that is needed',
  check: (input) =>
    inServices(input, ({ service, at }) => [
      spotIf(service.privileged === true, `${at}.privileged`, 'nothing stands between it and the host'),
    ]),
};

const isRoot = (user: string): boolean => /^(root|0+)(:|$)/.test(user);

const root: LintRule = {
  id: 'root-user',
  severity: 'warning',
  category: 'security',
  title: 'a container that runs as root',
  reason:
    'Root in a container is root on the host, kept in by the kernel alone. A fault in it gives the host away.',
  fix: 'give another user: user: "1000:1000"',
  reference: SAID_BY,
  check: (input) =>
    inServices(input, ({ service, at }) => [
      spotIf(isRoot(service.user ?? ''), `${at}.user`, 'it runs as root'),
      ...(['post_start', 'pre_stop'] as const).flatMap((phase) =>
        (service[phase] ?? []).map((hook, index) =>
          spotIf(isRoot(hook.user ?? ''), `${at}.${phase}[${index}].user`, 'the hook runs as root'),
        ),
      ),
    ]),
};

const noUser: LintRule = {
  id: 'user-not-set',
  severity: 'info',
  category: 'security',
  title: 'nobody says as whom the container runs',
  reason: 'The image decides then, and most images mean root.',
  fix: 'give a user that the image has: user: "1000:1000"',
  check: (input) =>
    inServices(input, ({ service, at }) => [
      spotIf(
        // What a Dockerfile beside the manifest says, another rule looks at.
        (service.user ?? '') === '' && dockerfileOf(service, input.files) === undefined,
        `${at}.user`,
        'the image decides as whom it runs, which may be root',
      ),
    ]),
};

const capabilities: LintRule = {
  id: 'capabilities-not-dropped',
  severity: 'warning',
  category: 'security',
  title: 'a container keeps capabilities',
  reason: 'Docker leaves a container fourteen powers of root, and most programs need none of them.',
  fix: 'add cap_drop: [ALL], and give back with cap_add what the program misses',
  reference: SAID_BY,
  check: (input) =>
    inServices(input, ({ service, at }) => [
      spotIf(
        service.privileged !== true &&
          !(service.cap_drop ?? []).some((name) => capabilityName(name) === 'ALL'),
        `${at}.cap_drop`,
        'it keeps the capabilities that Docker gives to all',
      ),
    ]),
};

const added: LintRule = {
  id: 'dangerous-capability',
  severity: 'error',
  category: 'security',
  title: 'a capability that reaches beyond the container',
  reason: 'With capabilities such as SYS_ADMIN, SYS_PTRACE or NET_ADMIN a container gets at the host.',
  fix: 'take it away, or waive it with the reason why the program needs it',
  check: (input) =>
    inServices(input, ({ service, at }) =>
      (service.cap_add ?? []).map((name, index) =>
        spotIf(
          !DEFAULT_CAPABILITIES.has(capabilityName(name)),
          `${at}.cap_add[${index}]`,
          `${name} is none of the capabilities that Docker gives to all`,
        ),
      ),
    ),
};

const noNewPrivileges: LintRule = {
  id: 'no-new-privileges',
  severity: 'warning',
  category: 'security',
  title: 'processes may gain privileges',
  reason: 'A setuid program in the image, such as su, makes root of whoever runs it.',
  fix: 'add security_opt: ["no-new-privileges:true"]',
  check: (input) =>
    inServices(input, ({ service, at }) => {
      const isSet = optionsOf(service).some(({ key, value }) => key === 'no-new-privileges' && isTrue(value));
      return [
        spotIf(
          !isSet && service.privileged !== true,
          `${at}.security_opt`,
          'a setuid program makes root of a user',
        ),
      ];
    }),
};

/** What takes a barrier of the kernel away, by option and value. */
const OFF: Readonly<Record<string, RegExp>> = {
  seccomp: /^unconfined$/,
  apparmor: /^unconfined$/,
  label: /^disable$/,
  systempaths: /^unconfined$/,
};

const profileOff: LintRule = {
  id: 'security-profile-off',
  severity: 'error',
  category: 'security',
  title: 'a barrier of the kernel is taken away',
  reason: 'seccomp, AppArmor, SELinux and the masks below /proc each stop attacks that nothing else stops.',
  fix: 'take the option away, or give a profile that lets through the one call that is needed',
  check: (input) =>
    inServices(input, ({ service, at }) =>
      optionsOf(service).map(({ key, value, index }) =>
        spotIf(OFF[key]?.test(value) === true, `${at}.security_opt[${index}]`, `${key} is off`),
      ),
    ),
};

const writableRoot: LintRule = {
  id: 'writable-root',
  severity: 'warning',
  category: 'security',
  title: 'the root file system can be written',
  reason: 'Whoever runs code in the container can change its programs, and leave some that stay.',
  fix: 'add read_only: true, with tmpfs for the places that the program writes to: tmpfs: [/tmp]',
  check: (input) =>
    inServices(input, ({ service, at }): readonly (Spot | undefined)[] => [
      spotIf(service.read_only !== true, `${at}.read_only`, 'its programs can be changed while it runs'),
    ]),
};

const privilegedBuild: LintRule = {
  id: 'privileged-build',
  severity: 'error',
  category: 'security',
  title: 'a build with more rights than a build needs',
  reason: 'Whatever a Dockerfile downloads runs with these rights on the host.',
  fix: 'take privileged, entitlements and network: host away from build',
  check: (input) =>
    inServices(input, ({ service: { build }, at }) => [
      spotIf(build?.privileged === true, `${at}.build.privileged`, 'the build is privileged'),
      spotIf(
        (build?.entitlements ?? []).length > 0,
        `${at}.build.entitlements`,
        'the build has entitlements',
      ),
      spotIf(build?.network === 'host', `${at}.build.network`, 'the build is in the network of the host'),
    ]),
};

/** As whom and with what rights processes run. */
export const privilegeRules: readonly LintRule[] = [
  privileged,
  root,
  noUser,
  capabilities,
  added,
  noNewPrivileges,
  profileOff,
  writableRoot,
  privilegedBuild,
];
