import { z } from 'zod';
import { byName, distinctNames, flag, listOf, optional, section, text } from './forms.ts';

const dependency = section({
  condition: z.enum(['service_started', 'service_healthy', 'service_completed_successfully']).meta({
    description: 'What the other service must have reached first.',
  }),
  ...optional({
    restart: flag('Restarts this service when the other one was replaced.'),
    required: z.boolean().meta({ description: 'false: goes on without the other service (default true).' }),
  }),
});

/** Compose specification, "depends_on". */
export const dependsOnSchema = z
  .union([distinctNames('service names'), byName(dependency, 'What to wait for, by service.')], {
    error: 'a list of service names, or a map of them',
  })
  .meta({ description: 'Services that start before this one and stop after it.' });

/** Compose specification, "extends". */
export const extendsSchema = z
  .union(
    [
      z.string(),
      section({
        service: text('The service whose settings are taken over.'),
        file: text('The Compose file it stands in; this one when absent.').optional(),
      }),
    ],
    { error: 'the name of a service, or a map with service and file' },
  )
  .meta({ description: 'Takes over the settings of another service; those written here win.' });

const envFile = section({
  path: text('The file.'),
  ...optional({
    required: flag('false: the file may be missing.'),
    format: text('raw: values are taken as they stand, without quotes or variables.'),
  }),
});

/** Compose specification, "env_file". */
export const envFileSchema = z
  .union(
    [z.string(), listOf(z.union([z.string(), envFile], { error: 'a path, or a map with path' }), 'paths')],
    {
      error: 'a path, or a list of paths',
    },
  )
  .meta({ description: 'Files of variables for the container; what stands in `environment` wins.' });

/** Compose specification, "models" of a service. */
export const serviceModelsSchema = z
  .union(
    [
      distinctNames('model names'),
      byName(
        section(
          optional({
            endpoint_var: text('The variable that gets the address of the model.'),
            model_var: text('The variable that gets the name of the model.'),
          }),
        ).nullable(),
        'How each model is made known to the service.',
      ),
    ],
    { error: 'a list of model names, or a map of them' },
  )
  .meta({ description: 'Language models the service uses; not run by stackctl.' });

const providerOption = z.union([z.string(), z.number(), z.boolean()]);

/** Compose specification, "provider". */
export const providerSchema = section({
  type: text('The program that provides the service.'),
  options: z
    .record(
      z.string().min(1),
      z.union([providerOption, listOf(providerOption, 'scalars')], {
        error: 'a scalar, or a list of scalars',
      }),
    )
    .optional()
    .meta({ description: 'Options of that program.' }),
}).meta({ description: 'A service that a program outside the engine provides; not run by stackctl.' });
