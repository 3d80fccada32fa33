import { z } from 'zod';
import { stackName } from '../model/names.ts';
import { MAX_MANIFEST_BYTES, MAX_MANIFEST_FILES } from './paths.ts';

/**
 * What is said on the socket, by both sides: the daemon checks requests against these schemas, the client
 * checks answers. JSON drops undefined fields, so each such field may be absent; unknown fields of answers
 * are dropped, so that an older client understands a newer daemon. A type test keeps every type here equal
 * to its original in controller/operations.ts and model/.
 */

type Primitive = string | number | boolean | undefined;
type DeepReadonly<T> = T extends Primitive ? T : { readonly [Key in keyof T]: DeepReadonly<T[Key]> };
/** The type that a schema yields, with everything readonly. */
export type Yields<Schema extends z.ZodType> = DeepReadonly<z.output<Schema>>;

/** A field that is always there in TypeScript, possibly undefined, and so possibly absent in JSON. */
const maybe = <Schema extends z.ZodType>(schema: Schema) => schema.optional().transform((value) => value);
const name = z.string().transform(stackName);

export const problemSchema = z.object({
  severity: z.enum(['error', 'warning']),
  code: z.string(),
  message: z.string(),
  hint: z.string().optional(),
  path: z.string().optional(),
  at: z.object({ file: z.string(), line: z.number(), column: z.number() }).optional(),
});

const condition = z.object({
  type: z.enum(['Ready', 'Reconciling', 'Stalled', 'Healthy', 'Suspended', 'Isolated']),
  status: z.enum(['True', 'False', 'Unknown']),
  reason: z.string(),
  message: z.string(),
  observedGeneration: z.number(),
  lastTransitionTime: z.string(),
});

const health = z.enum(['Healthy', 'Progressing', 'Degraded', 'Missing', 'Suspended', 'Unknown']);
const presence = z.enum(['Present', 'Missing', 'Drifted']);

const serviceStatus = z.object({
  name: z.string(),
  image: z.string(),
  imageId: maybe(z.string()),
  imageDigest: maybe(z.string()),
  desired: z.number(),
  ready: z.number(),
  updated: z.number(),
  restarts: z.number(),
  health,
  state: z.string(),
  message: z.string(),
  ports: z.array(z.string()),
  networks: z.array(z.string()),
  containers: z.array(
    z.object({
      name: z.string(),
      id: z.string(),
      imageId: z.string(),
      imageDigest: maybe(z.string()),
      state: z.string(),
      health: z.string(),
      startedAt: maybe(z.string()),
      addresses: z.record(z.string(), z.string()),
    }),
  ),
});

const networkStatus = z.object({
  name: z.string(),
  key: z.string(),
  driver: z.string(),
  subnets: z.array(z.string()),
  internal: z.boolean(),
  icc: z.boolean(),
  external: z.boolean(),
  state: presence,
  attached: z.number(),
});

const volumeStatus = z.object({
  name: z.string(),
  key: z.string(),
  driver: z.string(),
  external: z.boolean(),
  state: presence,
});

const historyEntry = z.object({
  revision: z.string(),
  generation: z.number(),
  firstAppliedAt: z.string(),
  lastAppliedAt: z.string(),
  outcome: z.enum(['Applied', 'Failed', 'RolledBack', 'Applying']),
});

/** `GET /v1alpha1/stacks/NAME` */
export const stackStatusSchema = z.object({
  name,
  labels: z.record(z.string(), z.string()).default({}),
  source: z.object({ kind: z.string(), name: z.string(), path: z.string() }),
  generation: z.number(),
  observedGeneration: z.number(),
  lastAppliedRevision: maybe(z.string()),
  lastAttemptedRevision: maybe(z.string()),
  sync: z.enum(['Synced', 'OutOfSync', 'Unknown']),
  health,
  conditions: z.array(condition),
  services: z.array(serviceStatus),
  networks: z.array(networkStatus),
  volumes: z.array(volumeStatus),
  problems: z.array(problemSchema),
  pending: z.array(z.string()),
  history: z.array(historyEntry),
  suspended: z.boolean(),
  nextLookAt: maybe(z.string()),
  createdAt: z.string(),
});

/** `GET /v1alpha1/stacks` */
export const stackListSchema = z.object({ items: z.array(stackStatusSchema) });

/** `GET /v1alpha1/stacks/NAME/manifest` */
export const stackManifestSchema = z.object({
  name: z.string(),
  files: z.array(z.object({ path: z.string(), text: z.string() })),
});

/** One event: a line of `GET /v1alpha1/events?watch=true`. */
export const stackEventSchema = z.object({
  stack: name,
  type: z.enum(['Normal', 'Warning']),
  reason: z.string(),
  object: z.string(),
  message: z.string(),
  count: z.number(),
  firstAt: z.string(),
  lastAt: z.string(),
  sequence: z.number(),
});

/** `GET /v1alpha1/events` */
export const eventListSchema = z.object({ items: z.array(stackEventSchema) });

/** A line of `GET /v1alpha1/watch`. */
export const stackNoticeSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('status'), status: stackStatusSchema }),
  z.object({ kind: z.literal('deleted'), name: z.string() }),
  z.object({ kind: z.literal('event'), event: stackEventSchema }),
  z.object({ kind: z.literal('progress'), stack: z.string(), line: z.string() }),
]);

/** A line of `GET /v1alpha1/stacks/NAME/logs`. */
export const logLineSchema = z.object({
  stream: z.enum(['stdout', 'stderr']),
  text: z.string(),
  service: z.string(),
  container: z.string(),
});

