import { dirname, resolve } from 'node:path';
import { Failure } from '../model/failure.ts';
import { formatPosition } from '../model/problem.ts';
import { isUrl, type NotifierSettings, parseNotifications } from '../notify/configuration.ts';
import type { Destination } from '../notify/delivery.ts';
import { readTrusted } from './trusted-file.ts';

export interface Notifications {
  readonly notifiers: readonly NotifierSettings[];
  /** Reads a receiver's secrets anew. Throws `Failure`, which never shows them. */
  readonly destination: (settings: NotifierSettings) => Destination;
}

/** Who is told of what. Throws `invalid` when the file, or a secret that it names, is of no use. */
export function readNotifications(file: string | undefined): Notifications {
  if (file === undefined) return { notifiers: [], destination: () => ({ url: '', token: undefined }) };
  const { text } = readTrusted({ what: 'the file of notifications', file });
  const { notifiers, problems } = parseNotifications(file, text);
  if (problems.length > 0) {
    const lines = problems.map(({ at, path, message, hint }) =>
      [formatPosition(at), path, hint === undefined ? message : `${message} (${hint})`]
        .filter((part) => part !== undefined)
        .join(': '),
    );
    throw new Failure('invalid', `the file of notifications is wrong: ${lines.join('; ')}`);
  }
  const secret = (path: string): string =>
    readTrusted({ what: 'the secret', file: resolve(dirname(file), path), secret: true }).text.trim();
  const destination = ({ name, url, urlFile, tokenFile }: NotifierSettings): Destination => {
    const to = url ?? (urlFile === undefined ? '' : secret(urlFile));
    if (!isUrl(to)) throw new Failure('invalid', `notifier ${name}: ${urlFile} holds no address`);
    return { url: to, token: tokenFile === undefined ? undefined : secret(tokenFile) };
  };
  for (const settings of notifiers) destination(settings);
  return { notifiers, destination };
}
