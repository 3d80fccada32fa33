import { chmod, chown, lstat, mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { createConnection, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import { Failure } from '../model/failure.ts';

const DIRECTORY_MODE = 0o750;
const SOCKET_MODE = 0o660;
const OTHERS_MAY_PASS = 0o001;
/** Linux: `sun_path` holds 107 bytes and a zero; our private directory's name takes some on the way. */
const MAX_PATH_BYTES = 107 - '/.s-XXXXXX/s'.length;
const PROBE_TIMEOUT_MS = 2000;

export interface SocketPlace {
  readonly path: string;
  /** Who may open it: `0o660` (the default) its owner and group, `0o600` its owner. */
  readonly mode?: number | undefined;
  /** The id of the group that it is given to; undefined: the daemon's own. */
  readonly group?: number | undefined;
}

/**
 * Makes `server` listen on a unix socket that only its owner and group may open, at no moment anyone else: it
 * is made in a private directory, given its group and mode, and then moved to its place. A socket file that nobody
 * answers on is replaced. Throws `Failure` `conflict` when somebody answers, or when another thing is there.
 * Returns what removes the socket again.
 */
export async function listenOnSocket(server: Server, place: SocketPlace): Promise<() => Promise<void>> {
  const socketPath = place.path;
  if (Buffer.byteLength(socketPath) > MAX_PATH_BYTES) {
    throw new Failure(
      'invalid',
      `the path of the socket is longer than ${MAX_PATH_BYTES} bytes: ${socketPath}`,
      {
        hint: 'choose a shorter --socket',
      },
    );
  }
  const directory = dirname(socketPath);
  await mkdir(directory, { recursive: true, mode: DIRECTORY_MODE });
  await openToGroup(directory, place.group);
  await refuseWhenTaken(socketPath);

  const nursery = await mkdtemp(join(directory, '.s-'));
  try {
    const born = join(nursery, 's');
    await listen(server, born);
    if (place.group !== undefined) await give(born, place.group);
    await chmod(born, place.mode ?? SOCKET_MODE);
    await rename(born, socketPath);
  } catch (thrown) {
    server.close();
    throw thrown;
  } finally {
    await rm(nursery, { recursive: true, force: true });
  }
  const { ino } = await stat(socketPath);
  return async () => {
    const now = await lstat(socketPath).catch(() => undefined);
    // Another daemon may have taken the place meanwhile: its socket is not ours to remove.
    if (now?.ino === ino) await rm(socketPath, { force: true });
  };
}

/** A group that may open the socket must get to it: a directory of ours that is closed to others becomes its too. */
async function openToGroup(directory: string, group: number | undefined): Promise<void> {
  if (group === undefined) return;
  const { uid, gid, mode } = await stat(directory);
  if (gid !== group && uid === process.geteuid?.() && (mode & OTHERS_MAY_PASS) === 0)
    await give(directory, group);
}

async function give(path: string, group: number): Promise<void> {
  await chown(path, process.geteuid?.() ?? 0, group).catch((thrown: NodeJS.ErrnoException) => {
    throw new Failure('refused', `${path} cannot be given to group ${group}: ${thrown.code}`, {
      hint: 'run stackctld as root or as a member of that group, or leave --socket-group out',
      cause: thrown,
    });
  });
}

async function refuseWhenTaken(socketPath: string): Promise<void> {
  const there = await lstat(socketPath).catch(() => undefined);
  if (there === undefined) return;
  if (!there.isSocket()) {
    throw new Failure('conflict', `${socketPath} exists and is no socket`, {
      hint: 'move it away, or choose another --socket',
    });
  }
  if (await someoneAnswers(socketPath)) {
    throw new Failure('conflict', `another stackctld answers on ${socketPath}`, {
      hint: 'stop it first, or choose another --socket',
    });
  }
}

/** Whether a connection is accepted. A socket that we may not open counts as answered: it is not ours to judge. */
function someoneAnswers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = createConnection(socketPath);
    const settle = (answered: boolean): void => {
      connection.destroy();
      resolve(answered);
    };
    connection.setTimeout(PROBE_TIMEOUT_MS, () => settle(true));
    connection.once('connect', () => settle(true));
    connection.once('error', (error: NodeJS.ErrnoException) => {
      settle(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT');
    });
  });
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
