import { readFile, readlink, stat } from 'node:fs/promises';
import { posix } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { WireContainer } from './wire.ts';

/** No path has more links in it; the kernel gives up at the same number. */
const MAX_LINKS = 40;
/** A bind from a dead network share may never answer. */
const PATIENCE_MS = 2000;

/**
 * Targets of a running container's binds whose source was replaced on the host since it was mounted: an
 * editor's or a Git checkout's rename leaves the container with the old file for ever. The file on the host
 * (links followed, as the engine does at mount time) is compared with what stands at the target, seen
 * through `/proc/<pid>/root`.
 *
 * Only a certain difference counts. A source that is missing, a process that is not visible (an engine on
 * another host or in another pid namespace), a path that cannot be read, or another device (our own view of
 * that path may be another file system when we run in a container): not stale.
 */
export async function staleBinds(container: WireContainer): Promise<readonly string[]> {
  const pid = container.State?.Pid ?? 0;
  const binds = (container.Mounts ?? []).filter((mount) => mount.Type === 'bind');
  if (pid === 0 || binds.length === 0 || container.State?.Running !== true) return [];
  if (!(await isProcessOf(pid, container.Id))) return [];
  const verdicts = await Promise.all(
    binds.map((bind) => within(PATIENCE_MS, isStale(pid, bind.Source ?? '', bind.Destination ?? ''))),
  );
  return binds.flatMap((bind, index) => (verdicts[index] === true ? [bind.Destination ?? ''] : []));
}

async function within(ms: number, verdict: Promise<boolean>): Promise<boolean> {
  const waiting = new AbortController();
  const patience = delay(ms, false, { signal: waiting.signal }).catch(() => false);
  try {
    return await Promise.race([verdict, patience]);
  } finally {
    waiting.abort();
  }
}

/** A pid may be another process here, or a new one there: the container's id must be in its cgroup or mounts. */
async function isProcessOf(pid: number, id: string): Promise<boolean> {
  for (const file of ['cgroup', 'mountinfo']) {
    const text = await readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
    if (text.includes(id)) return true;
  }
  return false;
}

async function isStale(pid: number, source: string, target: string): Promise<boolean> {
  if (!source.startsWith('/') || !target.startsWith('/')) return false;
  try {
    const root = `/proc/${pid}/root`;
    const [host, mounted] = await Promise.all([
      stat(source, { bigint: true }),
      resolveInRoot(root, target).then((path) => stat(root + path, { bigint: true })),
    ]);
    return host.dev === mounted.dev && host.ino !== mounted.ino;
  } catch {
    return false;
  }
}

/**
 * A path inside another root with its links followed inside that root. The kernel would follow an absolute
 * link (`/var/run` is usually one) from our own root.
 */
async function resolveInRoot(root: string, path: string): Promise<string> {
  let pending = path.split('/').filter((part) => part !== '');
  let resolved = '/';
  for (let links = 0; pending.length > 0; ) {
    const [part = '', ...rest] = pending;
    const next = posix.join(resolved, part);
    const link = await readlink(root + next).catch(() => undefined);
    pending = rest;
    if (link === undefined) {
      resolved = next;
      continue;
    }
    links += 1;
    if (links > MAX_LINKS) throw new Error('too many links');
    pending = [...link.split('/').filter((piece) => piece !== ''), ...rest];
    if (link.startsWith('/')) resolved = '/';
  }
  return resolved;
}
