import type { DesiredContainer } from '../model/desired.ts';
import type { ObservedImage } from '../model/observed.ts';

/**
 * Paths where a container gets a volume that nobody named: those of the manifest, and those that the image declares and
 * nothing else is mounted on.
 */
export function anonymousPaths(
  container: DesiredContainer,
  image: ObservedImage | undefined,
): readonly string[] {
  const taken = new Set([
    ...(container.host.Mounts ?? []).map((mount) => mount.Target),
    ...(container.host.Binds ?? []).map((bind) => bind.split(':')[1] ?? ''),
    ...Object.keys(container.host.Tmpfs ?? {}),
    ...container.anonymousVolumes,
  ]);
  return [...container.anonymousVolumes, ...(image?.volumes ?? []).filter((path) => !taken.has(path))];
}
