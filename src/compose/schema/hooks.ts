import { z } from 'zod';
import { commandLine, distinctPairs, flag, listOf, optional, section, text, textOrTexts } from './forms.ts';

const hook = section({
  command: commandLine('The command.'),
  ...optional({
    user: text('Who runs it; the user of the service when absent.'),
    privileged: flag('Runs it with all rights on the host.'),
    working_dir: text('Where it runs.'),
    environment: distinctPairs('Further variables.'),
  }),
});

/** Compose specification, "post_start" and "pre_stop". */
export const hooks = (description: string) => listOf(hook, 'maps with command').meta({ description });

const watch = section({
  path: text('The path that is watched.'),
  action: z.enum(['rebuild', 'sync', 'restart', 'sync+restart', 'sync+exec']).meta({
    description: 'What happens on a change.',
  }),
  ...optional({
    target: text('Where changed files go in the container.'),
    ignore: textOrTexts('Patterns of paths that do not count.'),
    include: textOrTexts('Patterns of the only paths that count.'),
    exec: hook.meta({ description: 'The command of sync+exec.' }),
    initial_sync: z.boolean().meta({ description: 'Brings the container up to date at the start.' }),
  }),
});

/** Compose Develop specification: for `docker compose watch`; we keep it and do nothing with it. */
export const developSchema = z
  .union(
    [section(optional({ watch: listOf(watch, 'maps').meta({ description: 'What is watched.' }) })), z.null()],
    { error: 'a map or nothing' },
  )
  .meta({ description: 'For `docker compose watch`; has no effect here.' });
