import { z } from 'zod';

const hookSchema = z.object({
  /** Not run by a shell. Never empty. */
  command: z.array(z.string()).min(1).readonly(),
  /** Undefined: the container's own. */
  user: z.string().optional(),
  privileged: z.boolean().optional(),
  workingDir: z.string().optional(),
  /** `NAME=value`, beside the container's own. */
  env: z.array(z.string()).readonly(),
});

const hooksSchema = z.object({
  postStart: z.array(hookSchema).readonly(),
  preStop: z.array(hookSchema).readonly(),
});

/** A command that is run in a container (Compose specification, "post_start" and "pre_stop"). */
export type Hook = Readonly<z.infer<typeof hookSchema>>;

/** What is run in a container after each of its starts, and before it is stopped; each list in its order. */
export type Hooks = Readonly<z.infer<typeof hooksSchema>>;

export const NO_HOOKS: Hooks = { postStart: [], preStop: [] };

/** As a container's label has them, so that a container that is wanted no more still gets its own. */
export const hooksText = (hooks: Hooks): string => JSON.stringify(hooks);

/** The hooks of a label; none where it is absent or was not written by us. */
export function readHooks(text: string | undefined): Hooks | undefined {
  if (text === undefined) return undefined;
  try {
    return hooksSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
