import type { MountConfig } from '../model/container.ts';
import type { DesiredContainer } from '../model/desired.ts';
import type { ObservedContainer } from '../model/observed.ts';
import type { FieldChange } from '../model/plan.ts';

/** A mount, however it was asked for; options as words, sorted. */
interface Mount {
  readonly target: string;
  readonly meaning: string;
}

/**
 * Mounts by their meaning: binds and mounts are two ways to ask for the same. A file that we put into a container
 * docker compose may have mounted instead, and a volume that nobody named has the engine's name in one that it made.
 */
export function mountChanges(
  desired: DesiredContainer,
  live: ObservedContainer,
  imageVolumes: readonly string[],
): readonly FieldChange[] {
  const { host } = live.madeFrom;
  const wanted = byTarget([
    ...(desired.host.Mounts ?? []).map(fromMount),
    ...(desired.host.Binds ?? []).map(fromBind),
  ]);
  const had = byTarget([
    ...((host['Mounts'] as readonly MountConfig[] | null | undefined) ?? []).map(fromMount),
    ...((host['Binds'] as readonly string[] | null | undefined) ?? []).map(fromBind),
  ]);
  const files = new Set(desired.files.map(({ target }) => target));
  const anonymous = new Set([...desired.anonymousVolumes, ...imageVolumes].map(withoutSlash));
  const shown = new Set(
    live.mounts.filter(({ type }) => type === 'volume').map(({ target }) => withoutSlash(target)),
  );
  const targets = [
    ...new Set([...wanted.keys(), ...had.keys(), ...desired.anonymousVolumes.map(withoutSlash)]),
  ].sort();
  return targets.flatMap((target) => {
    const to = wanted.get(target) ?? (anonymous.has(target) ? 'a volume' : undefined);
    const from = to === 'a volume' && shown.has(target) ? to : had.get(target);
    if (from === to || (to === undefined && files.has(target))) return [];
    return [{ path: `volumes.${target}`, from: from ?? '(none)', to: to ?? '(none)' }];
  });
}

function byTarget(mounts: readonly Mount[]): ReadonlyMap<string, string> {
  return new Map(mounts.map(({ target, meaning }) => [withoutSlash(target), meaning]));
}

const withoutSlash = (path: string): string => path.replace(/(.)\/+$/, '$1');

/** `SOURCE:TARGET[:OPTIONS]`. */
function fromBind(bind: string): Mount {
  const [source = '', target = '', options = ''] = bind.split(':');
  const words = options.split(',').filter((word) => !['', 'rw', 'rprivate'].includes(word));
  return mount(source.startsWith('/') ? 'bind' : 'volume', source, target, words);
}

function fromMount({ Type, Source = '', Target, ...more }: MountConfig): Mount {
  const { BindOptions: bind, VolumeOptions: volume, TmpfsOptions: tmpfs, ImageOptions: image } = more;
  const subpath = volume?.Subpath || image?.Subpath;
  const said: readonly (readonly [unknown, string])[] = [
    [more.ReadOnly, 'ro'],
    [bind?.Propagation !== 'rprivate' && bind?.Propagation, `${bind?.Propagation}`],
    [bind?.NonRecursive, 'nonrecursive'],
    [volume?.NoCopy, 'nocopy'],
    [subpath, `subpath=${subpath}`],
    [tmpfs?.SizeBytes, `size=${tmpfs?.SizeBytes}`],
    [tmpfs?.Mode, `mode=${tmpfs?.Mode}`],
  ];
  return mount(
    Type,
    Source,
    Target,
    said.flatMap(([isSaid, word]) => (isSaid ? [word] : [])),
  );
}

function mount(type: string, source: string, target: string, options: readonly string[]): Mount {
  const words = [type, withoutSlash(source), ...[...options].sort()].filter((word) => word !== '');
  return { target, meaning: words.join(' ') };
}
