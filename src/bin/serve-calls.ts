import { serialize } from 'node:v8';
import { type MessagePort, parentPort } from 'node:worker_threads';
import type { LoaderMessage, LoaderRequest } from './loader-messages.ts';

/** What this thread does with the calls of `DeadlineThread`. */
export interface Service {
  /** Its answer, or what it promises, must be plain data. */
  readonly answer: (request: LoaderRequest) => unknown;
  /** How large an answer to this may be, packed. */
  readonly limitBytes: (request: LoaderRequest) => number;
}

/** Answers calls, of which the next comes once one is answered, until the thread is ended. Keeps nothing that would be missed then. */
export function serveCalls(port: MessagePort, { answer, limitBytes }: Service): void {
  const send = (message: LoaderMessage, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);
  const serve = async (request: LoaderRequest): Promise<void> => {
    try {
      // A copy of its own, since what `serialize` gives may be a part of a shared buffer.
      const packed = Uint8Array.from(serialize(await answer(request)));
      if (packed.length > limitBytes(request)) send({ kind: 'too-large', bytes: packed.length });
      else send({ kind: 'answer', packed }, [packed.buffer]);
    } catch (thrown) {
      send({ kind: 'failed', message: thrown instanceof Error ? thrown.message : String(thrown) });
    }
  };
  port.on('message', (request: LoaderRequest) => void serve(request));
  send({ kind: 'ready' });
}

/** The way to the thread that started this one. */
export function portToParent(): MessagePort {
  if (parentPort === null) throw new Error('this file is run by the daemon, as a thread of it');
  return parentPort;
}
