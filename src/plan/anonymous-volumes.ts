import { cleanPath } from '../model/clean-path.ts';
import type { DesiredContainer } from '../model/desired.ts';
import type { ObservedImage } from '../model/observed.ts';
import type { ContainerHandle } from '../model/plan.ts';
import { resolveNamespace } from './namespaces.ts';
import type { Scope } from './scope.ts';

/**
 * Paths where a container gets a volume that nobody named: those of the manifest, and those that the image declares and
 * nothing else is mounted on. What `volumes_from` brings is mounted there too: the engine makes no volume of the image
 * where it has one from another container, and one that we asked for would hide what is to be shared (measured on 28.5).
 */
export function anonymousPaths(
  scope: Scope,
  container: DesiredContainer,
  image: ObservedImage | undefined,
): readonly string[] {
  const taken = new Set([
    ...mountedPaths(container),
    ...Object.keys(container.host.Tmpfs ?? {}),
    ...container.anonymousVolumes,
  ]);
  const parents = container.volumesFrom.flatMap(({ from }) => resolveNamespace(scope, from) ?? []);
  const isFree = (path: string) => !taken.has(path) && !parents.some((each) => provides(scope, each, path));
  return [...container.anonymousVolumes, ...(image?.volumes ?? []).filter(isFree)];
}

const mountedPaths = ({ host }: DesiredContainer): readonly string[] => [
  ...(host.Mounts ?? []).map((mount) => mount.Target),
  ...(host.Binds ?? []).map((bind) => bind.split(':')[1] ?? ''),
];

/** Whether others get a mount at this path by taking volumes from a container. A `tmpfs:` is nobody else's. */
function provides(scope: Scope, container: ContainerHandle, path: string): boolean {
  return container.by === 'id'
    ? shownPaths(scope, container.id).includes(path)
    : willProvide(scope, container.step, path);
}

/** One that exists has its mounts for good, those that it inherited among them. A relative path begins at the root. */
function shownPaths({ byId, observed }: Scope, id: string): readonly string[] {
  const seen = byId.get(id)?.mounts.map(({ target }) => target);
  const listed = observed.others.find((each) => each.id === id)?.mountTargets;
  return (seen ?? listed ?? []).map((path) => cleanPath(`/${path}`));
}

function willProvide(scope: Scope, step: number, path: string): boolean {
  const made = scope.draft.steps.find(({ id }) => id === step);
  if (made?.kind !== 'create-container') return false;
  const { container, anonymousVolumes, volumesFrom } = made.creation;
  // Its creation waits for the image, and so does whoever needs it: no volume is made on a guess until then.
  if (scope.observed.images[container.config.Image] === undefined) return true;
  return (
    mountedPaths(container).includes(path) ||
    Object.hasOwn(anonymousVolumes, path) ||
    volumesFrom.some((parent) => provides(scope, parent.container, path))
  );
}
