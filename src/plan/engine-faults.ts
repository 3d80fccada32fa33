import type { ObservedContainer } from '../model/observed.ts';

/**
 * What an engine writes on a container that it did not start through no fault of the container: 28 cancels a start
 * when the client's connection breaks, 20.10 may lose the process of one that it was starting when it crashed, and
 * somebody may take away a network, or stop whom it shares a namespace with, a moment before (all measured).
 */
const NOT_ITS_FAULT = new RegExp(
  [
    'context canceled',
    'task [0-9a-f]{64}: already exists',
    'network \\S+ not found',
    'could not find a network matching network mode',
    'cannot join network of a non running container',
    "(?:failed to join (?:IPC|PID) namespace|can't join IPC of container).* is not running",
  ].join('|'),
);

/**
 * 20.10 with its containerd, crashed together in the middle of a start, leave a directory behind that is in the way of
 * every further start under this id.
 */
const NEVER_AGAIN = /failed to start shim: mkdir \S+: file exists/;

/**
 * Whether the port of a container was another's at the moment of its start. Between a look and a start somebody may
 * take it; a port that a process of the host has is told otherwise.
 */
export function lostItsPort(live: ObservedContainer): boolean {
  return live.error.includes('port is already allocated');
}

/** Whether a start that failed says something about the container. */
export function isOwnFault(live: ObservedContainer): boolean {
  return live.error !== '' && !NOT_ITS_FAULT.test(live.error) && !NEVER_AGAIN.test(live.error);
}

/** Whether only another container, with an id of its own, can take this one's place. */
export function canNeverStart(live: ObservedContainer): boolean {
  return (live.state === 'created' || live.state === 'exited') && NEVER_AGAIN.test(live.error);
}
