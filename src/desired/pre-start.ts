import type { ComposeProject, ComposeService } from '../compose/model.ts';
import { specHash } from './hash.ts';
import type { Report } from './report.ts';
import { type PreStartHook, preStartOf } from './service-extension.ts';

/**
 * Makes each `x-stackctl.preStart` command of a service a service of its own, a job: in the same volumes and networks,
 * run to its end one after another before the service is started, and once more whenever the service changes. Compose's
 * own `pre_start` means the same and is younger than the docker compose whose files we take.
 */
export function expandPreStart(project: ComposeProject, report: Report): ComposeProject {
  const services: Record<string, ComposeService> = {};
  for (const [name, service] of Object.entries(project.services)) {
    const hooks = preStartOf(service);
    const jobs = hooks.map((hook, index) => jobOf(service, hook, { name, index }));
    services[name] = jobs.length === 0 ? service : waitingFor(service, jobName(name, jobs.length - 1));
    for (const [index, job] of jobs.entries()) {
      const ownName = jobName(name, index);
      if (ownName in project.services) {
        report.error(`services.${name}.x-stackctl.preStart`, {
          code: 'DuplicateService',
          message: `its command number ${index + 1} is run as service ${ownName}, and there is another of that name`,
          hint: 'give that service another name',
        });
      }
      services[ownName] = job;
    }
  }
  return { ...project, services };
}

const jobName = (service: string, index: number): string => `${service}-pre-start-${index + 1}`;

const waitingFor = (service: ComposeService, job: string): ComposeService => ({
  ...service,
  depends_on: {
    ...service.depends_on,
    [job]: { condition: 'service_completed_successfully', required: true },
  },
});

function jobOf(
  service: ComposeService,
  hook: PreStartHook,
  at: { readonly name: string; readonly index: number },
): ComposeService {
  const own = hook.image === undefined ? service : { ...withoutKeys(service, ['build']), image: hook.image };
  const job: ComposeService = {
    ...withoutKeys(own, NOT_OF_A_JOB),
    // It runs as it is written, whatever the image begins with.
    entrypoint: [],
    command: hook.command,
    restart: 'no',
    environment: { ...service.environment, ...hook.environment },
    labels: { ...service.labels, 'stackctl.pre-start': `${at.name} ${specHash(service)}` },
    ...(hook.user === undefined ? {} : { user: hook.user }),
    ...(hook.working_dir === undefined ? {} : { working_dir: hook.working_dir }),
    ...(hook.privileged === undefined ? {} : { privileged: hook.privileged }),
    ...(service.networks === undefined ? {} : { networks: plainNetworks(service.networks) }),
  };
  return at.index === 0 ? job : waitingFor(job, jobName(at.name, at.index - 1));
}

/** What makes a service a server, or known by a name or an address. */
const NOT_OF_A_JOB = [
  'container_name',
  'deploy',
  'expose',
  'healthcheck',
  'hostname',
  'links',
  'mac_address',
  'ports',
  'post_start',
  'pre_stop',
  'profiles',
  'scale',
  'x-stackctl',
] as const;

function plainNetworks(
  networks: NonNullable<ComposeService['networks']>,
): NonNullable<ComposeService['networks']> {
  return Object.fromEntries(
    Object.entries(networks).map(([key, endpoint]) => [
      key,
      endpoint === null || endpoint === undefined
        ? endpoint
        : withoutKeys(endpoint, ['aliases', 'ipv4_address', 'ipv6_address', 'mac_address']),
    ]),
  );
}

function withoutKeys<Fields extends object>(fields: Fields, keys: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([key]) => !keys.includes(key))) as Fields;
}
