import { serialize } from 'node:v8';
import { type MessagePort, parentPort } from 'node:worker_threads';
import type { LoaderMessage, LoaderRequest } from './loader-messages.ts';

/** What this thread does with the calls of `DeadlineThread`. */
export interface Service {
  /** Its answer must be plain data. */
  readonly answer: (request: LoaderRequest) => unknown;
  /** How large an answer to this may be, packed. */
  readonly limitBytes: (request: LoaderRequest) => number;
}

/** Answers calls, one at a time, until the thread is ended. Keeps nothing that would be missed then. */
export function serveCalls(port: MessagePort, { answer, limitBytes }: Service): void {
  const send = (message: LoaderMessage, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);
  port.on('message', (request: LoaderRequest) => {
    try {
      // A copy of its own, since what `serialize` gives may be a part of a shared buffer.
      const packed = Uint8Array.from(serialize(answer(request)));
      if (packed.length > limitBytes(request)) send({ kind: 'too-large', bytes: packed.length });
      else send({ kind: 'answer', packed }, [packed.buffer]);
    } catch (thrown) {
      send({ kind: 'failed', message: thrown instanceof Error ? thrown.message : String(thrown) });
    }
  });
  send({ kind: 'ready' });
}

/** The way to the thread that started this one. */
export function portToParent(): MessagePort {
  if (parentPort === null) throw new Error('this file is run by the daemon, as a thread of it');
  return parentPort;
}
