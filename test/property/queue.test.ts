import fc from 'fast-check';
import { expect, test } from 'vitest';
import { WorkQueue } from '../../src/controller/queue.ts';
import { holds } from '../support/cases.ts';
import { VirtualClock } from '../unit/controller/virtual-clock.ts';

type Command =
  | { readonly kind: 'add'; readonly key: string; readonly afterMs: number }
  | { readonly kind: 'limited'; readonly key: string }
  | { readonly kind: 'forget'; readonly key: string }
  | { readonly kind: 'take' }
  | { readonly kind: 'abort' }
  | { readonly kind: 'done'; readonly which: number }
  | { readonly kind: 'advance'; readonly byMs: number };

const key = fc.constantFrom('a', 'b', 'c');
const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({
    kind: fc.constant('add' as const),
    key,
    afterMs: fc.oneof(fc.constant(0), fc.integer({ min: -5, max: 50 })),
  }),
  fc.record({ kind: fc.constant('limited' as const), key }),
  fc.record({ kind: fc.constant('forget' as const), key }),
  fc.record({ kind: fc.constant('take' as const) }),
  fc.record({ kind: fc.constant('abort' as const) }),
  fc.record({ kind: fc.constant('done' as const), which: fc.nat(3) }),
  fc.record({ kind: fc.constant('advance' as const), byMs: fc.integer({ min: 0, max: 3000 }) }),
);

/** The simplest thing that says what the queue must do: for each key, when it is wanted at the earliest. */
class Model {
  readonly wantedAtMs = new Map<string, number>();
  readonly running: string[] = [];
  readonly failures = new Map<string, number>();

  want(wanted: string, atMs: number): void {
    this.wantedAtMs.set(wanted, Math.min(atMs, this.wantedAtMs.get(wanted) ?? Number.POSITIVE_INFINITY));
  }

  due(nowMs: number): readonly string[] {
    return [...this.wantedAtMs].flatMap(([wanted, atMs]) =>
      atMs <= nowMs && !this.running.includes(wanted) ? [wanted] : [],
    );
  }
}

test('every wish is served once it is due, none twice at a time, none is lost, and no timer is left', async (context) => {
  await holds(
    context,
    fc.asyncProperty(
      fc.array(command, { maxLength: 60, size: 'max' }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      async (commands, chance) => {
        const clock = new VirtualClock();
        clock.chance = chance;
        const queue = new WorkQueue(clock);
        const model = new Model();
        const takers: { readonly stop: AbortController; readonly result: Promise<string | undefined> }[] = [];

        /** Who waits gets what is due, as many as there are. */
        const settle = async () => {
          const due = model.due(clock.now());
          const served = takers.splice(0, Math.min(due.length, takers.length));
          for (const taker of served) {
            const given = await taker.result;
            expect(model.due(clock.now())).toContain(given);
            model.running.push(given ?? '');
            model.wantedAtMs.delete(given ?? '');
          }
        };
        const take = () => {
          const stop = new AbortController();
          takers.push({ stop, result: queue.take(stop.signal).catch(() => undefined) });
        };
        const run = (each: Command) => {
          switch (each.kind) {
            case 'add':
              model.want(each.key, clock.now() + Math.max(0, each.afterMs));
              return queue.add(each.key, each.afterMs);
            case 'limited': {
              const failures = model.failures.get(each.key) ?? 0;
              model.failures.set(each.key, failures + 1);
              const backOffMs = Math.min(300_000, 1000 * 2 ** failures);
              model.want(each.key, clock.now() + backOffMs * (1 + 0.2 * (2 * chance - 1)));
              return queue.addRateLimited(each.key);
            }
            case 'forget':
              model.failures.delete(each.key);
              return queue.forget(each.key);
            case 'take':
              return take();
            case 'abort':
              return takers.shift()?.stop.abort();
            case 'done': {
              const [key] = model.running.splice(each.which, 1);
              return queue.done(key ?? 'nobody');
            }
            case 'advance':
              return clock.advance(each.byMs);
          }
        };

        for (const each of commands) {
          run(each);
          await settle();
          const known = new Set([...model.wantedAtMs.keys(), ...model.running]);
          expect(new Set(queue.pending().map((pending) => pending.key))).toEqual(known);
          expect(clock.timers).toBeLessThanOrEqual(1);
        }
        // In the end everything that was wanted is handed out.
        for (const running of model.running.splice(0)) queue.done(running);
        clock.advance(1_000_000);
        for (let count = 0; count < 5; count += 1) take();
        await settle();
        expect(model.wantedAtMs.size).toBe(0);
        expect(clock.timers).toBe(0);
        queue.close();
        for (const taker of takers) expect(await taker.result).toBeUndefined();
      },
    ),
    300,
  );
});
