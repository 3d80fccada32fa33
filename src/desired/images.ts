import type { ComposeService } from '../compose/model.ts';
import type { DesiredImage, PullPolicy } from '../model/desired.ts';
import { resolveBuild } from './build.ts';
import type { ServiceContext } from './context.ts';
import { compareText } from './defined.ts';
import { imageName } from './names.ts';
import { durationMs } from './units.ts';

const HOUR_MS = 3_600_000;

/** The image of a service; what it mounts as images comes beside it. */
export function resolveImage(context: ServiceContext): DesiredImage {
  const { service, request, name } = context;
  return {
    ref: imageName(request.project.name, name, service),
    platform: servicePlatform(service),
    pullPolicy: pullPolicy(context),
    build: service.build === undefined ? undefined : resolveBuild(context, service.build),
  };
}

/** The platform of the image and of the containers; undefined: the engine's own. */
export function servicePlatform(service: ComposeService): string | undefined {
  const [only, ...more] = service.build?.platforms ?? [];
  return service.platform ?? (more.length === 0 ? only : undefined);
}

/** An image that is only mounted. */
export function mountedImage(ref: string): DesiredImage {
  return { ref, platform: undefined, pullPolicy: { kind: 'missing' }, build: undefined };
}

/**
 * One entry an image, sorted by reference. When services disagree on how it is had, the most eager wins: to
 * build it, then to pull it more often.
 */
export function mergeImages(images: readonly DesiredImage[]): readonly DesiredImage[] {
  const merged = new Map<string, DesiredImage>();
  for (const image of images) {
    const key = `${image.ref} ${image.platform ?? ''}`;
    const other = merged.get(key);
    if (other === undefined || eagerness(image) > eagerness(other)) merged.set(key, image);
  }
  return [...merged.entries()].sort(([left], [right]) => compareText(left, right)).map(([, image]) => image);
}

/** A number that only compares: a build outranks every pull, a shorter period a longer one. */
function eagerness({ build, pullPolicy: policy }: DesiredImage): number {
  if (build !== undefined) return 4;
  if (policy.kind === 'always') return 3;
  if (policy.kind === 'every') return 2 + 1 / (1 + policy.periodMs);
  return policy.kind === 'missing' ? 1 : 0;
}

/** Compose specification, `pull_policy`. An image that is built is by default not looked for elsewhere. */
function pullPolicy(context: ServiceContext): PullPolicy {
  const { service, path, report } = context;
  const given = service.pull_policy ?? '';
  switch (given) {
    case '':
      return { kind: service.build === undefined ? 'missing' : 'build' };
    case 'always':
    case 'never':
    case 'missing':
    case 'build':
      return { kind: given };
    case 'if_not_present':
      return { kind: 'missing' };
    case 'refresh':
      return { kind: 'always' };
    case 'daily':
      return { kind: 'every', periodMs: 24 * HOUR_MS };
    case 'weekly':
      return { kind: 'every', periodMs: 7 * 24 * HOUR_MS };
    default: {
      const periodMs = given.startsWith('every_') ? durationMs(given.slice('every_'.length)) : undefined;
      if (periodMs !== undefined && periodMs > 0) return { kind: 'every', periodMs };
      report.error(`${path}.pull_policy`, {
        code: 'InvalidValue',
        message: `${given} is not a pull policy`,
        hint: 'use always, missing, never, build, daily, weekly or every_DURATION',
      });
      return { kind: 'missing' };
    }
  }
}
