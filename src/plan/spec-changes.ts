import type { DesiredContainer } from '../model/desired.ts';
import type { FieldChange } from '../model/plan.ts';

/** Parts of a container that the spec hash covers, by the name under which their fields are shown. */
const PARTS = [
  'config',
  'host',
  'networkMode',
  'ipc',
  'pid',
  'volumesFrom',
  'anonymousVolumes',
  'platform',
  'hooks',
] as const;

const LONGEST_VALUE = 80;

/**
 * Which fields of a container's spec differ, for people: hashes say that something changed and not what. Values of
 * the environment and contents of files are never shown, since they may be secrets.
 */
export function specChanges(before: DesiredContainer, after: DesiredContainer): readonly FieldChange[] {
  const fields = PARTS.flatMap((part) => differences(part, before[part], after[part]));
  const environment = environmentChanges(before.config.Env ?? [], after.config.Env ?? []);
  return [...fields, ...environment, ...fileChanges(before, after)];
}

function differences(path: string, before: unknown, after: unknown): readonly FieldChange[] {
  // The engine's own spelling of the parts is no help to the reader: `Healthcheck.Interval` is.
  const shown = path.replace(/^(?:config|host)\.?/, '');
  if (shown === 'Env') return [];
  if (isRecord(before) && isRecord(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return keys.flatMap((key) => differences(path === '' ? key : `${path}.${key}`, before[key], after[key]));
  }
  const from = text(path, before);
  const to = text(path, after);
  if (from === to) return [];
  if (MAY_HOLD_SECRETS.test(shown)) return [{ path: shown, from: '(a value)', to: '(another value)' }];
  return [{ path: shown, from: shorten(from), to: shorten(to) }];
}

/** Passwords stand in command lines and labels too, by way of variables. */
const MAY_HOLD_SECRETS = /^(?:Cmd|Entrypoint|Healthcheck\.Test|Labels\.|hooks)/;

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const IN_NANOSECONDS = /\.Healthcheck\.(?:Interval|Timeout|StartPeriod|StartInterval)$/;

function text(path: string, value: unknown): string {
  if (value === undefined) return '(unset)';
  if (typeof value === 'number' && IN_NANOSECONDS.test(path)) return `${value / 1e9}s`;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

const shorten = (value: string): string =>
  value.length <= LONGEST_VALUE ? value : `${value.slice(0, LONGEST_VALUE - 3)}...`;

/** Which variables differ between two lists of `NAME=value`, without their values. */
export function environmentChanges(
  before: readonly string[],
  after: readonly string[],
): readonly FieldChange[] {
  const from = variables(before);
  const to = variables(after);
  const names = [...new Set([...from.keys(), ...to.keys()])].sort();
  return names
    .filter((name) => from.get(name) !== to.get(name))
    .map((name) => ({
      path: `Env.${name}`,
      from: from.has(name) ? '(a value)' : '(unset)',
      to: to.has(name) ? '(another value)' : '(unset)',
    }));
}

function variables(entries: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    entries.map((entry) => {
      const at = entry.indexOf('=');
      return at < 0 ? [entry, ''] : [entry.slice(0, at), entry.slice(at)];
    }),
  );
}

function fileChanges(before: DesiredContainer, after: DesiredContainer): readonly FieldChange[] {
  const from = new Map(before.files.map((file) => [file.target, JSON.stringify(file)]));
  const to = new Map(after.files.map((file) => [file.target, JSON.stringify(file)]));
  const targets = [...new Set([...from.keys(), ...to.keys()])].sort();
  return targets
    .filter((target) => from.get(target) !== to.get(target))
    .map((target) => ({
      path: `files.${target}`,
      from: from.has(target) ? '(a content)' : '(none)',
      to: to.has(target) ? '(another content)' : '(none)',
    }));
}
