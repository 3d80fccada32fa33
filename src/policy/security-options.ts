import type { ComposeService } from '../compose/model.ts';
import { type Finding, findingIf, inServices, type Rule } from './rule.ts';

/** An entry of `security_opt`, taken apart: `no-new-privileges` alone means true. */
export interface SecurityOption {
  readonly index: number;
  readonly key: string;
  readonly value: string;
}

/** The entries of `security_opt`, in order. */
export function optionsOf(service: ComposeService): readonly SecurityOption[] {
  return (service.security_opt ?? []).map((text, index) => {
    const end = text.search(/[:=]/);
    if (end === -1) return { index, key: text.trim(), value: 'true' };
    return { index, key: text.slice(0, end).trim(), value: text.slice(end + 1).trim() };
  });
}

/** As Go's `strconv.ParseBool`, by which the engine reads it. */
export const isTrue = (value: string): boolean => ['1', 't', 'T', 'TRUE', 'true', 'True'].includes(value);

const SELINUX_TYPES: readonly string[] = [
  'container_t',
  'container_init_t',
  'container_kvm_t',
  'container_engine_t',
];

interface Verdict {
  readonly rule: string;
  readonly message: string;
  readonly hint: string;
}

const takeAway = 'take the option away';

/** What an option breaks; undefined: nothing. Options that are not known break `security-opt`. */
function judge({ key, value }: SecurityOption): Verdict | undefined {
  switch (key) {
    case 'no-new-privileges':
      return isTrue(value)
        ? undefined
        : {
            rule: 'no-new-privileges',
            message: 'processes are allowed to gain privileges',
            hint: takeAway,
          };
    case 'seccomp':
      return value === 'builtin'
        ? undefined
        : {
            rule: 'seccomp',
            message:
              value === 'unconfined'
                ? 'the filter of system calls is off'
                : 'the filter of system calls is the manifest’s own, which may let through anything',
            hint: `${takeAway}: the engine’s own profile is in force then`,
          };
    case 'apparmor':
      return value === 'unconfined'
        ? { rule: 'apparmor', message: 'AppArmor is off', hint: takeAway }
        : undefined;
    case 'label':
      return selinux(value);
    case 'systempaths':
      return { rule: 'proc-mount', message: 'nothing below /proc and /sys is masked', hint: takeAway };
    default:
      return {
        rule: 'security-opt',
        message: `the option ${key} is not one that this level knows`,
        hint: takeAway,
      };
  }
}

function selinux(value: string): Verdict | undefined {
  const [part = '', name = ''] = value.split(':');
  if (part === 'level' || (part === 'type' && SELINUX_TYPES.includes(name))) return undefined;
  const message = part === 'disable' ? 'SELinux is off' : `the SELinux ${part} is one that may do more`;
  return { rule: 'selinux', message, hint: takeAway };
}

const optionRule = (id: string): Rule => ({
  id,
  level: 'baseline',
  check: (input) =>
    inServices(input, (service, at) =>
      optionsOf(service).map((option): Finding | undefined => {
        const verdict = judge(option);
        if (verdict?.rule !== id) return undefined;
        return { path: `${at}.security_opt[${option.index}]`, message: verdict.message, hint: verdict.hint };
      }),
    ),
});

const privilegeEscalation: Rule = {
  id: 'privilege-escalation',
  level: 'restricted',
  check: (input) =>
    inServices(input, (service, at) => [
      findingIf(
        !optionsOf(service).some(({ key, value }) => key === 'no-new-privileges' && isTrue(value)),
        `${at}.security_opt`,
        'a process may gain privileges, as by a setuid program',
        'add security_opt: [no-new-privileges:true]',
      ),
    ]),
};

/** The barriers of the kernel that an option can take away. */
export const securityOptionRules: readonly Rule[] = [
  ...['seccomp', 'apparmor', 'selinux', 'proc-mount', 'no-new-privileges', 'security-opt'].map(optionRule),
  privilegeEscalation,
];
