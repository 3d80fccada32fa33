import { cleanPath } from '../model/clean-path.ts';
import type { Position } from '../model/problem.ts';
import { mappingOf, scalarTree, type Tree } from './tree.ts';

/** A mount in Compose's short syntax, `[source:]target[:options]`, taken apart. */
export interface ShortMount {
  readonly type: 'bind' | 'volume';
  readonly source: string | undefined;
  readonly target: string;
  readonly readOnly: boolean;
  readonly noCopy: boolean;
  readonly propagation: string | undefined;
  readonly selinux: string | undefined;
}

export type ShortMountResult =
  | { readonly ok: true; readonly mount: ShortMount }
  | { readonly ok: false; readonly message: string };

/**
 * Reads a short mount. A source that starts with `.`, `/` or `~`, or that looks like a Windows drive, is
 * a path of the host: single-letter volume names read as drives, as in docker compose. Options that are
 * not known are ignored, as there.
 */
export function parseMount(text: string): ShortMountResult {
  if (text === '') return { ok: false, message: 'the mount is empty' };
  if (text.length <= 2) return { ok: true, mount: mountOf(undefined, text, []) };
  const parts = splitParts(text);
  if (parts.some((part) => part === '')) return { ok: false, message: 'a part between colons is empty' };
  if (parts.length > 3) return { ok: false, message: 'there are too many colons' };
  const [first = '', second, options] = parts;
  if (second === undefined) return { ok: true, mount: mountOf(undefined, first, []) };
  return { ok: true, mount: mountOf(first, second, options?.split(',') ?? []) };
}

/** The long form of a short mount. */
export function mountToLong(mount: ShortMount, at: Position): Tree {
  const text = (value: string | undefined) => (value === undefined ? undefined : scalarTree(value, at));
  const truth = (value: boolean) => (value ? scalarTree(true, at) : undefined);
  const hasBind = mount.type === 'bind' || mount.propagation !== undefined || mount.selinux !== undefined;
  return mappingOf(
    {
      type: text(mount.type),
      source: text(mount.source),
      target: text(cleanPath(mount.target)),
      read_only: truth(mount.readOnly),
      bind: hasBind
        ? mappingOf(
            {
              selinux: text(mount.selinux),
              propagation: text(mount.propagation),
              create_host_path: truth(mount.type === 'bind'),
            },
            at,
          )
        : undefined,
      volume: hasVolume(mount) ? mappingOf({ nocopy: truth(mount.noCopy) }, at) : undefined,
    },
    at,
  );
}

/** docker compose reads a text of one or two letters apart from the others, without options. */
function hasVolume(mount: ShortMount): boolean {
  if (mount.noCopy) return true;
  return mount.type === 'volume' && (mount.source !== undefined || mount.target.length > 2);
}

const propagations: ReadonlySet<string> = new Set([
  'rprivate',
  'private',
  'rshared',
  'shared',
  'rslave',
  'slave',
]);

function mountOf(source: string | undefined, target: string, options: readonly string[]): ShortMount {
  const access = options.findLast((option) => option === 'ro' || option === 'rw');
  return {
    type: source !== undefined && isHostPath(source) ? 'bind' : 'volume',
    source,
    target,
    readOnly: access === 'ro',
    noCopy: options.includes('nocopy'),
    propagation: options.findLast((option) => propagations.has(option)),
    selinux: options.findLast((option) => option === 'z' || option === 'Z'),
  };
}

function isHostPath(source: string): boolean {
  return /^[./~]/.test(source) || source.startsWith('\\\\') || /^\p{L}:/u.test(source);
}

/** Colons separate, except after a single letter at the start of a part: `C:\data:/data`. */
function splitParts(text: string): readonly string[] {
  const parts: string[] = [];
  let part = '';
  for (const character of text) {
    if (character === ':' && !/^\p{L}$/u.test(part)) {
      parts.push(part);
      part = '';
    } else {
      part += character;
    }
  }
  parts.push(part);
  return parts;
}
