import { posix } from 'node:path';
import type { ComposeMount } from '../compose/model.ts';
import { parseBytes } from '../compose/units.ts';
import type { HostConfig, MountConfig } from '../model/container.ts';
import { ownValue } from '../model/own-value.ts';
import { isAtLeast } from './api-version.ts';
import type { ServiceContext } from './context.ts';
import { definedOnly, nonEmptyList, nonEmptyMap, nonEmptyText, onlyTrue, sortedBy } from './defined.ts';

export interface MountPlan {
  readonly host: Pick<HostConfig, 'Binds' | 'Mounts' | 'Tmpfs'>;
  readonly anonymousVolumes: readonly string[];
  /** Images that are mounted and so must be there. */
  readonly images: readonly string[];
}

interface MountDraft {
  readonly binds: { readonly target: string; readonly text: string }[];
  readonly mounts: MountConfig[];
  readonly anonymous: string[];
}

/**
 * Binds, volumes, tmpfs and image mounts. `fileMounts` are those of configs and secrets. All are sorted by
 * target: the engine itself mounts the outer directory first, whatever the order.
 */
export function mountPlan(context: ServiceContext, fileMounts: readonly MountConfig[]): MountPlan {
  const draft: MountDraft = { binds: [], mounts: [...fileMounts], anonymous: [] };
  for (const [index, mount] of (context.service.volumes ?? []).entries()) {
    addMount(context, draft, mount, `${context.path}.volumes[${index}]`);
  }
  const images = draft.mounts.flatMap(({ Type, Source }) =>
    Type === 'image' && Source !== undefined ? [Source] : [],
  );
  return {
    host: definedOnly<MountPlan['host']>({
      Binds: nonEmptyList(sortedBy(draft.binds, ({ target }) => target).map(({ text }) => text)),
      Mounts: nonEmptyList(sortedBy(draft.mounts, ({ Target }) => Target)),
      Tmpfs: nonEmptyMap(tmpfs(context.service.tmpfs ?? [])),
    }),
    anonymousVolumes: [...draft.anonymous].sort(),
    images,
  };
}

function addMount(context: ServiceContext, draft: MountDraft, mount: ComposeMount, path: string): void {
  const placed = { ...mount, target: cleaned(mount.target) };
  switch (mount.type) {
    case 'bind':
      addBind(context, draft, placed, path);
      break;
    case 'volume':
      addVolume(context, draft, placed, path);
      break;
    case 'tmpfs':
      draft.mounts.push(tmpfsMount(context, placed, path));
      break;
    case 'image':
      draft.mounts.push(imageMount(placed));
      break;
    case 'npipe':
    case 'cluster':
      // The table of capabilities refuses these.
      break;
  }
}

/**
 * A bind whose directory may be made when it is missing is written in the old form, `source:target`: only
 * that makes it on every engine (mounts learned it with API 1.42), and only that knows SELinux labels. The
 * form depends on the manifest alone, so that a newer engine changes no hash.
 *
 * The directory may be made where nothing is said about it: without any `bind:`, as the specification has it. A
 * `bind:` without `create_host_path` leaves it alone, as docker compose 2.40 does.
 */
function addBind(context: ServiceContext, draft: MountDraft, written: ComposeMount, path: string): void {
  const { bind = { create_host_path: true } } = written;
  const mount = { ...written, bind };
  const { source = '', target } = mount;
  if (!posix.isAbsolute(source)) {
    context.report.error(`${path}.source`, {
      code: 'PathNotAbsolute',
      message: `${source} is not an absolute path of a Linux host`,
    });
    return;
  }
  const hasRecursion = bind.recursive !== undefined && bind.recursive !== 'enabled';
  const wantsOldForm = bind.create_host_path === true || bind.selinux !== undefined;
  if (!wantsOldForm || hasRecursion || source.includes(':')) {
    checkMountpoint(context, mount, path);
    draft.mounts.push(bindMount(mount));
    return;
  }
  const options = [mount.read_only === true ? 'ro' : '', bind.propagation ?? '', bind.selinux ?? ''];
  const text = [cleaned(source), target, nonEmptyText(options.filter((option) => option !== '').join(','))];
  draft.binds.push({ target, text: text.filter((part) => part !== undefined).join(':') });
}

/** What the old form cannot say leaves only the new one, which makes no directory before API 1.42. */
function checkMountpoint(context: ServiceContext, { source = '', bind }: ComposeMount, path: string): void {
  const { files, report, request } = context;
  const { apiVersion } = request.engine;
  if (bind?.create_host_path !== true || isAtLeast(apiVersion, '1.42') || files.kind(source) !== 'missing')
    return;
  report.error(`${path}.bind.create_host_path`, {
    code: 'UnsupportedByEngine',
    message: `to create ${source} needs Engine API 1.42, and this engine speaks ${apiVersion}`,
    hint: 'create the directory yourself',
  });
}

