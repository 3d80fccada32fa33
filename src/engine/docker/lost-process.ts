import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { ContainerId } from '../../model/names.ts';

/** How long containerd may take to notice that a shim has ended and to clear up after it. */
const CLEAR_UP_MS = 1000;

/**
 * An engine that crashes in the middle of a start loses the process: it runs, and the engine says that the container
 * does not. Engine 20.10 then refuses every start ("task ...: already exists"). Engine 28 replaces the task
 * and takes the end of the lost one for that of the new one, and so restarts the container for ever.
 */
export function isRefusedForLostProcess(stateError: string, container: ContainerId): boolean {
  return stateError.includes(`task ${container}: already exists`);
}

/** Whether the container has processes that are visible from here; an engine on another host has none. */
export async function hasProcesses(container: ContainerId): Promise<boolean> {
  for (const pid of allPids()) if (await belongsTo(pid, container)) return true;
  return false;
}

/**
 * Ends, by SIGKILL, the processes of a container that its engine has lost and so cannot end; no call of the API
 * reaches them. They are what has the container's id in its cgroup, and the shim that watches over it, known by its
 * `-id`, so that nobody else's can be meant. containerd notices that the shim is gone and clears up. False when none
 * is visible from here.
 */
export async function endLostProcesses(container: ContainerId): Promise<boolean> {
  let ended = false;
  for (const pid of allPids()) {
    if (!(await belongsTo(pid, container))) continue;
    try {
      process.kill(Number(pid), 'SIGKILL');
      ended = true;
    } catch {
      // It ended meanwhile, or is not ours to end: then the failure of the start stands.
    }
  }
  if (ended) await delay(CLEAR_UP_MS);
  return ended;
}

function allPids(): readonly string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

/** At once, since neither of these two files ever makes a reader wait, and there are some hundred of them. */
function read(pid: string, file: 'cgroup' | 'comm'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

async function belongsTo(pid: string, container: ContainerId): Promise<boolean> {
  if (read(pid, 'cgroup').includes(container)) return true;
  if (!read(pid, 'comm').startsWith('containerd-shim')) return false;
  const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  const [program = '', ...argv] = line.split('\0');
  const isShim = /(^|\/)containerd-shim[^/]*$/.test(program);
  return isShim && argv.some((word, at) => word === container && argv[at - 1] === '-id');
}
