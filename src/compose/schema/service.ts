import { z } from 'zod';
import { buildSchema } from './build.ts';
import {
  dependsOnSchema,
  envFileSchema,
  extendsSchema,
  providerSchema,
  serviceModelsSchema,
} from './dependencies.ts';
import { deploySchema } from './deploy.ts';
import { fileReferences } from './files.ts';
import {
  commandLine,
  distinctTexts,
  duration,
  flag,
  optional,
  pairs,
  section,
  text,
  textOrTexts,
  texts,
  whole,
} from './forms.ts';
import { healthcheckSchema } from './healthcheck.ts';
import { developSchema, hooks } from './hooks.ts';
import { mountsSchema } from './mounts.ts';
import { networkingFields } from './service-networking.ts';
import { resourceFields } from './service-resources.ts';
import { securityFields } from './service-security.ts';

const imageFields = {
  image: text('The image the containers are made from.'),
  build: buildSchema,
  pull_policy: z
    .string()
    .refine(isPullPolicy, {
      error: 'always, never, build, missing, if_not_present, refresh, daily, weekly or every_DURATION',
    })
    .meta({
      description:
        'When the image is fetched: always, never, missing (default), build, daily, weekly or every_DURATION.',
    }),
  pull_refresh_after: text('Fetches the image again when it is older than this.'),
  platform: text('The platform of the image: linux/amd64.'),
  provider: providerSchema,
};

const processFields = {
  command: commandLine("Replaces the image's command."),
  entrypoint: commandLine("Replaces the image's entrypoint; its command is then not used."),
  environment: pairs('Variables for the container; without a value it is taken from the environment.'),
  env_file: envFileSchema,
  working_dir: text('The directory the process starts in.'),
  user: text('Who runs the process: NAME, UID or UID:GID.'),
  init: flag('Runs a small init as process 1 that reaps children and passes signals on.'),
  tty: flag('Gives the process a terminal.'),
  stdin_open: flag('Keeps standard input open.'),
  attach: flag("Whether `docker compose up` shows the service's log; has no effect here."),
};

const lifeFields = {
  depends_on: dependsOnSchema,
  healthcheck: healthcheckSchema,
  restart: text(
    'When the engine restarts a container: no (default), always, unless-stopped or on-failure[:MAX].',
  ),
  stop_grace_period: duration('How long the process may take to stop before it is killed; 10s when absent.'),
  stop_signal: text('The signal that asks the process to stop; SIGTERM unless the image says another.'),
  post_start: hooks('Commands run in the container after it was started.'),
  pre_stop: hooks('Commands run in the container before it is stopped.'),
  scale: whole('How many containers of the service run; deploy.replicas is the same.', { min: 0 }),
  deploy: deploySchema,
  profiles: texts('The service runs only when one of these profiles is active; always when there are none.'),
  extends: extendsSchema,
  develop: developSchema,
  models: serviceModelsSchema,
};

const storageFields = {
  volumes: mountsSchema,
  volumes_from: distinctTexts(
    'Mounts all that another service or container mounts: SERVICE[:ro] or container:NAME[:ro].',
  ),
  tmpfs: textOrTexts('Directories that live in memory: PATH[:OPTIONS].'),
  configs: fileReferences('Configs of this stack that appear as files in the container.'),
  secrets: fileReferences('Secrets of this stack that appear as files below /run/secrets.'),
  storage_opt: z
    .record(z.string(), z.union([z.string(), z.int(), z.null()]))
    .meta({ description: 'Options of the storage driver: size.' }),
};

const descriptionFields = {
  container_name: z
    .string()
    .refine((name) => /[a-zA-Z0-9][a-zA-Z0-9_.-]/.test(name), {
      error: 'at least two letters, digits, "_", "." or "-"',
    })
    .meta({ description: 'The name of the container; the service can then have only one.' }),
  labels: pairs('Labels of the containers.'),
  label_file: textOrTexts('Files of labels; what stands in `labels` wins.'),
  annotations: pairs('Annotations for the runtime (Engine 24 and newer).'),
  logging: section(
    optional({
      driver: text('json-file, local, journald, none ...'),
      options: z
        .record(z.string().min(1), z.union([z.string(), z.number(), z.null()]))
        .meta({ description: 'Options of the driver: max-size, max-file.' }),
    }),
  ).meta({ description: 'Where the output of the containers goes.' }),
};

/** Compose specification, "services". What a service needs (an image) is a rule of its own: it may be inherited. */
export const serviceSchema = section(
  optional({
    ...imageFields,
    ...processFields,
    ...lifeFields,
    ...networkingFields,
    ...storageFields,
    ...resourceFields,
    ...securityFields,
    ...descriptionFields,
  }),
).meta({ description: 'Containers of one kind: what they run and with what.' });

function isPullPolicy(policy: string): boolean {
  return /^(always|never|build|if_not_present|missing|refresh|daily|weekly|every_[0-9wdhms]+)$/.test(policy);
}
