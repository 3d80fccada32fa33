import type { ServiceWords, StackWords } from '../builders.ts';

/** The image of a service that is to end well after two seconds. */
export const JOB_IMAGE = 'job:1';

/** The Compose file (JSON is YAML) of a stack in a test's short words: those that `stacks` makes. */
export function composeDocument(words: StackWords): string {
  const services = Object.entries(words.services ?? {}).map(([name, each]) => [name, serviceOf(each)]);
  const networks = Object.entries(words.networks ?? {}).map(([key, each]) => [
    key,
    {
      internal: each.internal,
      driver_opts: each.options,
      ...(each.pools === undefined ? {} : { ipam: { config: each.pools.map(({ subnet }) => ({ subnet })) } }),
    },
  ]);
  return JSON.stringify({
    services: Object.fromEntries(services),
    networks: Object.fromEntries(networks),
    volumes: words.volumes ?? {},
    configs: configsOf(words),
  });
}

function serviceOf(words: ServiceWords): Readonly<Record<string, unknown>> {
  const memory = words.resources?.Memory;
  return {
    image: words.isJob === true ? JOB_IMAGE : words.image,
    ...(words.restart === undefined ? {} : { restart: words.restart }),
    environment: words.env,
    ...(typeof words.mode === 'object' ? {} : { hostname: words.hostname }),
    ...(typeof words.mode === 'object' && words.mode.kind === 'service'
      ? { network_mode: `service:${words.mode.service}` }
      : { networks: networksOf(words) }),
    depends_on: dependenciesOf(words),
    ports: words.ports,
    volumes: [...(words.volumes ?? []), ...(words.anonymous ?? [])],
    ...(words.health === true
      ? { healthcheck: { test: ['CMD', 'true'], interval: '10s', timeout: '1s' } }
      : {}),
    post_start: words.postStart?.map(hook),
    pre_stop: words.preStop?.map(hook),
    configs: Object.entries(words.files ?? {}).map(([target, text]) => ({ source: nameOf(text), target })),
    deploy: {
      ...(words.isJob === true ? { mode: 'replicated-job' } : {}),
      replicas: words.replicas,
      update_config: { order: words.update?.order, parallelism: words.update?.parallelism, monitor: '1s' },
      ...(memory === undefined ? {} : { resources: { limits: { memory: String(memory) } } }),
    },
  };
}

/** Of a config with this content. */
const nameOf = (text: string): string => `text-${text.replaceAll(/[^A-Za-z0-9]/g, '-')}`;

function configsOf({ services = {} }: StackWords) {
  const texts = Object.values(services).flatMap(({ files = {} }) => Object.values(files));
  return Object.fromEntries(texts.map((text) => [nameOf(text), { content: text }]));
}

const hook = (line: string) => ({ command: ['sh', '-c', line] });

function networksOf({ networks = { default: {} } }: ServiceWords) {
  if (Array.isArray(networks)) return networks;
  const entries = Object.entries(networks as Readonly<Record<string, { readonly ipv4Address?: string }>>);
  return Object.fromEntries(
    entries.map(([key, { ipv4Address }]) => [
      key,
      ipv4Address === undefined ? {} : { ipv4_address: ipv4Address },
    ]),
  );
}

const CONDITIONS: Readonly<Record<string, string>> = {
  started: 'service_started',
  healthy: 'service_healthy',
  completed: 'service_completed_successfully',
};

function dependenciesOf({ dependsOn = {} }: ServiceWords) {
  const entries = Object.entries(dependsOn).map(([target, how]) => {
    const condition = typeof how === 'string' ? CONDITIONS[how] : 'service_started';
    return [target, { condition, restart: typeof how !== 'string' && how.restart === true }];
  });
  return Object.fromEntries(entries);
}
