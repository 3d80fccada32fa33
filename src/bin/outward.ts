import { hostname } from 'node:os';
import type { Logger } from 'pino';
import { startApi } from '../api/server.ts';
import { startWebhooks, type WebhookServer } from '../api/webhook-server.ts';
import type { Controller } from '../controller/controller.ts';
import { createOperations } from '../controller/daemon-operations.ts';
import type { Operations } from '../controller/operations.ts';
import { type MetricsListener, serveMetrics } from '../metrics/listener.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { asFailure } from '../model/failure.ts';
import { notify } from '../notify/notifier.ts';
import type { Settings } from '../settings/table.ts';
import { listenersOf } from './listeners.ts';
import { readNotifications } from './notifications-file.ts';
import { readWebhookSecret } from './webhook-secret.ts';

/** What a daemon needs to show itself to others. */
export interface Inside {
  readonly controller: Controller;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** Begins to serve and to tell; answers how to end the serving. Telling ends with the signal. */
export type Serve = (inside: Inside, signal: AbortSignal) => Promise<() => Promise<void>>;

/**
 * Everything by which others reach the daemon or hear of it. The files that the settings name are read at once, before
 * anything is begun. Throws `invalid` when one of them is of no use.
 */
export function prepareOutward(settings: Settings, log: Logger): Serve {
  const listeners = listenersOf(settings, log);
  const notifications = readNotifications(settings.notifications);
  const serveWebhooks = prepareWebhooks(settings, log);
  return async ({ controller, metrics }, signal) => {
    const operations = createOperations(controller);
    const notReady = () => operations.notReady();
    metrics.watch({
      stacks: () => operations.stacks(),
      sources: () => operations.sources(),
      queueDepth: () => depthOf(controller),
      notReady,
    });
    const api = await startApi({ operations, ...listeners, log });
    let monitoring: MetricsListener | undefined;
    let webhooks: WebhookServer | undefined;
    const close = async (): Promise<void> => {
      await webhooks?.close();
      await monitoring?.close();
      await api.close();
    };
    const { socket, manifests, instance, metricsListen } = settings;
    try {
      if (metricsListen !== undefined) monitoring = await serveMetrics(metricsListen, { metrics, notReady });
      webhooks = await serveWebhooks(operations);
    } catch (thrown) {
      await close();
      throw thrown;
    }
    log.info({ socket, port: api.port, metrics: monitoring?.port, manifests, instance }, 'started');
    const receivers = {
      ...notifications,
      operations,
      host: hostname(),
      instance,
      nowMs: () => Date.now(),
      log,
      onResult: metrics.notified,
    };
    // Nobody waits for it, and what breaks there breaks nothing else.
    notify(receivers, signal).catch((thrown: unknown) => {
      log.error({ err: asFailure(thrown).message }, 'nobody is told of what happens any more');
    });
    return close;
  };
}

/** Undefined where none are taken. The secret is read at once. */
function prepareWebhooks(
  { webhookListen, webhookSecret }: Settings,
  log: Logger,
): (operations: Operations) => Promise<WebhookServer | undefined> {
  if (webhookListen === undefined || webhookSecret === undefined) return async () => undefined;
  const secret = readWebhookSecret(webhookSecret);
  return (operations) => {
    const lookAt = (name: string) => operations.lookAtSource(name);
    return startWebhooks({ ...webhookListen, secret, lookAt, nowMs: () => performance.now(), log });
  };
}

/** How many stacks stand where in the queue. */
function depthOf(controller: Controller): Record<'ready' | 'waiting' | 'running' | 'again', number> {
  const depth = { ready: 0, waiting: 0, running: 0, again: 0 };
  for (const { state } of controller.queue.pending()) depth[state] += 1;
  return depth;
}
