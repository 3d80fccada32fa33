import { readlink } from 'node:fs/promises';
import { posix } from 'node:path';
import type { CallAdmission, HostPlaces } from '../../../model/admission.ts';

/**
 * Independent of what `policy/` decided about the manifest, and a moment before the engine acts: a link may lead
 * elsewhere by now.
 */
export type RealPlace = (path: string) => Promise<string | undefined>;

const MOST_LINKS = 40;

/** Follows a path link by link; what does not exist is taken as written. Undefined: it cannot be seen. */
export async function realPlace(path: string): Promise<string | undefined> {
  let pending = stepsOf(path);
  let place = '';
  for (let linksLeft = MOST_LINKS; pending.length > 0; ) {
    const [part = '', ...rest] = pending;
    const isUp = part === '..';
    const next = isUp ? place.slice(0, Math.max(0, place.lastIndexOf('/'))) : `${place}/${part}`;
    const target = isUp ? '' : await linkAt(next);
    if (target === undefined || linksLeft === 0) return undefined;
    if (target === '') {
      place = next;
    } else {
      linksLeft -= 1;
      place = target.startsWith('/') ? '' : place;
    }
    pending = [...stepsOf(target), ...rest];
  }
  return place === '' ? '/' : place;
}

const stepsOf = (path: string): readonly string[] =>
  path.split('/').filter((part) => part !== '' && part !== '.');

/** Where a link leads; empty when there is none; undefined when nobody may look. */
async function linkAt(path: string): Promise<string | undefined> {
  try {
    return await readlink(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'EINVAL' || code === 'ENOENT' || code === 'ENOTDIR' ? '' : undefined;
  }
}

/** For an engine on another host, whose files nobody here sees: only what is written counts. */
export const writtenPlace: RealPlace = (path) => Promise.resolve(posix.resolve('/', path));

/** Directories of the system: a stack whose directory is in one, or above one, has none of its own. */
const OF_THE_SYSTEM = /^\/(bin|boot|dev|etc|lib|lib32|lib64|proc|run|sbin|sys|usr)(\/|$)/;
const OF_ENGINES = /^\/var\/(run|lib\/docker|lib\/containerd)(\/|$)/;
const ABOVE_THEM: readonly string[] = ['/', '/var', '/var/lib', '/home'];
const ENGINE_SOCKET = /\/(dockerd?|containerd|podman|buildkitd|crio|cri-dockerd|stackctl)[\w.-]*\.sock$/;
/** Where those sockets are: what is mounted from here hands them out. */
const ABOVE_SOCKETS: readonly string[] = [
  '/',
  '/run',
  '/run/buildkit',
  '/run/containerd',
  '/run/crio',
  '/run/podman',
  '/run/stackctl',
  '/var',
  '/var/run',
  '/var/run/containerd',
  '/var/run/podman',
];

const holds = (outer: string, inner: string): boolean =>
  outer === inner || inner.startsWith(outer === '/' ? outer : `${outer}/`);

/** Whether a container of the stack may have this path of the host. */
export async function judgePlace(
  source: string,
  { directory, places }: Pick<CallAdmission, 'directory' | 'places'>,
  look: RealPlace,
): Promise<'own' | 'socket' | 'foreign'> {
  const written = posix.resolve('/', source);
  const place = await look(written);
  const both = place === undefined ? [written] : [written, place];
  const known = await realPlaces(places, look);
  const isSocket = both.some(
    (each) =>
      ENGINE_SOCKET.test(each) ||
      ABOVE_SOCKETS.includes(each) ||
      known.sockets.some((socket) => holds(each, socket)),
  );
  if (isSocket) return 'socket';
  if (place === undefined) return 'foreign';
  const isLaidOut = known.laidOut?.some((each) => place !== each && holds(each, place)) ?? false;
  if (!isLaidOut && known.ownPaths.some((each) => holds(each, place) || holds(place, each))) return 'foreign';
  if (known.manifestRoots.some((root) => holds(place, root))) return 'foreign';
  const home = await look(posix.resolve('/', directory));
  if (home === undefined || !holds(home, place)) return 'foreign';
  return mayOwn(home, known) ? 'own' : 'foreign';
}

function mayOwn(home: string, { manifestRoots }: HostPlaces): boolean {
  if (manifestRoots.some((root) => holds(root, home))) return true;
  return !OF_THE_SYSTEM.test(home) && !OF_ENGINES.test(home) && !ABOVE_THEM.includes(home);
}

async function realPlaces(places: HostPlaces, look: RealPlace): Promise<HostPlaces> {
  const all = (paths: readonly string[]) =>
    Promise.all(paths.map(async (each) => (await look(each)) ?? each));
  const [manifestRoots, sockets, ownPaths, laidOut] = await Promise.all([
    all(places.manifestRoots),
    all(places.sockets),
    all(places.ownPaths),
    all(places.laidOut ?? []),
  ]);
  return { manifestRoots, sockets: [...places.sockets, ...sockets], ownPaths, laidOut };
}
