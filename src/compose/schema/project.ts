import { z } from 'zod';
import { configSchema, secretSchema } from './files.ts';
import { byName, listOf, optional, section, text, textOrTexts, texts } from './forms.ts';
import { networkSchema } from './networks.ts';
import { serviceSchema } from './service.ts';
import { volumeSchema } from './volumes.ts';

const includeSchema = listOf(
  z.union(
    [
      z.string(),
      section(
        optional({
          path: textOrTexts('The Compose file, or several that override each other.'),
          env_file: textOrTexts('Files of variables for it; `.env` beside it when absent.'),
          project_directory: text('What its relative paths are relative to; its own directory when absent.'),
        }),
      ),
    ],
    { error: 'a path, or a map with path' },
  ),
  'paths or maps',
).meta({ description: 'Other Compose files whose resources become part of this one.' });

const modelSchema = section({
  model: text('The model, as an OCI reference.'),
  ...optional({
    name: text('Its name.'),
    context_size: z.int().meta({ description: 'The largest context, in tokens.' }),
    runtime_flags: texts('Flags for the program that runs it.'),
  }),
});

/** The top-level sections that name resources; a Stack's `spec` has the same. */
export const resourceSections = {
  services: byName(serviceSchema, 'The containers of the stack, by service.'),
  networks: z
    .record(z.string().min(1), networkSchema)
    .meta({ description: 'The networks of the stack; `default` is there without being named.' }),
  volumes: byName(volumeSchema, 'The named volumes of the stack.'),
  configs: byName(configSchema, 'Files that services may use.'),
  secrets: byName(secretSchema, 'Secret files that services may use.'),
};

/** A Compose file as a user writes it (Compose specification), after interpolation and merging. */
export const projectSchema = section(
  optional({
    version: z.string().meta({ description: 'Obsolete, has no effect.', deprecated: true }),
    name: text('The name of the stack.'),
    include: includeSchema,
    ...resourceSections,
    models: z
      .record(z.string().min(1), modelSchema)
      .meta({ description: 'Language models; not run by stackctl.' }),
  }),
).meta({
  title: 'Compose file',
  description: 'A Compose file: services, and the networks, volumes and files they use.',
});
