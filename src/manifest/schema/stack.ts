import { z } from 'zod';
import { listOf, section } from '../../compose/schema/forms.ts';
import { resourceSections } from '../../compose/schema/project.ts';
import { durationSchema } from './duration.ts';
import { envelope, nameSchema } from './envelope.ts';

const toggle = (description: string, byDefault: boolean) =>
  z.boolean().default(byDefault).meta({ description });

const paths = (description: string) => listOf(z.string().min(1), 'paths').default([]).meta({ description });

const fieldPointer = z.string().regex(/^\/(services|networks|volumes)\/[^/]+(\/[^/]+)*$/, {
  error: 'a JSON pointer such as /services/web/mem_limit or /networks/front/internal',
});

const driftIgnore = section({
  paths: listOf(fieldPointer, 'field paths').meta({
    description:
      'JSON pointers of fields whose drift is left alone, such as /services/web/mem_limit; * stands for every name.',
  }),
});

const driftDetection = section({
  mode: z.enum(['enabled', 'warn', 'disabled']).default('enabled').meta({
    description:
      'enabled repairs what was changed behind our back; warn only tells of it; disabled does neither.',
  }),
  ignore: listOf(driftIgnore, 'maps with paths')
    .default([])
    .meta({ description: 'What does not count as drift.' }),
})
  .prefault({})
  .meta({ description: 'What happens when somebody else changes what the stack consists of.' });

/** The fields of `Stack.spec` that say how the stack is treated. Their words are Flux's. */
const controlFields = {
  suspend: toggle('Leaves the stack alone until this is false again.', false),
  prune: toggle('Removes containers and networks that are no longer in the manifest; never volumes.', true),
  deletionPolicy: z.enum(['Delete', 'Orphan']).default('Delete').meta({
    description:
      'When the stack is deleted: Delete removes its containers and networks, Orphan leaves them running.',
  }),
  dependsOn: listOf(section({ name: nameSchema('The other stack.') }), 'maps with name')
    .default([])
    .meta({ description: 'Stacks that must be ready before this one is touched.' }),
  interval: durationSchema('How often the stack is looked at though nothing seems to have happened.', '30s'),
  timeout: durationSchema('How long containers may take to become healthy.', '5m'),
  wait: toggle('The stack is ready only when all its services are healthy.', true),
  driftDetection,
  env: z
    .record(
      z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'letters, digits and "_"' }),
      z.union([z.string(), z.number(), z.boolean()], { error: 'a string, a number, true or false' }),
    )
    .default({})
    .meta({
      description: 'Variables for $NAME in the Compose part. The environment of the daemon is never used.',
    }),
  envFile: z
    .union([z.string().min(1), listOf(z.string().min(1), 'paths')], { error: 'a path, or a list of paths' })
    .default([])
    .meta({ description: 'Files of variables for $NAME, instead of `.env`; `env` wins.' }),
  profiles: paths('Profiles that are active; * is all of them.'),
  composeFiles: paths('Compose files, relative to this one; later ones and what stands here win.'),
};

const description = 'A Compose stack and how it is to be kept.';

/** Reads the control fields, with their defaults; everything else in `spec` is passed over. */
export const controlSchema = z.object(controlFields);

/** What `findStacks` checks: the Compose part is checked when its variables are filled in and its files merged. */
export const stackEnvelopeSchema = envelope(
  'Stack',
  section({
    ...controlFields,
    ...mapShape(resourceSections, () => z.unknown().optional()),
  }),
);

/** The whole of it, for editors, documentation and the CRD-shaped schema. */
export const stackSchema = envelope(
  'Stack',
  section({
    ...mapShape(resourceSections, (schema) => schema.optional()),
    ...controlFields,
  }).meta({ description }),
).meta({ title: 'Stack', description });

/** The keys of `spec` that are Compose's. */
export const composeSections: readonly string[] = Object.keys(resourceSections);

function mapShape<Key extends string, Result extends z.ZodType>(
  shape: Readonly<Record<Key, z.ZodType>>,
  change: (schema: z.ZodType) => Result,
): Record<Key, Result> {
  const entries = Object.entries<z.ZodType>(shape).map(([key, schema]) => [key, change(schema)]);
  return Object.fromEntries(entries) as Record<Key, Result>;
}
