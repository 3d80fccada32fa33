import { posix } from 'node:path';
import type { HostConfig } from '../model/container.ts';
import type { ServiceContext } from './context.ts';
import { definedOnly, nonEmptyList, onlyTrue, sortedSet } from './defined.ts';

type SecurityConfig = Pick<
  HostConfig,
  'CapAdd' | 'CapDrop' | 'Privileged' | 'ReadonlyRootfs' | 'SecurityOpt' | 'MaskedPaths' | 'ReadonlyPaths'
>;

/** docker's own word for "mask and protect nothing below /proc and /sys"; no option of the engine. */
const UNCONFINED_SYSTEM_PATHS = 'systempaths=unconfined';
/** Profiles that the engine knows by name; anything else is a file that the client reads. */
const NAMED_PROFILES: readonly string[] = ['unconfined', 'builtin'];

/** What the container's processes may do. */
export function securityConfig(context: ServiceContext): SecurityConfig {
  const { service } = context;
  const options = (service.security_opt ?? []).map(withEqualsSign);
  const unconfined = options.includes(UNCONFINED_SYSTEM_PATHS);
  const forEngine = options
    .map((option, index) => ({ option, index }))
    .filter(({ option }) => option !== UNCONFINED_SYSTEM_PATHS)
    .map(({ option, index }) => inlineProfile(context, option, index));
  return definedOnly<SecurityConfig>({
    CapAdd: nonEmptyList(capabilityNames(service.cap_add)),
    CapDrop: nonEmptyList(capabilityNames(service.cap_drop)),
    Privileged: onlyTrue(service.privileged),
    ReadonlyRootfs: onlyTrue(service.read_only),
    SecurityOpt: nonEmptyList(sortedSet(forEngine)),
    MaskedPaths: unconfined ? [] : undefined,
    ReadonlyPaths: unconfined ? [] : undefined,
  });
}

/** `net_admin`, `CAP_NET_ADMIN` and `NET_ADMIN` are one: the engine keeps what it was sent, so send one. */
function capabilityNames(names: readonly string[] | undefined): readonly string[] {
  return sortedSet((names ?? []).map((name) => name.toUpperCase().replace(/^CAP_/, '')));
}

/**
 * `key:value` is the older way to write `key=value`; `no-new-privileges` alone is `=true`. Labels stay as they are
 * written: docker compose sends them so, and an engine shows what it was sent.
 */
function withEqualsSign(option: string): string {
  if (option.startsWith('label:')) return option;
  if (option === 'no-new-privileges') return 'no-new-privileges=true';
  const end = option.search(/[:=]/);
  return end === -1 ? option : `${option.slice(0, end)}=${option.slice(end + 1)}`;
}

/** A seccomp profile in a file: its text is sent, as the engine does not see the client's files. */
function inlineProfile(context: ServiceContext, option: string, index: number): string {
  const profile = /^seccomp=(.*)$/s.exec(option)?.[1];
  if (profile === undefined || NAMED_PROFILES.includes(profile) || profile.trimStart().startsWith('{')) {
    return option;
  }
  const path = posix.resolve(context.request.workingDirectory, profile);
  const file = context.files.readText(path);
  const compact = file.ok ? compactJson(file.text) : undefined;
  if (compact === undefined) {
    context.report.error(`${context.path}.security_opt[${index}]`, {
      code: file.ok ? 'InvalidSeccompProfile' : 'FileUnreadable',
      message: file.ok
        ? `the seccomp profile ${profile} is not JSON`
        : `the seccomp profile ${profile} cannot be read: ${file.message}`,
      hint: 'give the path of a JSON profile, or unconfined',
    });
    return option;
  }
  return `seccomp=${compact}`;
}

function compactJson(text: string): string | undefined {
  try {
    return JSON.stringify(JSON.parse(text.replace(/^\uFEFF/, '')));
  } catch {
    return undefined;
  }
}
