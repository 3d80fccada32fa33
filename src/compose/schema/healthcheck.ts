import { count, duration, flag, optional, section, textOrTexts } from './forms.ts';

/** Compose specification, "healthcheck". What is left out is inherited from the image, field by field. */
export const healthcheckSchema = section(
  optional({
    test: textOrTexts(
      'The command whose exit code 0 means healthy: a string runs in the container\'s shell; a list starts with "CMD", "CMD-SHELL" or "NONE".',
    ),
    interval: duration('Time between two checks; the engine uses 30s when neither this nor the image says.'),
    timeout: duration('A check that takes longer counts as failed.'),
    retries: count('How many failures in a row make the container unhealthy.'),
    start_period: duration('Time for starting up, in which failures do not count.'),
    start_interval: duration('Time between two checks during start_period (Engine 25 and newer).'),
    disable: flag("Turns off the image's own healthcheck."),
  }),
).meta({ description: 'How the engine finds out whether a container of this service works.' });
