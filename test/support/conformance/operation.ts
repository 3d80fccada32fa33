import { z } from 'zod';

/** Names in operations are short and mean nothing on an engine: see `Names`. */
const name = z.string().regex(/^[a-z][a-z0-9-]*$/);
const address = z.string().regex(/^[a-z]\.\d+$/);

const endpoint = z.strictObject({
  network: name,
  aliases: z.array(z.string()).readonly().optional(),
  address: address.optional(),
  mac: z.string().optional(),
});

/** What a container is to be. Left out: one that sleeps, in no network. */
const containerWords = {
  container: name,
  image: name.optional(),
  /** `sleep` (default), `trap` (ends with 42 on TERM and USR1), `exit N` (soon after its start), `nowhere`. */
  program: z.string().optional(),
  /** `none` (default where there are no networks), `bridge`, `host`, `container:NAME`. */
  mode: z.string().optional(),
  networks: z.array(endpoint).readonly().optional(),
  /** By path: `NAME`, `NAME:ro`. */
  volumes: z.record(z.string(), z.string()).optional(),
  /** `PORT:80`; `:80` for any port. */
  ports: z.array(z.string()).readonly().optional(),
  /** As in Compose: `on-failure:2`. */
  restart: z.string().optional(),
  memoryMiB: z.number().optional(),
  health: z.enum(['pass', 'fail']).optional(),
  hostname: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  volumesFrom: z.array(z.string()).readonly().optional(),
  ipc: name.optional(),
  pid: name.optional(),
};

const networkWords = {
  network: name,
  /** `s`: a /24 of that letter. */
  subnet: z.string().optional(),
  internal: z.boolean().optional(),
  attachable: z.boolean().optional(),
  options: z.record(z.string(), z.string()).optional(),
  driver: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
};

const attachWords = { network: name, container: name };
const as = z.literal('other').optional();
const spec = z.string().optional();

/** A call of the engine port. Containers and networks are those that were made last under a name. */
const portOperation = z.discriminatedUnion('port', [
  z.strictObject({ port: z.literal('createContainer'), as, spec, ...containerWords }),
  z.strictObject({ port: z.enum(['startContainer', 'restartContainer']), as, container: name }),
  z.strictObject({ port: z.enum(['unpauseContainer', 'removeContainer']), as, container: name }),
  z.strictObject({
    port: z.literal('stopContainer'),
    as,
    container: name,
    signal: z.string().optional(),
  }),
  z.strictObject({ port: z.literal('renameContainer'), as, container: name, to: name }),
  z.strictObject({
    port: z.literal('updateContainer'),
    as,
    container: name,
    memoryMiB: z.number().optional(),
    cpuShares: z.number().optional(),
    pids: z.number().optional(),
    restart: z.string().optional(),
  }),
  z.strictObject({ port: z.literal('exec'), as, container: name, line: z.string() }),
  z.strictObject({ port: z.literal('putFiles'), as, container: name, path: z.string() }),
  z.strictObject({
    port: z.literal('createNetwork'),
    as,
    spec,
    keepsAddresses: z.boolean().optional(),
    ...networkWords,
  }),
  z.strictObject({
    port: z.literal('removeNetwork'),
    as,
    network: name,
    unclaimed: z.boolean().optional(),
  }),
  z.strictObject({
    port: z.literal('connectNetwork'),
    as,
    ...attachWords,
    aliases: z.array(z.string()).readonly().optional(),
    address: address.optional(),
    mac: z.string().optional(),
  }),
  z.strictObject({
    port: z.literal('disconnectNetwork'),
    as,
    ...attachWords,
    by: z.enum(['id', 'name']).optional(),
    force: z.boolean().optional(),
  }),
  z.strictObject({
    port: z.literal('createVolume'),
    as,
    spec,
    volume: name,
    options: z.record(z.string(), z.string()).optional(),
    labels: z.record(z.string(), z.string()).optional(),
  }),
  z.strictObject({ port: z.literal('removeVolume'), as, volume: name }),
  z.strictObject({ port: z.literal('ownedStacks'), as }),
]);

/** One request of the Engine API, as the docker command line makes it. By names, as they are now. */
const dockerOperation = z.discriminatedUnion('docker', [
  z.strictObject({
    docker: z.enum(['create', 'run']),
    /** Not even of our Compose project. */
    foreign: z.boolean().optional(),
    ...containerWords,
  }),
  z.strictObject({ docker: z.enum(['start', 'stop', 'restart', 'pause', 'unpause']), container: name }),
  z.strictObject({ docker: z.literal('kill'), container: name, signal: z.string().optional() }),
  z.strictObject({ docker: z.literal('rename'), container: name, to: name }),
  z.strictObject({
    docker: z.literal('update'),
    container: name,
    memoryMiB: z.number().optional(),
    cpuShares: z.number().optional(),
    restart: z.string().optional(),
  }),
  z.strictObject({
    docker: z.literal('rm'),
    container: name,
    force: z.boolean().optional(),
    volumes: z.boolean().optional(),
  }),
  z.strictObject({
    docker: z.literal('commit'),
    container: name,
    image: name,
    /** `VOLUME /data` */
    changes: z.array(z.string()).readonly().optional(),
  }),
  z.strictObject({
    docker: z.literal('network-create'),
    checkDuplicate: z.boolean().optional(),
    ...networkWords,
  }),
  z.strictObject({
    docker: z.literal('network-rm'),
    network: name,
    by: z.enum(['id', 'name']).optional(),
  }),
  z.strictObject({
    docker: z.literal('network-connect'),
    ...attachWords,
    aliases: z.array(z.string()).readonly().optional(),
    address: address.optional(),
  }),
  z.strictObject({
    docker: z.literal('network-disconnect'),
    ...attachWords,
    force: z.boolean().optional(),
  }),
  z.strictObject({
    docker: z.literal('volume-create'),
    volume: name,
    driver: z.string().optional(),
    options: z.record(z.string(), z.string()).optional(),
    labels: z.record(z.string(), z.string()).optional(),
  }),
  z.strictObject({ docker: z.literal('volume-rm'), volume: name, force: z.boolean().optional() }),
  z.strictObject({ docker: z.literal('image-tag'), image: name, as: name }),
  z.strictObject({ docker: z.literal('image-rm'), image: name, force: z.boolean().optional() }),
]);

/** dockerd ends, by SIGTERM or SIGKILL, and is started again. */
const engineOperation = z.strictObject({
  engine: z.enum(['restart', 'crash']),
  liveRestore: z.boolean().optional(),
});

const singleOperation = z.union([portOperation, dockerOperation]);

/** Two at once: the order is the engine's. */
const pairOperation = z.strictObject({ both: z.tuple([singleOperation, singleOperation]) });

const operation = z.union([portOperation, dockerOperation, engineOperation, pairOperation]);

export type PortOperation = z.infer<typeof portOperation>;
export type DockerOperation = z.infer<typeof dockerOperation>;
export type EngineOperation = z.infer<typeof engineOperation>;
export type SingleOperation = PortOperation | DockerOperation;
export type Operation = z.infer<typeof operation>;
export type ContainerWords = Extract<DockerOperation, { docker: 'create' | 'run' }>;
export type Sequence = readonly Operation[];

/** Reads what stands in a file; throws with the place of what is no operation. */
export function readSequence(json: unknown): Sequence {
  return z.array(operation).parse(json);
}
