import type { Client } from '../client.ts';
import { COMMANDS } from '../commands.ts';
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
  readonly connect: (socketPath: string | undefined) => Promise<Client>;
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
  return {
    stacks: async () => {
      try {
        const client = await connect(socketIn(words));
        return await client.stacks(AbortSignal.timeout(PATIENCE_MS));
      } catch {
        // Without a daemon there are no names to offer, and this is no place to say so.
        return [];
      }
    },
  };
}

function socketIn(words: readonly string[]): string | undefined {
  const at = words.indexOf('--socket');
  const joined = words.find((word) => word.startsWith('--socket='))?.slice('--socket='.length);
  return joined ?? (at === -1 || at >= words.length - 2 ? undefined : words[at + 1]);
}
