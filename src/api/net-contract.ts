import { z } from 'zod';

/** What is said on the socket about who can talk to whom; a type test keeps it equal to isolation/. */
const maybe = <Schema extends z.ZodType>(schema: Schema) => schema.optional().transform((value) => value);
const labels = z.record(z.string(), z.string());

const member = z.object({
  id: z.string(),
  name: z.string(),
  stack: maybe(z.string()),
  service: maybe(z.string()),
  ordinal: z.number(),
  labels,
  containerId: maybe(z.string()),
  state: z.enum(['running', 'stopped']),
  health: maybe(z.enum(['starting', 'healthy', 'unhealthy'])),
  namespace: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('own') }),
    z.object({ kind: z.literal('host') }),
    z.object({ kind: z.literal('none') }),
    z.object({ kind: z.literal('shared'), with: maybe(z.string()) }),
  ]),
  attachments: z.array(
    z.object({
      network: z.string(),
      addresses: z.array(z.string()),
      aliases: z.array(z.string()),
      gwPriority: z.number(),
      links: z.array(z.string()),
    }),
  ),
  publications: z.array(
    z.object({
      hostIp: z.string(),
      hostPort: maybe(z.number()),
      containerPort: z.number(),
      protocol: z.string(),
    }),
  ),
  listens: z.array(
    z.object({
      port: z.number(),
      protocol: z.string(),
      source: z.enum(['exposed', 'published', 'healthcheck', 'command', 'image']),
    }),
  ),
});

const gatewayMode = z.enum(['nat', 'nat-unprotected', 'routed', 'isolated']);

const network = z.object({
  name: z.string(),
  stack: maybe(z.string()),
  keys: z.array(z.string()),
  labels,
  driver: z.string(),
  isDefaultBridge: z.boolean(),
  internal: z.boolean(),
  icc: z.boolean(),
  masquerade: z.boolean(),
  gatewayMode4: gatewayMode,
  gatewayMode6: gatewayMode,
  inhibitIPv4: z.boolean(),
  enableIPv6: z.boolean(),
  attachable: z.boolean(),
  mode: z.string(),
  subnets: z.array(z.string()),
  gateways: z.array(z.string()),
  isGuessed: z.boolean(),
});

const topology = z.object({
  origin: z.enum(['declared', 'observed']),
  engine: z.object({ apiVersion: z.string() }),
  members: z.array(member),
  networks: z.array(network),
});

/** Answer of `GET /v1alpha1/networking` */
export const networkingSchema = z.object({
  declared: topology,
  observed: topology,
  hostSubnets: z.array(z.string()),
  pools: maybe(z.array(z.object({ base: z.string(), size: z.number() }))),
});
