import { z } from 'zod';
import {
  duration,
  listOf,
  number,
  optional,
  pairs,
  section,
  sectionOrNothing,
  text,
  texts,
  whole,
} from './forms.ts';
import { deviceRequestsSchema } from './limits.ts';

const rollout = (description: string) =>
  section(
    optional({
      parallelism: whole('How many containers at once; 0 is all.'),
      delay: duration('The pause between two batches.'),
      failure_action: text('What happens when a container fails: pause, continue or rollback.'),
      monitor: duration('How long a new container is watched before it counts as good.'),
      max_failure_ratio: number('The share of failures that is tolerated, 0 to 1.'),
      order: z.enum(['start-first', 'stop-first']).meta({
        description:
          'stop-first (default) replaces a container; start-first starts the new one beside the old.',
      }),
    }),
  ).meta({ description });

const genericResources = listOf(
  section(
    optional({
      discrete_resource_spec: section(
        optional({ kind: text('The kind of resource.'), value: number('How many of them.') }),
      ).meta({ description: 'A resource that is counted.' }),
    }),
  ),
  'maps',
).meta({ description: 'Swarm only.' });

const resources = section(
  optional({
    limits: section(
      optional({
        cpus: number('How many CPUs at most; 0.5 is half of one.'),
        memory: text('How much memory at most: 512m.'),
        pids: whole('How many processes at most.'),
      }),
    ).meta({ description: 'What a container may use at most.' }),
    reservations: section(
      optional({
        cpus: number('Swarm only.'),
        memory: text('The memory a container is meant to keep when memory is short.'),
        generic_resources: genericResources,
        devices: deviceRequestsSchema,
      }),
    ).meta({ description: 'What a container needs at least.' }),
  }),
).meta({ description: 'Limits and needs of a container.' });

const placement = section(
  optional({
    constraints: texts('Swarm only.'),
    preferences: listOf(section(optional({ spread: text('Swarm only.') })), 'maps').meta({
      description: 'Swarm only.',
    }),
    max_replicas_per_node: whole('Swarm only.'),
  }),
).meta({ description: 'Swarm only.' });

/** Compose Deploy specification. */
export const deploySchema = sectionOrNothing(
  optional({
    mode: text('replicated (default), global, or the -job forms of Swarm.'),
    replicas: whole('How many containers of the service run.', { min: 0 }),
    endpoint_mode: text('Swarm only.'),
    labels: pairs('Labels of the service in Swarm; containers do not get them.'),
    update_config: rollout('How changes are rolled out.'),
    rollback_config: rollout('How a failed change is taken back.'),
    resources,
    restart_policy: section(
      optional({
        condition: text('When the engine restarts a container: none, on-failure or any.'),
        delay: duration('Swarm only.'),
        max_attempts: whole('After how many restarts to give up.'),
        window: duration('Swarm only.'),
      }),
    ).meta({ description: 'Wins over `restart`.' }),
    placement,
  }),
  'How many containers run, with which limits, and how they are replaced.',
);
