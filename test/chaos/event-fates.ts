import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Dice } from './dice.ts';

/** What becomes of the engine's events on their way to the daemon. */
export type EventFate = (dice: Dice) => (events: IncomingMessage, answer: ServerResponse) => void;

/** Each as bad as it gets; a daemon that is told nothing true by events has to look for itself. */
export const EVENT_FATES: Readonly<Record<string, EventFate>> = {
  'never come': () => (events) => {
    events.resume();
  },
  'are cut off now and then': (dice) => (events, answer) => {
    let bytes = dice.whole(0, 3000);
    events.on('data', (chunk: Buffer) => {
      answer.write(chunk.subarray(0, bytes));
      bytes -= chunk.length;
      if (bytes <= 0) answer.destroy();
    });
    events.on('end', () => answer.end());
  },
  'are lost, every other one': (dice) => (events, answer) => {
    events.on('data', (chunk: Buffer) => {
      // A chunk is mostly one event; half of one is as good as lost.
      if (dice.chance(0.5)) answer.write(chunk);
    });
    events.on('end', () => answer.end());
  },
  'come seconds too late, and twice': () => (events, answer) => {
    events.on('data', (chunk: Buffer) => {
      for (const afterMs of [2500, 5000])
        setTimeout(() => {
          if (!answer.destroyed) answer.write(chunk);
        }, afterMs).unref();
    });
    events.on('end', () => answer.end());
  },
  'are garbage in between': (dice) => (events, answer) => {
    events.on('data', (chunk: Buffer) => {
      answer.write(
        dice.pick(['{"Type":\n', '\u0000\ufffd\n', '[]\n', '{"Type":"container"}\n', '"ä'.repeat(500)]),
      );
      if (dice.chance(0.5)) answer.write(chunk);
    });
    events.on('end', () => answer.end());
  },
};
