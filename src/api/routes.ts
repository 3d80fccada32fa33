import type { HttpBindings } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import type { Operations } from '../controller/operations.ts';
import { isAcceptable } from '../model/problem.ts';
import { readBody } from './body.ts';
import { type Caller, type Guard, readOnly } from './callers.ts';
import {
  applyRequestSchema,
  deleteQuerySchema,
  diffRequestSchema,
  eventsQuerySchema,
  logsQuerySchema,
  watchQuerySchema,
} from './contract.ts';
import { badRequest, type ErrorAnswer, errorAnswer, problemsAnswer } from './errors.ts';
import { followEvents } from './event-stream.ts';
import { API_VERSION, NDJSON, SERVER_NAME } from './paths.ts';
import { rollbackRequestSchema, rolloutRequestSchema } from './rollout-contract.ts';
import { reconcileQuerySchema } from './source-contract.ts';
import { ndjsonStream } from './streams.ts';
import type { Access } from './tokens.ts';
import { verifyRequestSchema } from './verify-contract.ts';

/** What the API needs of the daemon's log (pino's shape: fields, then a constant message). */
export interface ApiLog {
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface RouteOptions {
  readonly operations: Operations;
  readonly log: ApiLog;
  /** Aborted when the server closes: ends every stream and whatever runs. */
  readonly closing: AbortSignal;
  /** Who is served. */
  readonly guard: Guard;
}

type Bindings = { Bindings: HttpBindings; Variables: { access: Access } };
type Request = Context<Bindings>;

/** Every path of the API and what it asks of the daemon. */
export function buildRoutes(options: RouteOptions): Hono<Bindings> {
  const app = new Hono<Bindings>();
  app.use(async (request, next) => {
    const judged = options.guard(callerOf(request));
    if ('access' in judged) {
      request.set('access', judged.access);
      await next();
      // Only for who is served: it tells the version.
      request.header('server', SERVER_NAME);
    } else {
      request.res = answer(request, judged.refused);
      if (judged.refused.status === 401) request.header('www-authenticate', 'Bearer');
    }
    request.header('cache-control', 'no-store');
    request.header('x-content-type-options', 'nosniff');
    request.header('x-frame-options', 'DENY');
    request.header('content-security-policy', "default-src 'none'; frame-ancestors 'none'");
  });
  app.notFound((request) =>
    answer(request, badRequest(`the daemon has no ${request.req.method} ${request.req.path}`, 404)),
  );
  app.onError((thrown, request) => {
    const failed = errorAnswer(thrown);
    if (failed.status === 500)
      options.log.error({ err: thrown, path: request.req.path }, 'api request failed');
    return answer(request, failed);
  });
  addProbes(app, options);
  app.route(`/${API_VERSION}`, buildReads(options));
  app.route(`/${API_VERSION}`, buildWrites(options));
  app.route(`/${API_VERSION}`, buildStreams(options));
  return app;
}

function callerOf({ req, env }: Request): Caller {
  const { socket } = env.incoming;
  return {
    headers: req.raw.headers,
    method: req.method,
    path: req.path,
    address: socket.remoteAddress ?? '',
    localAddress: socket.localAddress ?? '',
    localPort: socket.localPort ?? 0,
  };
}

function addProbes(app: Hono<Bindings>, { operations }: RouteOptions): void {
  app.get('/healthz', (request) => request.text('ok\n'));
  app.get('/readyz', (request) => {
    const why = operations.notReady();
    return why === undefined ? request.text('ok\n') : request.text(`${why}\n`, 503);
  });
}

function buildReads(options: RouteOptions): Hono<Bindings> {
  const { operations } = options;
  const app = new Hono<Bindings>();
  app.get('/version', (request) => request.json(operations.version()));
  app.get('/stacks', (request) => request.json({ items: operations.stacks() }));
  app.get('/stacks/:name', (request) => request.json(operations.stack(request.req.param('name'))));
  app.get('/stacks/:name/manifest', (request) =>
    request.json(operations.manifest(request.req.param('name'))),
  );
  app.get('/stacks/:name/history', (request) =>
    request.json({ items: operations.history(request.req.param('name')) }),
  );
  app.get('/sources', (request) => request.json({ items: operations.sources() }));
  app.get('/sources/:name', (request) => request.json(operations.source(request.req.param('name'))));
  app.get('/networking', async (request) =>
    request.json(await operations.networking(untilGone(request, options).signal)),
  );
  app.get('/projects/:name', async (request) =>
    request.json(
      await operations.composeProject(request.req.param('name'), untilGone(request, options).signal),
    ),
  );
  return app;
}

function buildWrites(options: RouteOptions): Hono<Bindings> {
  const { operations } = options;
  const app = new Hono<Bindings>();
  app.post('/apply', (request) =>
    withManifests(request, async () => {
      const wanted = await readBody(request.req.raw, applyRequestSchema);
      const result = await operations.apply(wanted, untilGone(request, options).signal);
      if (!isAcceptable(result.problems)) return answer(request, problemsAnswer(result.problems));
      return request.json(result);
    }),
  );
  app.post('/diff', async (request) => {
    const wanted = await readBody(request.req.raw, diffRequestSchema);
    if (wanted.manifests !== undefined && request.get('access') === 'read-only')
      return answer(request, readOnly());
    const compare = async () => {
      const items = await operations.diff(wanted, untilGone(request, options).signal);
      return request.json({ items });
    };
    return wanted.manifests === undefined ? compare() : withManifests(request, compare);
  });
  app.delete('/stacks/:name', async (request) => {
    const wanted = deleteQuerySchema.parse(request.req.query());
    return request.json(await operations.delete({ name: request.req.param('name'), ...wanted }), 202);
  });
  app.post('/stacks/:name/reconcile', async (request) => {
    const { withSource } = reconcileQuerySchema.parse(request.req.query());
    const name = request.req.param('name');
    if (withSource) await operations.reconcileWithSource(name, untilGone(request, options).signal);
    else operations.reconcile(name);
    return request.json({ done: true }, 202);
  });
  app.post('/sources/:name/reconcile', async (request) =>
    request.json(
      await operations.reconcileSource(request.req.param('name'), untilGone(request, options).signal),
    ),
  );
  app.delete('/sources/:name', async (request) => {
    await operations.deleteSource(request.req.param('name'));
    return request.json({ done: true });
  });
  app.post('/stacks/:name/suspend', async (request) => {
    await operations.suspend(request.req.param('name'));
    return request.json({ done: true });
  });
  app.post('/stacks/:name/resume', async (request) => {
    await operations.resume(request.req.param('name'));
    return request.json({ done: true });
  });
  app.post('/stacks/:name/rollback', async (request) => {
    const { toRevision } = await readBody(request.req.raw, rollbackRequestSchema);
    return request.json(
      await operations.rollBack(request.req.param('name'), toRevision, untilGone(request, options).signal),
    );
  });
  app.post('/stacks/:name/rollout', async (request) => {
    const wanted = await readBody(request.req.raw, rolloutRequestSchema);
    await operations.rollout({ name: request.req.param('name'), ...wanted });
    return request.json({ done: true });
  });
  app.post('/stacks/:name/adopt', async (request) => {
    await operations.adopt(request.req.param('name'));
    return request.json({ done: true });
  });
  return app;
}

function buildStreams(options: RouteOptions): Hono<Bindings> {
  const { operations } = options;
  const app = new Hono<Bindings>();
  app.get('/watch', (request) => {
    const { stack } = watchQuerySchema.parse(request.req.query());
    return stream(request, options, 'drop', (signal) => operations.watch({ stack }, signal));
  });
  app.get('/events', (request) => {
    const query = eventsQuerySchema.parse(request.req.query());
    const filter = { stack: query.stack, afterSequence: query.after };
    // Read in any case: an unknown stack is answered as such, not in the middle of a stream.
    const items = operations.events(filter);
    if (!query.watch) return request.json({ items });
    return stream(request, options, 'drop', (signal) => followEvents(operations, filter, signal));
  });
  app.post('/verify', async (request) => {
    const wanted = await readBody(request.req.raw, verifyRequestSchema);
    // An unknown stack is answered as such, not in the middle of a stream.
    for (const name of wanted.stacks) operations.stack(name);
    return stream(request, options, 'wait', (signal) => operations.verify(wanted, signal));
  });
  app.get('/stacks/:name/logs', (request) => {
    const { service: services, ...query } = logsQuerySchema.parse({
      ...request.req.query(),
      service: request.req.queries('service') ?? [],
    });
    const stack = request.req.param('name');
    operations.stack(stack);
    return stream(request, options, 'wait', (signal) =>
      operations.logs({ stack, services, ...query }, signal),
    );
  });
  return app;
}

function stream(
  request: Request,
  options: RouteOptions,
  whenSlow: 'drop' | 'wait',
  open: (signal: AbortSignal) => AsyncIterable<unknown>,
): Response {
  const abort = untilGone(request, options);
  const body = ndjsonStream(open(abort.signal), {
    whenSlow,
    abort,
    cutOff: () => {
      options.log.warn({ path: request.req.path }, 'a client that reads too slowly was cut off');
      request.env.outgoing.destroy();
    },
    describeError: (thrown) => errorAnswer(thrown).body,
  });
  return request.body(body, 200, { 'content-type': NDJSON });
}

/** Aborts when the client goes away or the server closes. */
function untilGone(request: Request, { closing }: RouteOptions): AbortController {
  const abort = new AbortController();
  const stop = (): void => abort.abort('the daemon stops');
  if (closing.aborted) stop();
  // By hand and not by AbortSignal.any, which holds on to every request for as long as `closing` lives.
  closing.addEventListener('abort', stop);
  request.env.outgoing.once('close', () => {
    closing.removeEventListener('abort', stop);
    abort.abort('the client is gone');
  });
  return abort;
}

async function withManifests(request: Request, respond: () => Promise<Response>): Promise<Response> {
  try {
    return await respond();
  } catch (thrown) {
    const failed = errorAnswer(thrown, true);
    // Only what differs is answered here: everything else is answered, and logged, in one place.
    if (failed.status !== 422) throw thrown;
    return answer(request, failed);
  }
}

function answer(request: Request, { status, body }: ErrorAnswer): Response {
  return request.json(body, status);
}
