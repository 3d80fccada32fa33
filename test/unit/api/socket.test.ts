import { chmod, lstat, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { listenOnSocket } from '../../../src/api/socket.ts';
import { socketIn } from './api-harness.ts';

let directory: string;
let socketPath: string;
const servers: Server[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'stackctl-socket-'));
  socketPath = socketIn(directory);
});
afterEach(async () => {
  for (const server of servers.splice(0)) server.close();
  await rm(directory, { recursive: true, force: true });
});

function newServer(): Server {
  const server = createServer();
  servers.push(server);
  return server;
}

const modeOf = async (path: string): Promise<number> => (await lstat(path)).mode & 0o777;

test('the socket is for its owner and group only, in a directory that is made for them', async () => {
  await listenOnSocket(newServer(), { path: socketPath });
  expect((await modeOf(socketPath)).toString(8)).toBe('660');
  expect((await modeOf(dirname(socketPath))).toString(8)).toBe('750');
  expect(await readdir(dirname(socketPath))).toEqual(['stackctl.sock']);
});

test('a directory that is there keeps its mode', async () => {
  await mkdir(dirname(socketPath));
  await chmod(dirname(socketPath), 0o711);
  await listenOnSocket(newServer(), { path: socketPath });
  expect((await modeOf(dirname(socketPath))).toString(8)).toBe('711');
});

test('a socket that a dead daemon left is replaced', async () => {
  await mkdir(dirname(socketPath));
  const dead = newServer();
  await new Promise<void>((resolve) => dead.listen(`${socketPath}.old`, resolve));
  await rename(`${socketPath}.old`, socketPath);
  await new Promise((resolve) => dead.close(resolve));
  const { ino } = await lstat(socketPath);
  await listenOnSocket(newServer(), { path: socketPath });
  expect((await lstat(socketPath)).ino).not.toBe(ino);
});

test('a socket that somebody answers on is left alone', async () => {
  await listenOnSocket(newServer(), { path: socketPath });
  const { ino } = await lstat(socketPath);
  await expect(listenOnSocket(newServer(), { path: socketPath })).rejects.toMatchObject({ kind: 'conflict' });
  expect((await lstat(socketPath)).ino).toBe(ino);
  expect(await readdir(dirname(socketPath))).toEqual(['stackctl.sock']);
});

test('something else than a socket is left alone', async () => {
  await mkdir(dirname(socketPath));
  await writeFile(socketPath, 'precious');
  await expect(listenOnSocket(newServer(), { path: socketPath })).rejects.toMatchObject({ kind: 'conflict' });
  expect((await lstat(socketPath)).isFile()).toBe(true);
});

test('a path that no socket can have is refused before anything is made', async () => {
  const long = join(directory, 'x'.repeat(120), 's.sock');
  await expect(listenOnSocket(newServer(), { path: long })).rejects.toMatchObject({ kind: 'invalid' });
  expect(await readdir(directory)).toEqual([]);
});

test('removing takes away our own socket, and not that of whoever came after us', async () => {
  const removeFirst = await listenOnSocket(newServer(), { path: socketPath });
  await removeFirst();
  expect(await readdir(dirname(socketPath))).toEqual([]);
  await listenOnSocket(newServer(), { path: socketPath });
  await removeFirst();
  expect(await readdir(dirname(socketPath))).toEqual(['stackctl.sock']);
});
