import { workerData } from 'node:worker_threads';
import { findDeclared, resolveDeclared } from '../controller/in-process-loader.ts';
import { createRecentParser } from '../controller/recent-parses.ts';
import { digestContext } from '../engine/build-context.ts';
import { Keyring } from '../sops/keyring.ts';
import { createFiles } from '../source/files.ts';
import { look } from '../source/fingerprint.ts';
import type {
  LoaderAnswers,
  LoaderMessage,
  LoaderNote,
  LoaderRequest,
  LoaderSettings,
} from './loader-messages.ts';
import { portToParent, serveCalls } from './serve-calls.ts';

// The loading thread: parses, resolves and digests.
const { home, sopsAgeKeyFile, answerBytes } = workerData as LoaderSettings;
const port = portToParent();
const files = createFiles({ digestContext });
const keyring = new Keyring(sopsAgeKeyFile);
const parse = createRecentParser();
const onNote = (note: LoaderNote) => port.postMessage({ kind: 'note', note } satisfies LoaderMessage);

async function answer(request: LoaderRequest): Promise<LoaderAnswers[LoaderRequest['kind']]> {
  switch (request.kind) {
    case 'find': {
      const { refused } = request;
      const onParse = (file: string) => onNote({ kind: 'parse', file });
      return findDeclared(request.files, { home, refused, onParse }, { files, look, keyring, parse });
    }
    case 'resolve': {
      const { stack: name, texts, engine, admission } = request;
      return resolveDeclared(
        { name, texts },
        { engine, admission },
        { files, look, home, keyring, parse, onNote },
      );
    }
    case 'looks':
      // Asked of the looking thread.
      return [];
  }
}

serveCalls(port, {
  answer,
  // What is found is as large as its source, which has bounds of its own.
  limitBytes: ({ kind }) => (kind === 'resolve' ? answerBytes : Number.POSITIVE_INFINITY),
});
