import { z } from 'zod';
import type { ServiceContext } from './context.ts';

/** The part of a service that is ours: Compose leaves every `x-` attribute to whoever reads it. */
const extensionSchema = z
  .object({
    healUnhealthy: z.boolean().default(true).meta({
      description: 'Whether a container that turns unhealthy is restarted.',
    }),
  })
  .strict();

export type ServiceExtension = z.infer<typeof extensionSchema>;

/** What a service says under `x-stackctl`. */
export function serviceExtension(context: ServiceContext): ServiceExtension {
  const given: unknown = Object.entries(context.service).find(([key]) => key === 'x-stackctl')?.[1] ?? {};
  const parsed = extensionSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) {
    const field = issue.path.map((part) => `.${String(part)}`).join('');
    context.report.error(`${context.path}.x-stackctl${field}`, {
      code: 'InvalidExtension',
      message: `x-stackctl knows only healUnhealthy, which is true or false`,
    });
  }
  return { healUnhealthy: true };
}
