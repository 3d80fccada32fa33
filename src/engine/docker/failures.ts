import { Failure, type FailureKind } from '../../model/failure.ts';
import { READINGS } from './failure-readings.ts';

const MAX_MESSAGE_CHARS = 600;

/**
 * An engine's answer that is no success. `what` is the call in words (`start container demo-web-1`). The
 * kind only chooses the back-off; what is true is found by looking again (reliability 1.7).
 */
export function answerFailure(what: string, status: number, engineWords: string): Failure {
  const words = tidy(engineWords);
  const message = `${what}: ${words === '' ? `the engine answered ${status}` : words}`;
  const read = readingOf(words);
  if (read === undefined) return new Failure(kindByStatus(status), message, { status });
  return new Failure(read.kind, message, { status, hint: read.hint });
}

/** What the engine wrote down on a container that it could not start, with what to do where that is known. */
export function explained(engineWords: string): string {
  const read = readingOf(engineWords);
  return read === undefined ? engineWords : `${engineWords}; ${read.hint}`;
}

/** The first reading that fits counts. */
function readingOf(words: string): { readonly kind: FailureKind; readonly hint: string } | undefined {
  for (const reading of READINGS) {
    const match = reading.when.exec(words);
    if (match !== null) return { kind: reading.kind, hint: reading.hint(match) };
  }
  return undefined;
}

/** An error that the engine reports inside a stream that began with 200 (pull, build). */
export function inBandFailure(what: string, engineWords: string): Failure {
  const failure = answerFailure(what, 500, engineWords);
  return new Failure(failure.kind, failure.message, failure.hint === undefined ? {} : { hint: failure.hint });
}

const CONNECTION_HINTS: Readonly<Record<string, string>> = {
  ENOENT: 'the socket does not exist: is the Docker Engine installed and running (systemctl status docker)',
  ECONNREFUSED: 'nobody listens there: start the Docker Engine (systemctl start docker)',
  EACCES: 'no permission for the socket: run as root or as a member of the group docker',
  EPERM: 'no permission for the socket: run as root or as a member of the group docker',
  ENOTFOUND: "the engine's host name is not known: check DOCKER_HOST",
  EHOSTUNREACH: 'no route to the engine: check DOCKER_HOST and the network',
  ETIMEDOUT: 'the engine does not answer: check DOCKER_HOST and the network',
  ECONNRESET: 'the engine closed the connection: it is probably restarting',
  EPIPE: 'the engine closed the connection: it is probably restarting',
};

/** No answer at all, or one that broke off: always `unreachable`. */
export function transportFailure(what: string, address: string, cause: unknown): Failure {
  const code = (cause as { code?: unknown } | undefined)?.code;
  const reason = typeof code === 'string' ? code : cause instanceof Error ? cause.message : String(cause);
  return new Failure('unreachable', `${what}: no answer from the engine at ${address} (${reason})`, {
    hint: CONNECTION_HINTS[reason] ?? 'the connection to the engine broke off; is it restarting',
    cause,
  });
}

/** One line, without the prefix older clients add, ids short, bounded. */
function tidy(engineWords: string): string {
  const line = engineWords
    .replace(/^Error response from daemon: /, '')
    .replace(/\s+/g, ' ')
    .replace(/\b([0-9a-f]{12})[0-9a-f]{52}\b/g, '$1')
    .trim();
  return line.length > MAX_MESSAGE_CHARS ? `${line.slice(0, MAX_MESSAGE_CHARS)}...` : line;
}

function kindByStatus(status: number): FailureKind {
  if (status === 400) return 'invalid';
  if (status === 404) return 'gone';
  if (status === 403 || status === 409) return 'conflict';
  return 'refused';
}
