import type { IncomingMessage } from 'node:http';
import { StringDecoder } from 'node:string_decoder';
import { Failure } from '../../model/failure.ts';
import { type Connection, DEADLINE, type EngineRequest, superseded } from './connection.ts';
import { inBandFailure, transportFailure } from './failures.ts';

/** One message of a pull or a build. */
export interface ProgressMessage {
  readonly id?: string;
  readonly status?: string;
  /** Of a layer, in bytes. */
  readonly progressDetail?: { readonly current?: number };
  readonly stream?: string;
  readonly error?: string;
  readonly errorDetail?: { readonly message?: string };
  readonly aux?: { readonly ID?: string };
}

/**
 * Sends a request whose answer is a stream of messages, and hands over each. Errors arrive inside the
 * stream, after a 200: they are thrown like any other. The only deadline is on silence.
 *
 * @param describe makes the engine's error text more telling; it is called when the error arrives
 */
export async function followProgress(
  connection: Connection,
  request: EngineRequest,
  onMessage: (message: ProgressMessage) => void,
  signal: AbortSignal,
  describe: (error: string) => string = (error) => error,
): Promise<void> {
  const cut = new AbortController();
  const onAbort = () => cut.abort();
  let silent = false;
  const silence = setTimeout(() => {
    silent = true;
    cut.abort();
  }, DEADLINE.idle);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) cut.abort();
  try {
    const response = await connection.stream(request, cut.signal);
    for await (const message of messagesOf(response)) {
      silence.refresh();
      const error = message.errorDetail?.message ?? message.error;
      if (error !== undefined) throw inBandFailure(request.what, describe(error));
      onMessage(message);
    }
  } catch (thrown) {
    if (silent) {
      throw new Failure('refused', `${request.what}: no progress for ${DEADLINE.idle / 1000} s, given up`, {
        hint: 'is the registry reachable from the engine',
      });
    }
    if (signal.aborted) throw superseded(request.what);
    if (thrown instanceof Failure) throw thrown;
    throw transportFailure(request.what, connection.address.text, thrown);
  } finally {
    clearTimeout(silence);
    signal.removeEventListener('abort', onAbort);
    cut.abort();
  }
}

async function* messagesOf(response: IncomingMessage): AsyncGenerator<ProgressMessage> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of response) {
    const lines = (rest + decoder.write(chunk as Buffer)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield* parseMessage(line);
  }
  yield* parseMessage(rest);
}

function* parseMessage(line: string): Generator<ProgressMessage> {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null) yield value as ProgressMessage;
  } catch {
    // Not a message: nothing that we would act on.
  }
}
