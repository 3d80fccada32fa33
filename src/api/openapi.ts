import { z } from 'zod';
import * as contract from './contract.ts';
import { networkingSchema } from './net-contract.ts';
import { API_VERSION, NDJSON } from './paths.ts';
import * as rollouts from './rollout-contract.ts';
import * as sources from './source-contract.ts';
import { verifyNoticeSchema, verifyRequestSchema } from './verify-contract.ts';

/** One path and method of the API, in words and schemas. */
export interface RouteNote {
  readonly method: 'get' | 'post' | 'delete';
  /** With `{name}` for what is filled in. */
  readonly path: string;
  readonly summary: string;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** Undefined: text. */
  readonly answer?: z.ZodType | undefined;
  /** Status of an answer that is no error; default 200. */
  readonly status?: number;
  /** The answer is a stream with one document a line. */
  readonly isStream?: boolean;
}

const V = `/${API_VERSION}`;
const ofStack = `${V}/stacks/{name}`;

/** Every route, in the order of the document; a test compares it with what the server serves. */
export const ROUTES: readonly RouteNote[] = [
  { method: 'get', path: '/healthz', summary: 'whether the daemon is alive' },
  { method: 'get', path: '/readyz', summary: 'whether the engine answers and the sources have been read' },
  {
    method: 'get',
    path: `${V}/version`,
    summary: 'versions of the daemon and its engine',
    answer: contract.daemonVersionSchema,
  },
  { method: 'get', path: `${V}/stacks`, summary: 'all stacks', answer: contract.stackListSchema },
  { method: 'get', path: ofStack, summary: 'one stack', answer: contract.stackStatusSchema },
  {
    method: 'get',
    path: `${ofStack}/manifest`,
    summary: 'its manifest, as its source has it',
    answer: contract.stackManifestSchema,
  },
  {
    method: 'get',
    path: `${ofStack}/history`,
    summary: 'its revisions, newest first',
    answer: rollouts.historySchema,
  },
  {
    method: 'get',
    path: `${V}/sources`,
    summary: 'where manifests come from',
    answer: sources.sourceListSchema,
  },
  {
    method: 'get',
    path: `${V}/sources/{name}`,
    summary: 'one source',
    answer: sources.sourceStatusSchema,
  },
  {
    method: 'post',
    path: `${V}/sources/{name}/reconcile`,
    summary: 'read it again now',
    answer: sources.sourceStatusSchema,
  },
  {
    method: 'delete',
    path: `${V}/sources/{name}`,
    summary: 'forget a repository that was applied',
    answer: contract.doneSchema,
  },
  {
    method: 'get',
    path: `${V}/networking`,
    summary: 'who can reach whom, as declared and as observed',
    answer: networkingSchema,
  },
  {
    method: 'post',
    path: `${V}/verify`,
    summary: 'probe who reaches whom; the last line is the report',
    body: verifyRequestSchema,
    answer: verifyNoticeSchema,
    isStream: true,
  },
  {
    method: 'get',
    path: `${V}/projects/{name}`,
    summary: 'a project that docker compose made',
    answer: contract.composeProjectSchema,
  },
  {
    method: 'post',
    path: `${V}/apply`,
    summary: 'make stacks be as these manifests say',
    body: contract.applyRequestSchema,
    answer: contract.applyResultSchema,
  },
  {
    method: 'post',
    path: `${V}/diff`,
    summary: 'what differs, and what would be done about it',
    body: contract.diffRequestSchema,
    answer: contract.diffResultSchema,
  },
  {
    method: 'delete',
    path: ofStack,
    summary: 'remove a stack from the host',
    query: contract.deleteQuerySchema,
    answer: contract.deleteResultSchema,
    status: 202,
  },
  {
    method: 'post',
    path: `${ofStack}/reconcile`,
    summary: 'look at it now',
    query: sources.reconcileQuerySchema,
    answer: contract.doneSchema,
    status: 202,
  },
  { method: 'post', path: `${ofStack}/suspend`, summary: 'stop acting on it', answer: contract.doneSchema },
  { method: 'post', path: `${ofStack}/resume`, summary: 'act on it again', answer: contract.doneSchema },
  {
    method: 'post',
    path: `${ofStack}/rollback`,
    summary: 'go back to an earlier revision, and stay there',
    body: rollouts.rollbackRequestSchema,
    answer: rollouts.rollbackResultSchema,
  },
  {
    method: 'post',
    path: `${ofStack}/rollout`,
    summary: 'pause, resume or restart its rollout',
    body: rollouts.rolloutRequestSchema,
    answer: contract.doneSchema,
  },
  {
    method: 'post',
    path: `${ofStack}/adopt`,
    summary: 'take over the project that docker compose made of it',
    answer: contract.doneSchema,
  },
  {
    method: 'get',
    path: `${V}/watch`,
    summary: 'the status of stacks, and all that happens to them, as it happens',
    query: contract.watchQuerySchema,
    answer: contract.stackNoticeSchema,
    isStream: true,
  },
  {
    method: 'get',
    path: `${V}/events`,
    summary: 'what happened, oldest first; with `watch=true` a stream of events',
    query: contract.eventsQuerySchema,
    answer: contract.eventListSchema,
  },
  {
    method: 'get',
    path: `${ofStack}/logs`,
    summary: 'what its containers write',
    query: contract.logsQuerySchema,
    answer: contract.logLineSchema,
    isStream: true,
  },
];

interface JsonObject {
  readonly [key: string]: unknown;
}

/** The OpenAPI 3.1 description of the API. */
export function openApi(version: string): JsonObject {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of ROUTES) {
    paths[route.path] = { ...paths[route.path], [route.method]: operation(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'stackctld',
      version,
      description: 'On a unix socket; on TCP with a bearer token. Streams have one JSON document a line.',
    },
    security: [{}, { token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: { Error: jsonSchema(contract.errorBodySchema, 'output') },
    },
  };
}

function operation(route: RouteNote): JsonObject {
  const { method, path, summary, body, status = 200 } = route;
  const error = { $ref: '#/components/schemas/Error' };
  return {
    operationId: operationId(method, path),
    summary,
    parameters: [...pathParameters(path), ...queryParameters(route)],
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: jsonSchema(body, 'input') } },
          },
        }),
    responses: {
      [status]: { description: summary, content: answerContent(route) },
      default: { description: 'an error', content: { 'application/json': { schema: error } } },
    },
  };
}

function answerContent({ answer, isStream }: RouteNote): JsonObject {
  if (answer === undefined) return { 'text/plain': { schema: { type: 'string' } } };
  return {
    [isStream === true ? NDJSON : 'application/json']: { schema: jsonSchema(answer, 'output') },
  };
}

const pathParameters = (path: string): readonly JsonObject[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));

function queryParameters({ query }: RouteNote): readonly JsonObject[] {
  return Object.entries(query?.shape ?? {}).map(([name, schema]) => ({
    name,
    in: 'query',
    schema: jsonSchema(schema as z.ZodType, 'input'),
  }));
}

/** Answers are made by transforms that change nothing, and so look on the wire as they come in. */
function jsonSchema(schema: z.ZodType, side: 'input' | 'output'): JsonObject {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema: made }) => {
      // A newer daemon may answer more.
      if (side === 'output') delete made.additionalProperties;
      if (made.minimum === Number.MIN_SAFE_INTEGER) delete made.minimum;
      if (made.maximum === Number.MAX_SAFE_INTEGER) delete made.maximum;
    },
  });
  return rest;
}

/** `getStacksNameLogs` */
function operationId(method: string, path: string): string {
  const words = path.replace(V, '').match(/\w+/g) ?? [];
  return method + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}
