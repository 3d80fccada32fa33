import path from 'node:path/posix';
import { cleanPath } from '../model/clean-path.ts';
import type { PolicyInput } from './rule.ts';

/** Where engines listen: whoever reaches one of these is root on the host. */
const ENGINE_SOCKETS: readonly string[] = [
  '/run/docker.sock',
  '/var/run/docker.sock',
  '/run/containerd/containerd.sock',
  '/run/podman/podman.sock',
  '/run/buildkit/buildkitd.sock',
  '/run/crio/crio.sock',
  '/run/cri-dockerd.sock',
  '/run/stackctl/stackctl.sock',
];
/** The same elsewhere, such as an engine without root has it. */
const SOCKET_NAME = /^(docker|dockerd|containerd|podman|buildkitd|crio|cri-dockerd|stackctl)[\w.-]*\.sock$/;

/** Directories that are never a stack's own, nor is one that they lie in. */
const SYSTEM_DIRECTORIES: readonly string[] = [
  '/bin',
  '/boot',
  '/dev',
  '/etc',
  '/home',
  '/lib',
  '/lib32',
  '/lib64',
  '/proc',
  '/run',
  '/sbin',
  '/sys',
  '/usr',
  '/var/lib/containerd',
  '/var/lib/docker',
  '/var/run',
];

/** What a path of the host is to a stack. */
export type HostPlace =
  | { readonly kind: 'own' }
  /** A socket that commands the engine or us, or a directory above one. */
  | { readonly kind: 'socket'; readonly socket: string }
  | { readonly kind: 'foreign'; readonly why: string };

type Looking = Pick<PolicyInput, 'directory' | 'places' | 'realPath'>;

/** Decides by the real path, and by the written one where that is less. */
export function placeOf(written: string, input: Looking): HostPlace {
  const given = cleanPath(written);
  if (!path.isAbsolute(given)) return { kind: 'foreign', why: 'it is not an absolute path' };
  const real = input.realPath(given);
  const socket = socketAt(given, real ?? given, input);
  if (socket !== undefined) return { kind: 'socket', socket };
  if (real === undefined) return { kind: 'foreign', why: 'where it leads cannot be seen' };
  const leads = real === given ? 'it' : `it leads to ${real}, which`;
  const { ownPaths, manifestRoots, laidOut = [] } = resolved(input);
  const isLaidOut = laidOut.some((each) => real !== each && isWithin(each, real));
  if (!isLaidOut && ownPaths.some((each) => isWithin(each, real) || isWithin(real, each))) {
    return { kind: 'foreign', why: `${leads} is where stackctld keeps its own` };
  }
  if (manifestRoots.some((root) => isWithin(real, root))) {
    return { kind: 'foreign', why: `${leads} holds the manifests of all stacks` };
  }
  const own = ownDirectory(input);
  if (own !== undefined && isWithin(own, real)) return { kind: 'own' };
  return { kind: 'foreign', why: `${leads} is outside of the stack’s directory ${input.directory}` };
}

/** Whether a path is a directory or below it. Both clean. */
export function isWithin(directory: string, inner: string): boolean {
  return inner === directory || inner.startsWith(directory.endsWith('/') ? directory : `${directory}/`);
}

/** Undefined when the directory is one of the system’s, which no stack may call its own. */
function ownDirectory(input: Looking): string | undefined {
  const own = input.realPath(input.directory);
  if (own === undefined) return undefined;
  if (resolved(input).manifestRoots.some((root) => isWithin(root, own))) return own;
  const isOfSystem = SYSTEM_DIRECTORIES.some(
    (system) => isWithin(own, system) || (system !== '/home' && isWithin(system, own)),
  );
  return isOfSystem ? undefined : own;
}

function resolved({ places, realPath }: Looking): Looking['places'] {
  const real = (paths: readonly string[]) => paths.map((each) => realPath(each) ?? each);
  return {
    manifestRoots: real(places.manifestRoots),
    sockets: real(places.sockets),
    ownPaths: real(places.ownPaths),
    laidOut: real(places.laidOut ?? []),
  };
}

function socketAt(given: string, real: string, input: Looking): string | undefined {
  if (SOCKET_NAME.test(path.basename(given)) || SOCKET_NAME.test(path.basename(real))) return real;
  const sockets = [...ENGINE_SOCKETS, ...input.places.sockets, ...resolved(input).sockets];
  return sockets.find((socket) => isWithin(given, socket) || isWithin(real, socket));
}
