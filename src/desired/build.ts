import { posix } from 'node:path';
import type { ComposeBuild } from '../compose/model.ts';
import { parseBytes } from '../compose/units.ts';
import type { DesiredBuild } from '../model/desired.ts';
import { isIgnored } from './capability.ts';
import { BUILD_CAPABILITIES } from './capability-details.ts';
import type { ServiceContext } from './context.ts';
import { compareText, nonEmptyText } from './defined.ts';
import { canonicalJson, sha256 } from './hash.ts';
import { extraHosts } from './host-settings.ts';
import { ownLabels } from './names.ts';

const DEFAULT_DOCKERFILE = 'Dockerfile';

/** How an image is built; undefined when it cannot be, which is then reported. */
export function resolveBuild(context: ServiceContext, build: ComposeBuild): DesiredBuild | undefined {
  checkAttributes(context, build);
  const path = `${context.path}.build`;
  if (!posix.isAbsolute(build.context)) {
    context.report.error(`${path}.context`, {
      code: 'Unsupported',
      message: `${build.context} is not a directory of this host: a manifest builds from what lies beside it`,
      hint: 'give a directory, or an image that was built elsewhere',
    });
    return undefined;
  }
  const recipe = dockerfile(context, build);
  if (recipe === undefined) return undefined;
  const content = context.files.digestContext(
    build.context,
    recipe.inline === undefined ? recipe.path : undefined,
  );
  if (content === undefined) {
    context.report.error(`${path}.context`, {
      code: 'FileUnreadable',
      message: `the build context ${build.context} cannot be read`,
      hint: 'create the directory, or correct its path',
    });
    return undefined;
  }
  const resolved = {
    context: build.context,
    dockerfile: recipe.path,
    dockerfileInline: recipe.inline,
    args: buildArguments(build.args),
    target: nonEmptyText(build.target),
    labels: ownLabels(build.labels, `${path}.labels`, context.report),
    network: nonEmptyText(build.network),
    extraHosts: extraHosts(build.extra_hosts ?? []),
    cacheFrom: build.cache_from ?? [],
    shmSizeBytes: build.shm_size === undefined ? undefined : parseBytes(build.shm_size),
    noCache: build.no_cache ?? false,
    pull: build.pull ?? false,
    tags: [...(build.tags ?? [])].sort(),
  };
  return { ...resolved, digest: `sha256:${sha256(canonicalJson({ ...resolved, content }))}` };
}

/** Arguments without a value were to come from an environment that has none for them. */
function buildArguments(args: ComposeBuild['args']): Readonly<Record<string, string>> {
  const given = Object.entries(args ?? {}).filter((entry): entry is [string, string] => entry[1] !== null);
  return Object.fromEntries(given.sort(([left], [right]) => compareText(left, right)));
}

interface Recipe {
  /** Relative to the context. */
  readonly path: string;
  readonly inline: string | undefined;
}

/** A Dockerfile outside its context is read and sent along, since the engine sees the context only. */
function dockerfile(context: ServiceContext, build: ComposeBuild): Recipe | undefined {
  if (build.dockerfile_inline !== undefined) {
    return { path: DEFAULT_DOCKERFILE, inline: build.dockerfile_inline };
  }
  const absolute = posix.resolve(build.context, build.dockerfile ?? DEFAULT_DOCKERFILE);
  const relative = posix.relative(build.context, absolute);
  if (relative !== '..' && !relative.startsWith('../')) return { path: relative, inline: undefined };
  const file = context.files.readText(absolute);
  if (file.ok) return { path: DEFAULT_DOCKERFILE, inline: file.text };
  context.report.error(`${context.path}.build.dockerfile`, {
    code: 'FileUnreadable',
    message: `${absolute} cannot be read: ${file.message}`,
    hint: 'correct its path, which is relative to the context',
  });
  return undefined;
}

function checkAttributes(context: ServiceContext, build: ComposeBuild): void {
  for (const [attribute, capability] of Object.entries(BUILD_CAPABILITIES)) {
    const value = build[attribute as keyof ComposeBuild];
    if (isUnset(value)) continue;
    const { refused, note = '' } = capability;
    if (refused !== undefined) {
      context.report.error(`${context.path}.build.${attribute}`, {
        code: 'Unsupported',
        message: refused,
        hint: 'build the image elsewhere and name it in image',
      });
    } else if (isIgnored(capability)) {
      context.report.warn(`${context.path}.build.${attribute}`, {
        code: 'IgnoredAttribute',
        message: `${attribute} has ${note}`,
      });
    }
  }
  if ((build.platforms ?? []).length > 1 && context.service.platform === undefined) {
    context.report.error(`${context.path}.build.platforms`, {
      code: 'Unsupported',
      message: 'an engine builds for one platform at a time',
      hint: 'name the platform of this host in platform',
    });
  }
}

function isUnset(value: unknown): boolean {
  if (value === undefined || value === null || value === false) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