const absolutePath = z
  .string()
  .max(4096)
  .refine((path) => path.startsWith('/') && !path.includes('\0'), 'must be an absolute path');
const pathInside = z
  .string()
  .min(1)
  .max(4096)
  .refine(
    (path) => !path.startsWith('/') && !path.includes('\0') && !path.split('/').includes('..'),
    'must be a relative path that stays inside baseDirectory',
  );

const pushedManifests = z.object({
  baseDirectory: absolutePath,
  files: z
    .array(z.object({ relativePath: pathInside, text: z.string().max(MAX_MANIFEST_BYTES) }))
    .max(MAX_MANIFEST_FILES),
});

/** Body of `POST /v1alpha1/apply`. */
export const applyRequestSchema = pushedManifests.extend({
  dryRun: z.boolean(),
  force: z.boolean(),
  adopt: z.boolean().default(false),
});

/** Answer of `POST /v1alpha1/apply`; problems that are errors come as an `ErrorBody` with status 422. */
export const applyResultSchema = z.object({
  problems: z.array(problemSchema),
  repositories: z
    .array(z.object({ name: z.string(), action: z.enum(['created', 'configured', 'unchanged']) }))
    .optional(),
  stacks: z.array(
    z.object({
      name: z.string(),
      action: z.enum(['created', 'configured', 'unchanged']),
      generation: z.number(),
      isReady: z.boolean(),
      plan: z.array(z.string()),
    }),
  ),
});

/** Body of `POST /v1alpha1/diff`. */
export const diffRequestSchema = z.object({
  manifests: maybe(pushedManifests),
  stacks: z.array(z.string()).max(MAX_MANIFEST_FILES),
  adopt: z.boolean().default(false),
});

const stackDiff = z.object({
  name: z.string(),
  problems: z.array(problemSchema),
  plan: z.array(z.string()),
  changes: z.array(
    z.object({
      object: z.string(),
      action: z.string(),
      fields: z.array(z.object({ path: z.string(), from: z.string(), to: z.string() })),
    }),
  ),
});

/** Answer of `POST /v1alpha1/diff`. */
export const diffResultSchema = z.object({ items: z.array(stackDiff) });

const flag = z.enum(['true', 'false']).transform((text) => text === 'true');

/** Query of `DELETE /v1alpha1/stacks/NAME`. */
export const deleteQuerySchema = z.object({ volumes: flag.default(false), confirm: flag.default(false) });

/** Answer of `DELETE /v1alpha1/stacks/NAME`. */
export const deleteResultSchema = z.object({
  handedTo: maybe(z.object({ kind: z.string(), name: z.string(), path: z.string() })),
});

/** Query of `GET /v1alpha1/events`. */
export const eventsQuerySchema = z.object({
  stack: maybe(z.string()),
  after: maybe(z.coerce.number().int().min(0)),
  watch: flag.default(false),
});

/** Query of `GET /v1alpha1/watch`. */
export const watchQuerySchema = z.object({ stack: maybe(z.string()) });

/** Query of `GET /v1alpha1/stacks/NAME/logs`; `service` may stand there several times. */
export const logsQuerySchema = z.object({
  service: z.array(z.string()).default([]),
  follow: flag.default(false),
  tail: maybe(z.coerce.number().int().min(0)),
  sinceMs: maybe(z.coerce.number().int().min(0)),
  timestamps: flag.default(false),
});

/** Answer of `GET /v1alpha1/version`. */
export const daemonVersionSchema = z.object({
  version: z.string(),
  instance: z.string(),
  engine: maybe(z.object({ version: z.string(), apiVersion: z.string() })),
  startedAt: z.string(),
});

/** Answer of `GET /v1alpha1/projects/NAME` */
export const composeProjectSchema = z.object({
  name: z.string(),
  configFiles: z.array(z.string()),
  isNamedByDirectory: z.boolean(),
  workingDirectory: z.string(),
  containers: z.number(),
});

/** Answer of a command that answers nothing else. */
export const doneSchema = z.object({ done: z.literal(true) });

/** Every answer above 399, and the last line of a stream that broke. */
export const errorBodySchema = z.object({
  error: z.object({
    kind: z.enum(['invalid', 'conflict', 'refused', 'gone', 'unreachable', 'superseded', 'bug']),
    message: z.string(),
    hint: z.string().optional(),
  }),
  problems: z.array(problemSchema).optional(),
});

export type PushedManifests = Yields<typeof pushedManifests>;
export type StackManifestNote = Yields<typeof stackManifestSchema>;
export type ApplyRequest = Yields<typeof applyRequestSchema>;
export type ApplyResult = Yields<typeof applyResultSchema>;
export type DiffRequest = Yields<typeof diffRequestSchema>;
export type StackDiff = Yields<typeof stackDiff>;
export type ComposeProjectNote = Yields<typeof composeProjectSchema>;
export type StackNotice = Yields<typeof stackNoticeSchema>;
export type ContainerLogLine = Yields<typeof logLineSchema>;
export type DaemonVersion = Yields<typeof daemonVersionSchema>;
export type ErrorBody = Yields<typeof errorBodySchema>;

export type DeleteResult = Yields<typeof deleteResultSchema>;

export interface DeleteRequest {
  readonly name: string;
  readonly volumes: boolean;
  readonly confirm: boolean;
}

export interface LogsRequest {
  readonly stack: string;
  /** Empty: all. */
  readonly services: readonly string[];
  readonly follow: boolean;
  readonly tail: number | undefined;
  readonly sinceMs: number | undefined;
  readonly timestamps: boolean;
}
