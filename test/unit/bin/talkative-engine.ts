import { createServer, type ServerResponse } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';

/** What the thread is started with. */
export interface TalkativeEngineData {
  readonly socket: string;
  /** Its first number becomes 1 once all events were taken off the engine's hands. */
  readonly done: Int32Array;
  readonly events: number;
  /** Of which the events tell in turn; the very last one is of `last`. */
  readonly containers: number;
}

/** An engine in a thread of its own, so that it goes on while a test blocks its thread: tells its events when told to. */
const { socket, done, events, containers } = workerData as TalkativeEngineData;
let stream: ServerResponse | undefined;

const server = createServer((request, response) => {
  const path = (request.url ?? '').split('?')[0] ?? '';
  if (!path.endsWith('/events')) {
    response.end(JSON.stringify({ Version: '28.5.2', ApiVersion: '1.51', ID: 'talkative' }));
    return;
  }
  response.writeHead(200);
  response.flushHeaders();
  stream = response;
});

const line = (id: string) =>
  `${JSON.stringify({ Type: 'container', Action: 'die', Actor: { ID: id, Attributes: { note: 'x'.repeat(300) } } })}\n`;

parentPort?.on('message', () => {
  const told = Array.from({ length: events }, (_, index) => line(`c${index % containers}`));
  stream?.write(`${told.join('')}${line('last')}`, () => {
    Atomics.store(done, 0, 1);
    Atomics.notify(done, 0);
  });
});
server.listen(socket, () => parentPort?.postMessage('listening'));
