import type { Client } from '../client.ts';
import { COMMANDS } from '../commands.ts';
import type { EndpointNames } from '../endpoint.ts';
import { printable } from '../output/table.ts';
import { complete } from './complete.ts';
import type { Live } from './completer.ts';

/** So long somebody who pressed Tab waits for a daemon. */
const PATIENCE_MS = 2_000;
/** A shell shows no more anyway. */
const MOST = 1_000;

/** The words of cobra's protocol: bits in the last line, behind a colon. */
const NO_SPACE = 2;
const NO_FILES = 4;

interface Asking {
  /** The command line up to the cursor, without the program. */
  readonly words: readonly string[];
  readonly connect: (names: EndpointNames) => Promise<Client>;
}

/**
 * What `stackctl __complete WORD...` prints for the completion scripts: a line `VALUE<tab>DESCRIPTION` for each candidate,
 * and a last line with what to do about them. It never fails: a person is in the middle of typing.
 */
export async function answerCompletion({ words, connect }: Asking): Promise<string> {
  const { candidates, takesFiles } = await complete(words, COMMANDS, liveOf(words, connect)).catch(() => ({
    candidates: [],
    takesFiles: false,
  }));
  const lines = candidates.slice(0, MOST).map(({ value, says }) => {
    const plain = printable(value);
    return says === undefined ? `${plain}\n` : `${plain}\t${printable(says)}\n`;
  });
  const goesOn = candidates.length > 0 && candidates.every(({ value }) => /[=/.]$/.test(value));
  const directive = (goesOn ? NO_SPACE : 0) + (takesFiles ? 0 : NO_FILES);
  return `${lines.join('')}:${directive}\n`;
}

function liveOf(words: readonly string[], connect: Asking['connect']): Live {
  // Without a daemon there are no names to offer, and this is no place to say so.
  const ask = async <Item>(
    question: (client: Client, signal: AbortSignal) => Promise<readonly Item[]>,
  ): Promise<readonly Item[]> => {
    try {
      return await question(await connect(endpointIn(words)), AbortSignal.timeout(PATIENCE_MS));
    } catch {
      return [];
    }
  };
  return {
    stacks: () => ask((client, signal) => client.stacks(signal)),
    sources: () => ask((client, signal) => client.sources(signal)),
  };
}

/** Which daemon the half-typed line names. */
function endpointIn(words: readonly string[]): EndpointNames {
  const given = (flag: string): string | undefined => {
    const at = words.indexOf(flag);
    const joined = words.find((word) => word.startsWith(`${flag}=`))?.slice(flag.length + 1);
    return joined ?? (at === -1 || at >= words.length - 2 ? undefined : words[at + 1]);
  };
  return {
    socket: given('--socket'),
    host: given('--host'),
    tokenFile: given('--token-file'),
    certificateAuthority: given('--certificate-authority'),
  };
}
