import { createHash } from 'node:crypto';
import { createConnection, createServer, type Server } from 'node:net';
import { asFailure, Failure } from '../model/failure.ts';

export interface Lock {
  /** For people: the socket's name, with `@` for the leading NUL as in `ss -xl`. */
  readonly name: string;
  /** May be called again. */
  release(): Promise<void>;
}

/**
 * Makes this process the only stackctld of this instance on this engine: a listening socket in Linux's abstract
 * namespace (reliability R12). The kernel frees it at any death, so no stale file can be in the way. It is seen within
 * one network namespace, and any local process could squat it. Throws `Failure` `conflict` when it is taken, `refused`
 * when there are no such sockets.
 */
export async function acquireLock(instance: string, engineId: string): Promise<Lock> {
  const name = lockName(instance, engineId);
  const server = createServer((socket) => {
    // Who asks learns which process it is, and can do nothing else, such as stay connected.
    socket.on('error', () => undefined);
    socket.end(String(process.pid), () => socket.destroy());
  });
  server.maxConnections = 4;
  try {
    await listen(server, `\0${name}`);
  } catch (error) {
    throw await failureOf(error as NodeJS.ErrnoException, name);
  }
  server.on('error', () => undefined);
  server.unref();
  let released: Promise<void> | undefined;
  return {
    name: `@${name}`,
    release: () => {
      released ??= new Promise((resolve) => server.close(() => resolve()));
      return released;
    },
  };
}

/** The locks of a daemon on the engines that it met: one, unless another engine comes to answer at its address. */
export interface EngineLocks {
  /** To be asked before anything is written to an engine. Throws as `acquireLock` does, each time. */
  admit(engineId: string): Promise<void>;
  /** Why the last engine was not to be had. */
  readonly refusal: Failure | undefined;
  release(): Promise<void>;
}

/**
 * Takes a lock on each engine when it is first met: one that was down when the daemon started can tell its id only
 * later, and another daemon may have begun to work on it meanwhile.
 */
export function createEngineLocks(instance: string): EngineLocks {
  const held = new Map<string, Lock>();
  let refusal: Failure | undefined;
  return {
    get refusal() {
      return refusal;
    },
    async admit(engineId) {
      refusal = undefined;
      if (held.has(engineId)) return;
      try {
        held.set(engineId, await acquireLock(instance, engineId));
      } catch (thrown) {
        refusal = asFailure(thrown);
        throw refusal;
      }
    },
    async release() {
      await Promise.all([...held.values()].map((lock) => lock.release()));
    },
  };
}

/** Socket addresses hold 107 bytes: a long instance is cut, and the hash covers all of it. */
function lockName(instance: string, engineId: string): string {
  const readable = instance.replace(/[^A-Za-z0-9_.-]/g, '_').slice(0, 40);
  const hash = createHash('sha256')
    .update(JSON.stringify([instance, engineId]))
    .digest('hex')
    .slice(0, 16);
  return `stackctl-${readable}-${hash}`;
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // Exclusive: in a cluster, workers would share the socket and the lock would be nobody's.
    server.listen({ path, exclusive: true }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function failureOf(error: NodeJS.ErrnoException, name: string): Promise<Failure> {
  if (error.code !== 'EADDRINUSE') {
    return new Failure('refused', `the lock cannot be taken: ${error.message}`, { cause: error });
  }
  const holder = await holderOf(name);
  const who = holder === undefined ? '' : ` (process ${holder})`;
  return new Failure('conflict', `another stackctld of this instance is running on this engine${who}`, {
    cause: error,
    hint: 'stop the other one, or give this one an instance name of its own',
  });
}

const ANSWER_MS = 500;

/** The process id that the holder answers; undefined when it does not, as one that hangs. */
function holderOf(name: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = createConnection({ path: `\0${name}` });
    const finish = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(/^\d{1,10}$/.test(answer) ? answer : undefined);
    };
    const timer = setTimeout(finish, ANSWER_MS);
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      answer += text;
      if (answer.length > 10) finish();
    });
    socket.on('end', finish);
    socket.on('error', finish);
  });
}
