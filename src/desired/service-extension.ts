import { z } from 'zod';
import type { ComposeService } from '../compose/model.ts';
import type { ServiceContext } from './context.ts';

const preStartSchema = z
  .object({
    command: z.array(z.string()).min(1, 'a command as a list of words').meta({
      description: 'What is run, without a shell.',
    }),
    image: z.string().min(1).optional().meta({ description: 'Default: the image of the service.' }),
    user: z.string().optional(),
    working_dir: z.string().optional(),
    privileged: z.boolean().optional(),
    environment: z.record(z.string(), z.string().nullable()).optional(),
  })
  .strict();

/** What `stackctl lint` is to leave unsaid; `src/lint/waivers.ts` reads it where it was written. */
const lintSchema = z
  .object({
    ignore: z.array(
      z.union([z.string(), z.object({ rule: z.string(), reason: z.string().optional() }).strict()]),
    ),
  })
  .strict();

/** The part of a service that is ours: Compose leaves every `x-` attribute to whoever reads it. */
const extensionSchema = z
  .object({
    healUnhealthy: z.boolean().default(true).meta({
      description: 'Whether a container that turns unhealthy is restarted.',
    }),
    lint: lintSchema.optional().meta({
      description: 'Findings of stackctl lint that are meant: it has no part in what runs.',
    }),
    preStart: z.array(preStartSchema).default([]).meta({
      description: 'Commands that are run to their end, one after another, before the service is started.',
    }),
  })
  .strict();

export type ServiceExtension = z.infer<typeof extensionSchema>;
export type PreStartHook = ServiceExtension['preStart'][number];

const NOTHING: ServiceExtension = { healUnhealthy: true, preStart: [] };

/** What a service says under `x-stackctl`. */
export function serviceExtension(context: ServiceContext): ServiceExtension {
  const parsed = extensionSchema.safeParse(givenOf(context.service));
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) {
    const field = issue.path
      .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
      .join('');
    context.report.error(`${context.path}.x-stackctl${field}`, {
      code: 'InvalidExtension',
      message: `${issue.path.join('.') || 'x-stackctl'}: ${issue.message}`,
      hint: 'x-stackctl knows healUnhealthy (true or false), preStart (a list of maps with command) and lint (a map with ignore, a list of rules)',
    });
  }
  return NOTHING;
}

/** The `preStart` commands; none where they are wrong, which `serviceExtension` tells. */
export function preStartOf(service: ComposeService): readonly PreStartHook[] {
  return (extensionSchema.safeParse(givenOf(service)).data ?? NOTHING).preStart;
}

function givenOf(service: ComposeService): unknown {
  return Object.entries(service).find(([key]) => key === 'x-stackctl')?.[1] ?? {};
}
