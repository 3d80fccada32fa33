import { asFailure, Failure } from '../model/failure.ts';
import type { IsolationNote } from '../model/isolation.ts';
import type { EventDraft } from '../status/events.ts';
import { sayBreach, sayCell, type VerifyReport } from '../verify/report.ts';
import type { Controller } from './controller.ts';
import type { VerifyNotice, VerifyRequest } from './operations.ts';
import type { StackRecord } from './stack-record.ts';
import { pause } from './triggers.ts';
import { verifyIsolation } from './verification.ts';

/** Broken rules and differences that a condition names; all of them are in `stackctl net verify`. */
const NAMED = 3;

/** Proves the matrix when somebody asks or it is time, one after another, and notes on each stack what came of it. */
export class IsolationChecks {
  readonly #controller: Controller;
  #last: Promise<unknown> = Promise.resolve();

  constructor(controller: Controller) {
    this.#controller = controller;
  }

  /** Tells how far it is, and the report as the last thing. Throws `invalid` for a stack that nobody knows. */
  async *verify(request: VerifyRequest, signal: AbortSignal): AsyncGenerator<VerifyNotice> {
    const waiting: VerifyNotice[] = [];
    let wake: () => void = () => undefined;
    const running = this.#inTurn(
      request,
      (notice) => {
        waiting.push(notice);
        wake();
      },
      signal,
    );
    let outcome: { readonly thrown?: unknown } | undefined;
    running.then(
      () => {
        outcome = {};
        wake();
      },
      (thrown: unknown) => {
        outcome = { thrown };
        wake();
      },
    );
    while (outcome === undefined || waiting.length > 0) {
      const next = waiting.shift();
      if (next !== undefined) yield next;
      else {
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (outcome !== undefined || waiting.length > 0) resolve();
        });
      }
    }
    yield { kind: 'report', report: await running };
  }

  /** Again and again, every so often, until the signal. */
  async follow(everyMs: number, signal: AbortSignal): Promise<void> {
    const { ports } = this.#controller;
    while (!signal.aborted) {
      await pause(ports, everyMs, signal);
      if (signal.aborted || this.#controller.engineInfo === undefined) continue;
      const request = { stacks: this.#verifiable().map(({ name }) => name), outside: undefined };
      if (request.stacks.length === 0) continue;
      await this.#inTurn(request, () => undefined, signal).catch((thrown: unknown) => {
        if (signal.aborted) return;
        const { message, hint } = asFailure(thrown);
        ports.log.warn({ err: message }, 'the isolation of the stacks cannot be verified');
        const claim = {
          status: 'Unknown',
          reason: 'IsolationUnknown',
          message: hint === undefined ? message : `${message}; ${hint}`,
        } as const;
        return this.#noteAll(request.stacks, () => claim);
      });
    }
  }

  /** The engine has one network: two verifications at once would only take twice as long. */
  #inTurn(
    request: VerifyRequest,
    tell: (notice: VerifyNotice) => void,
    signal: AbortSignal,
  ): Promise<VerifyReport> {
    const run = this.#last.then(() => this.#run(request, tell, signal));
    this.#last = run.catch(() => undefined);
    return run;
  }

  async #run(
    request: VerifyRequest,
    tell: (notice: VerifyNotice) => void,
    signal: AbortSignal,
  ): Promise<VerifyReport> {
    const { ports, options, catalog, engineInfo: engine } = this.#controller;
    if (engine === undefined) throw new Failure('unreachable', 'the engine does not answer');
    const known = this.#verifiable();
    const stacks = request.stacks.length === 0 ? known : request.stacks.map((name) => this.#known(name));
    const report = await verifyIsolation(
      ports,
      {
        stacks: stacks.map(({ name }) => name),
        known: known.flatMap(({ name, lastGood: desired }) =>
          desired === undefined ? [] : [{ desired, labels: catalog.get(name)?.manifest.labels ?? {} }],
        ),
        policies: catalog.policies(),
        engine,
        outside: request.outside,
        probeImage: options.probeImage,
      },
      (progress) => tell({ kind: 'progress', ...progress }),
      signal,
    );
    await this.#noteAll(report.stacks, (stack) => claimOf(stack, report));
    return report;
  }

  #verifiable(): readonly StackRecord[] {
    return this.#controller.records
      .all()
      .filter((record) => record.lastGood !== undefined && record.tombstone === undefined);
  }

  #known(name: string): StackRecord {
    const record = this.#controller.records.get(name);
    if (record === undefined && this.#controller.catalog.get(name) === undefined) {
      throw new Failure('invalid', `there is no stack named ${name}`, {
        hint: 'see `stackctl get stacks`',
        status: 404,
      });
    }
    if (record?.lastGood !== undefined) return record;
    throw new Failure('conflict', `it is not known yet what stack ${name} is to be`, {
      hint: `\`stackctl describe ${name}\` tells why`,
    });
  }

  async #noteAll(stacks: readonly string[], claim: (stack: string) => Claim): Promise<void> {
    const { ports, records, events, notices, queue } = this.#controller;
    for (const stack of stacks) {
      const record = records.get(stack);
      if (record === undefined) continue;
      const before = record.isolation;
      const nowMs = ports.clock.nowMs();
      const note: IsolationNote = { ...claim(stack), generation: record.generation, atMs: nowMs };
      // It counts all the same, and is kept with what is written of the stack next.
      await records.noteIsolation(record, note).catch((thrown: unknown) => {
        ports.log.warn({ stack, err: asFailure(thrown) }, 'what came of a verification cannot be kept');
      });
      if (before?.status !== note.status || before.message !== note.message) {
        for (const event of events.record(record.name, [eventOf(stack, note)], nowMs)) {
          notices.send({ kind: 'event', event });
        }
      }
      // The condition is made where all are made, and what has drifted is repaired there.
      queue.add(record.name);
    }
  }
}

type Claim = Pick<IsolationNote, 'status' | 'reason' | 'message'>;

function claimOf(stack: string, { cells, policies, skipped }: VerifyReport): Claim {
  const isOf = (end: string) => end === stack || end.startsWith(`${stack}/`);
  const own = cells.filter(({ from, to }) => isOf(from) || isOf(to));
  const wrong = [
    ...policies.broken.filter(({ stacks }) => stacks.includes(stack)).map(sayBreach),
    ...own.filter(({ differs }) => differs).map(sayCell),
  ];
  if (wrong.length > 0) {
    const named = wrong.slice(0, NAMED).join('; ');
    const more = wrong.length > NAMED ? `; and ${wrong.length - NAMED} more` : '';
    return {
      status: 'False',
      reason: 'IsolationBroken',
      message: `${named}${more}; \`stackctl net verify ${stack}\` shows all`,
    };
  }
  const proved = own.filter(({ probed }) => probed !== 'unknown').length;
  if (proved === 0) {
    const why = skipped.find(isOf) ?? 'no service of it runs';
    return { status: 'Unknown', reason: 'IsolationUnknown', message: `nothing could be probed: ${why}` };
  }
  return { status: 'True', reason: 'IsolationVerified', message: `${proved} ways are as declared` };
}

const eventOf = (stack: string, { status, reason, message }: IsolationNote): EventDraft => ({
  type: status === 'True' ? 'Normal' : 'Warning',
  reason,
  object: `stack/${stack}`,
  message,
});
