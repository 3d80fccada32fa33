import type { Files, FileText } from '../model/files.ts';
import type { Opener } from './keyring.ts';

/** The same files, where those that `sops` encrypted say what they said before. What fails says why (`problem`). */
export function openedFiles(files: Files, opener: Opener): Files {
  return {
    readText: (path) => {
      const read = files.readText(path);
      return read.ok ? openedText(path, read.text, opener) : read;
    },
    digestFile: (path) => files.digestFile(path),
    digestContext: (directory, dockerfile) => files.digestContext(directory, dockerfile),
    kind: (path) => files.kind(path),
    realPath: (path) => files.realPath(path),
  };
}

function openedText(path: string, text: string, opener: Opener): FileText {
  const opened = opener.open(path, text);
  switch (opened.kind) {
    case 'plain':
      return { ok: true, text };
    case 'opened':
      return { ok: true, text: opened.text, sealed: opened.sealed, content: opened.content };
    case 'failed':
      return { ok: false, reason: 'denied', message: 'cannot be decrypted', problem: opened.problem };
  }
}
