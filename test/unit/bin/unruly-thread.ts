import { serialize } from 'node:v8';
import { parentPort } from 'node:worker_threads';
import type { LoaderMessage, LoaderNote, LoaderRequest } from '../../../src/bin/loader-messages.ts';
import { findStacks } from '../../../src/manifest/find-stacks.ts';

/** A loading thread that does what the name of a file tells it to: `stall`, `crash`, `hoard`, `throw`. */
const port = parentPort;
if (port === null) throw new Error('a thread');
const send = (message: LoaderMessage) => port.postMessage(message);
const note = (each: LoaderNote) => send({ kind: 'note', note: each });
let served = 0;

function obey(path: string): void {
  if (path.includes('stall')) for (;;);
  if (path.includes('crash')) process.exit(3);
  if (path.includes('throw')) throw new Error('thrown in the thread');
  if (path.includes('hoard')) for (const hoard: number[][] = []; ; ) hoard.push(new Array(1000).fill(1.5));
}

function found({ files, refused }: Extract<LoaderRequest, { kind: 'find' }>): unknown {
  const onParse = (file: string) => {
    note({ kind: 'parse', file });
    obey(file);
  };
  const all = findStacks(files, { home: undefined, refused, onParse });
  return { ...all, reads: [], stacks: all.stacks.map(({ compose: _parsed, ...head }) => head) };
}

function answer(request: LoaderRequest): unknown {
  switch (request.kind) {
    case 'find':
      return found(request);
    case 'resolve': {
      for (const { path } of request.texts) {
        const look = { kind: 'file', stamp: path, isSettled: !path.includes('young'), place: path } as const;
        note({ kind: 'read', read: { path, aspect: 'content', look } });
        if (path.includes('context')) note({ kind: 'context', directory: '/build/me' });
        obey(path);
      }
      // How many requests this very thread has answered: a new one starts to count anew.
      return { desired: undefined, problems: [], filesUsed: [`${served}`], reads: [] };
    }
    case 'looks':
      return [];
  }
}

port.on('message', (request: LoaderRequest) => {
  try {
    const packed = Uint8Array.from(serialize(answer(request)));
    served += 1;
    if (request.kind === 'resolve' && request.stack === 'large')
      send({ kind: 'too-large', bytes: packed.length });
    else send({ kind: 'answer', packed });
  } catch (thrown) {
    send({ kind: 'failed', message: (thrown as Error).message });
  }
});
send({ kind: 'ready' });