function bindMount({ source = '', target, read_only, bind = {} }: ComposeMount): MountConfig {
  const options = definedOnly<NonNullable<MountConfig['BindOptions']>>({
    Propagation: nonEmptyText(bind.propagation),
    CreateMountpoint: onlyTrue(bind.create_host_path),
    NonRecursive: onlyTrue(bind.recursive === 'disabled'),
    ReadOnlyNonRecursive: onlyTrue(bind.recursive === 'writable'),
    ReadOnlyForceRecursive: onlyTrue(bind.recursive === 'readonly'),
  });
  return definedOnly<MountConfig>({
    Type: 'bind',
    Source: cleaned(source),
    Target: target,
    ReadOnly: onlyTrue(read_only),
    BindOptions: Object.keys(options).length === 0 ? undefined : options,
  });
}

function addVolume(context: ServiceContext, draft: MountDraft, mount: ComposeMount, path: string): void {
  const { source, target, volume = {} } = mount;
  warnOfBindOptions(context, mount, path);
  const options = definedOnly<NonNullable<MountConfig['VolumeOptions']>>({
    NoCopy: onlyTrue(volume.nocopy),
    Subpath: nonEmptyText(volume.subpath),
  });
  const hasOptions = Object.keys(options).length > 0;
  if (source === undefined || source === '') {
    draft.anonymous.push(target);
    if (hasOptions || mount.read_only === true) {
      context.report.error(path, {
        code: 'Unsupported',
        message: 'a volume without a name cannot be read-only nor have options',
        hint: 'declare it under volumes and give its name as the source',
      });
    }
    return;
  }
  const declared = ownValue(context.request.project.volumes, source);
  if (declared === undefined) {
    context.report.error(`${path}.source`, {
      code: 'UnknownReference',
      message: `there is no volume ${source}`,
      hint: 'declare it under volumes',
    });
    return;
  }
  draft.mounts.push(
    definedOnly<MountConfig>({
      Type: 'volume',
      Source: declared.name,
      Target: target,
      ReadOnly: onlyTrue(mount.read_only),
      VolumeOptions: hasOptions ? options : undefined,
    }),
  );
}

/**
 * `data:/data:Z`: an engine takes these words of a volume in the old form only, in which volumes are not asked for here,
 * since what is made anew, handed over and kept goes by the mounts.
 */
function warnOfBindOptions({ report }: ServiceContext, { bind }: ComposeMount, path: string): void {
  const words = [bind?.selinux, bind?.propagation].filter((word) => nonEmptyText(word) !== undefined);
  if (words.length === 0) return;
  report.warn(path, {
    code: 'IgnoredAttribute',
    message: `${words.join(' and ')} has no effect on a volume`,
    hint: 'mount a directory of the host with it, or label the volume on the host',
  });
}

function tmpfsMount(context: ServiceContext, mount: ComposeMount, path: string): MountConfig {
  const size = mount.tmpfs?.size === undefined ? undefined : parseBytes(mount.tmpfs.size);
  if (size === undefined && mount.tmpfs?.size !== undefined) {
    context.report.error(`${path}.tmpfs.size`, {
      code: 'InvalidValue',
      message: `${mount.tmpfs.size} is not a size`,
      hint: 'write it like 64m',
    });
  }
  const options = definedOnly<NonNullable<MountConfig['TmpfsOptions']>>({
    SizeBytes: size === 0 ? undefined : size,
    Mode: mount.tmpfs?.mode,
  });
  return definedOnly<MountConfig>({
    Type: 'tmpfs',
    Target: mount.target,
    ReadOnly: onlyTrue(mount.read_only),
    TmpfsOptions: Object.keys(options).length === 0 ? undefined : options,
  });
}

function imageMount({ source, target, read_only, image }: ComposeMount): MountConfig {
  const subpath = nonEmptyText(image?.subpath);
  return definedOnly<MountConfig>({
    Type: 'image',
    Source: source,
    Target: target,
    ReadOnly: onlyTrue(read_only),
    ImageOptions: subpath === undefined ? undefined : { Subpath: subpath },
  });
}

/** `path[:options]` each; the options as the engine takes them. */
function tmpfs(entries: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    entries.map((entry) => {
      const end = entry.indexOf(':');
      return end === -1 ? [cleaned(entry), ''] : [cleaned(entry.slice(0, end)), entry.slice(end + 1)];
    }),
  );
}

/** As the engine shows it: without `..`, doubled slashes and the last one. */
function cleaned(path: string): string {
  return posix.normalize(path).replace(/(.)\/$/, '$1');
}
