import { serialize } from 'node:v8';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { findDeclared, resolveDeclared } from '../controller/in-process-loader.ts';
import { digestContext } from '../engine/build-context.ts';
import { createFiles } from '../source/files.ts';
import { look } from '../source/fingerprint.ts';
import type {
  LoaderAnswers,
  LoaderMessage,
  LoaderNote,
  LoaderRequest,
  LoaderSettings,
} from './loader-messages.ts';

/**
 * The loading thread: parses, resolves and digests, a request at a time, and may be ended at any moment. It keeps
 * nothing that is missed then.
 */
function serve(port: MessagePort, { home, answerBytes }: LoaderSettings): void {
  const files = createFiles({ digestContext });
  const send = (message: LoaderMessage, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);
  const onNote = (note: LoaderNote) => send({ kind: 'note', note });

  const answer = (request: LoaderRequest): LoaderAnswers[LoaderRequest['kind']] => {
    switch (request.kind) {
      case 'find': {
        const { refused } = request;
        const onParse = (file: string) => onNote({ kind: 'parse', file });
        return findDeclared(request.files, { home, refused, onParse });
      }
      case 'resolve': {
        const { stack: name, texts, engine } = request;
        return resolveDeclared({ name, texts }, engine, { files, look, home, onNote });
      }
      case 'looks':
        return request.paths.map(look);
    }
  };

  port.on('message', (request: LoaderRequest) => {
    try {
      // A copy of its own, since what `serialize` gives may be a part of a shared buffer.
      const packed = Uint8Array.from(serialize(answer(request)));
      if (request.kind === 'resolve' && packed.length > answerBytes)
        send({ kind: 'too-large', bytes: packed.length });
      else send({ kind: 'answer', packed }, [packed.buffer]);
    } catch (thrown) {
      send({ kind: 'failed', message: thrown instanceof Error ? thrown.message : String(thrown) });
    }
  });
  send({ kind: 'ready' });
}

if (parentPort === null) throw new Error('this file is run by the daemon, as a thread of it');
serve(parentPort, workerData as LoaderSettings);
