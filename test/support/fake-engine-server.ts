import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** Something that listens like a Docker Engine and answers as a test wants it to. */
export interface FakeEngineServer {
  readonly host: string;
  /** `GET /v1.44/networks`, in the order they came. */
  readonly requests: readonly string[];
  /** Replaces or adds the answer for a method and path without its version: `GET /networks`. */
  on(call: string, answer: Answer): void;
}

/** Answers with JSON. */
export function json(body: unknown, status = 200): Answer {
  return (_request, response) => {
    response.writeHead(status, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(body));
  };
}

export async function fakeEngineServer(
  version: object = { Version: '28.5.2', ApiVersion: '1.51' },
): Promise<FakeEngineServer> {
  const directory = mkdtempSync(join(tmpdir(), 'stackctl-fake-'));
  const requests: string[] = [];
  const answers = new Map<string, Answer>([
    ['GET /version', json(version)],
    ['GET /info', json({ ID: 'fake', DockerRootDir: '/var/lib/docker' })],
    ['GET /_ping', (_request, response) => response.end('OK')],
  ]);
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    requests.push(`${request.method} ${path}`);
    const answer = answers.get(`${request.method} ${path.replace(/^\/v[\d.]+/, '')}`);
    (answer ?? json({ message: `no such thing ${path}` }, 404))(request, response);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const path = join(directory, 'engine.sock');
  await new Promise<void>((resolve) => server.listen(path, resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
    rmSync(directory, { recursive: true, force: true });
  });
  return { host: `unix://${path}`, requests, on: (call, answer) => answers.set(call, answer) };
}
