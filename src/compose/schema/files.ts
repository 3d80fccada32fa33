import { z } from 'zod';
import { distinctPairs, listOf, number, optional, options, section, text } from './forms.ts';
import { external } from './networks.ts';

/** Compose specification, top-level "configs". */
export const configSchema = section(
  optional({
    name: text("The engine's name of the config; STACK_KEY when absent."),
    file: text('The file of the host with its content.'),
    content: text('The content itself; variables are filled in.'),
    environment: text('The name of the variable with its content.'),
    external: external('The config exists already.'),
    labels: distinctPairs('Labels of the config.'),
    template_driver: text('Swarm only.'),
  }),
).meta({ description: 'A file that services get to read.' });

/** Compose specification, top-level "secrets". */
export const secretSchema = section(
  optional({
    name: text("The engine's name of the secret; STACK_KEY when absent."),
    file: text('The file of the host with its content.'),
    environment: text('The name of the variable with its content.'),
    external: external('The secret exists already.'),
    labels: distinctPairs('Labels of the secret.'),
    driver: text('Swarm only.'),
    driver_opts: options('Swarm only.'),
    template_driver: text('Swarm only.'),
  }),
).meta({ description: 'A file whose content nobody but the services that use it may see.' });

/** Compose specification, "configs" and "secrets" of a service and of a build. */
export const fileReferences = (description: string) => {
  const long = section(
    optional({
      source: text('The key of the config or secret in this stack.'),
      target: text('Where the file appears: a path, or for secrets a name below /run/secrets.'),
      uid: text('The user who owns the file.'),
      gid: text('The group that owns the file.'),
      mode: number('Permissions in octal: 0o440.'),
    }),
  );
  return listOf(
    z.union([z.string(), long], { error: 'a name, or a map with source and target' }),
    'names or maps',
  ).meta({
    description,
  });
};
