import type { EngineEvent } from '../engine/engine.ts';
import type { StackName } from '../model/names.ts';
import type { Pass } from './reconcile.ts';

/** What a stack has to do with, by name or id on the engine. */
interface Interest {
  readonly networks: ReadonlySet<string>;
  readonly volumes: ReadonlySet<string>;
  readonly images: ReadonlySet<string>;
  readonly containers: ReadonlySet<string>;
  /** Something of somebody else's is in its way. */
  readonly blocked: boolean;
}

/**
 * Which stacks an event may concern. Network and volume events carry no labels (measured on 20.10 and 28.5), so
 * they are matched by what each stack saw in its last pass. A miss costs the time until the next resync, no more.
 */
export class Interests {
  readonly #byStack = new Map<string, Interest>();

  note(stack: string, pass: Pass): void {
    const { desired, observed, plan } = pass;
    if (desired === undefined || observed === undefined) return;
    const networks = desired.networks.map((network) => network.name);
    const ids = observed.networks.filter((live) => networks.includes(live.name)).map((live) => live.id);
    this.#byStack.set(stack, {
      networks: new Set([...networks, ...ids]),
      volumes: new Set(desired.volumes.map((volume) => volume.name)),
      images: new Set(desired.images.map((image) => image.ref)),
      containers: new Set(observed.containers.flatMap((live) => [live.id, live.name])),
      blocked: (plan?.blockers.length ?? 0) > 0,
    });
  }

  forget(stack: string): void {
    this.#byStack.delete(stack);
  }

  concernedBy(event: EngineEvent, brand: (text: string) => StackName): readonly StackName[] {
    if (event.stack !== undefined) return [event.stack];
    return [...this.#byStack]
      .filter(([, interest]) => isConcerned(interest, event))
      .map(([stack]) => brand(stack));
  }
}

function isConcerned(interest: Interest, event: EngineEvent): boolean {
  if (interest.blocked && (event.kind === 'container' || event.kind === 'network')) return true;
  const has = (names: ReadonlySet<string>) => names.has(event.id) || names.has(event.name ?? '');
  switch (event.kind) {
    case 'container':
      return has(interest.containers);
    case 'network':
      return has(interest.networks) || interest.containers.has(event.container ?? '');
    case 'volume':
      return has(interest.volumes);
    case 'image':
      return has(interest.images);
    case 'connected':
    case 'disconnected':
    case 'daemon':
      return false;
  }
}
