import type { Engine, EngineEvent } from '../engine/engine.ts';
import { asFailure } from '../model/failure.ts';
import type { RepositorySource, Source } from '../source/source.ts';
import type { Metrics } from './metrics.ts';

/** The same engine, each call of which is timed and counted. */
export function measuredEngine(engine: Engine, metrics: Metrics): Engine {
  return new Proxy(engine, {
    get(target, property) {
      if (property === 'admitting') {
        return (...args: Parameters<Engine['admitting']>) =>
          measuredEngine(target.admitting(...args), metrics);
      }
      if (property === 'events')
        return (signal: AbortSignal) => countConnects(target.events(signal), metrics);
      const member: unknown = Reflect.get(target, property, target);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => {
        const answer: unknown = Reflect.apply(member, target, args);
        if (answer instanceof Promise) time(answer, String(property), metrics);
        return answer;
      };
    },
  });
}

function time(answer: Promise<unknown>, call: string, metrics: Metrics): void {
  const beganMs = performance.now();
  const note = (result: string): void => metrics.engineCall(call, result, performance.now() - beganMs);
  answer.then(
    () => note('ok'),
    (thrown: unknown) => note(asFailure(thrown).kind),
  );
}

async function* countConnects(
  events: AsyncIterable<EngineEvent>,
  metrics: Metrics,
): AsyncGenerator<EngineEvent> {
  for await (const event of events) {
    if (event.kind === 'connected') metrics.eventStreamConnected();
    yield event;
  }
}

/** The same source, each reading of which is timed and counted. */
export function measuredSource(source: Source, metrics: Metrics): Source {
  return {
    kind: source.kind,
    name: source.name,
    changes: (signal) => source.changes(signal),
    async scan(signal) {
      const beganMs = performance.now();
      const note = (result: 'ok' | 'untrusted' | 'failed'): void =>
        metrics.sourceRead(source, result, performance.now() - beganMs);
      try {
        const scan = await source.scan(signal);
        note(scan.trusted ? 'ok' : 'untrusted');
        return scan;
      } catch (thrown) {
        note('failed');
        throw thrown;
      }
    },
  };
}

/** The same for a repository. What it asks its remote is counted where it asks. */
export function measuredRepository(source: RepositorySource, metrics: Metrics): RepositorySource {
  const { scan, changes } = measuredSource(source, metrics);
  return {
    kind: source.kind,
    name: source.name,
    declaration: source.declaration,
    scan,
    changes,
    state: () => source.state(),
    refresh: (signal) => source.refresh(signal),
    lookNow: () => source.lookNow(),
  };
}
