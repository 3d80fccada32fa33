import type { Operations } from '../controller/operations.ts';
import type { StackEvent } from '../model/status.ts';
import type { NotifierSettings } from './configuration.ts';
import { Delivery, type DeliveryOptions, type DeliveryResult, type Destination } from './delivery.ts';
import { Selection } from './selection.ts';

export interface NotifyOptions {
  readonly notifiers: readonly NotifierSettings[];
  readonly destination: (settings: NotifierSettings) => Destination;
  readonly operations: Pick<Operations, 'watch'>;
  readonly host: string;
  readonly instance: string;
  readonly nowMs: () => number;
  readonly log: DeliveryOptions['log'];
  readonly onResult: (notifier: string, result: DeliveryResult) => void;
  /** For tests; see `DeliveryOptions`. */
  readonly pacing?: Pick<DeliveryOptions, 'backOffsMs' | 'paceMs'>;
}

/**
 * Tells receivers of what happens, until the signal. It reads what everybody else may watch, from a bounded queue that
 * drops a reader who is too slow: so no receiver can hold up a pass. Never throws.
 */
export async function notify(options: NotifyOptions, signal: AbortSignal): Promise<void> {
  const receivers = options.notifiers.map((settings) => ({
    selection: new Selection(settings),
    delivery: new Delivery({
      settings,
      destination: () => options.destination(settings),
      log: options.log,
      onResult: (result) => options.onResult(settings.name, result),
      ...options.pacing,
    }),
  }));
  if (receivers.length === 0) return;
  const tell = (event: StackEvent): void => {
    for (const { selection, delivery } of receivers) {
      const selected = selection.select(event, options.nowMs());
      if (selected === undefined) continue;
      const { stack, type: severity, reason, object, message, lastAt: at } = event;
      const { host, instance } = options;
      const isRecovery = selected === 'recovery';
      delivery.add({ host, instance, stack, severity, reason, object, message, at, isRecovery, leftOut: 0 });
    }
  };
  await Promise.all([
    ...receivers.map(({ delivery }) => delivery.run(signal)),
    followEvents(options.operations, tell, signal),
  ]);
}

async function followEvents(
  operations: NotifyOptions['operations'],
  tell: (event: StackEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  // A watch that ends was too slow for what happened; what it missed is in the events.
  while (!signal.aborted) {
    for await (const notice of operations.watch({ stack: undefined }, signal)) {
      if (notice.kind === 'event') tell(notice.event);
    }
  }
}
