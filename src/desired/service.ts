import type { ContainerConfig, HostConfig } from '../model/container.ts';
import type { DesiredContainer, DesiredImage, DesiredService } from '../model/desired.ts';
import type { ServiceContext } from './context.ts';
import { definedOnly } from './defined.ts';
import { dependenciesOf } from './dependencies.ts';
import { deviceConfig } from './devices.ts';
import { filePlan } from './file-objects.ts';
import { specHash } from './hash.ts';
import { healthcheckConfig } from './health.ts';
import { containerHooks } from './hooks.ts';
import { hostSettings } from './host-settings.ts';
import { mountedImage, resolveImage } from './images.ts';
import { isJob, rollbackConfig, stopGraceMs, updateConfig } from './lifecycle.ts';
import { mountPlan } from './mounts.ts';
import { checkName, containerName } from './names.ts';
import { namespacePlan } from './namespaces.ts';
import { networkPlan } from './networking.ts';
import { portPlan } from './ports.ts';
import { processConfig } from './process.ts';
import { resourceLimits } from './resources.ts';
import { isRestartGiven, restartPolicy } from './restart.ts';
import { securityConfig } from './security.ts';
import { serviceExtension } from './service-extension.ts';

export interface ResolvedService {
  readonly service: DesiredService;
  readonly images: readonly DesiredImage[];
}

/** One service: its containers, as the engine is to make them, and how they are kept and replaced. */
export function resolveService(context: ServiceContext): ResolvedService {
  const { name, service, request } = context;
  const image = resolveImage(context);
  const template = containerTemplate(context, image);
  const desired: DesiredService = {
    name,
    image: image.ref,
    platform: image.platform,
    dependsOn: dependenciesOf(service, request.project),
    containers: containers(context, template),
    stopGraceMs: stopGraceMs(context),
    update: updateConfig(context),
    rollback: rollbackConfig(context),
    isJob: isJob(name, service, request.project),
    healUnhealthy: serviceExtension(context).healUnhealthy,
    restartPolicyGiven: isRestartGiven(service),
  };
  return { service: desired, images: [image, ...template.mountedImages.map(mountedImage)] };
}

/** All that the containers of a service have in common, and what depends on their names. */
interface ContainerTemplate {
  readonly common: Omit<DesiredContainer, 'ordinal' | 'name' | 'endpoints'>;
  readonly endpoints: (containerName: string) => DesiredContainer['endpoints'];
  readonly mountedImages: readonly string[];
}

function containerTemplate(context: ServiceContext, image: DesiredImage): ContainerTemplate {
  const files = filePlan(context);
  const mounts = mountPlan(context, files.mounts);
  const namespaces = namespacePlan(context);
  const network = networkPlan(context);
  const ports = portPlan(context);
  const config = definedOnly<ContainerConfig>({
    Image: image.ref,
    ...processConfig(context),
    // The engine refuses to expose ports of a network that is another container's.
    ExposedPorts: network.mode.kind === 'shared' ? undefined : ports.exposed,
    Healthcheck: healthcheckConfig(context),
  });
  const host = definedOnly<HostConfig>({
    ...hostSettings(context),
    ...securityConfig(context),
    ...deviceConfig(context),
    ...namespaces.host,
    ...network.host,
    ...mounts.host,
    PortBindings: ports.bindings,
  });
  const { ipc, pid, volumesFrom } = namespaces;
  const common = {
    service: context.name,
    config,
    host,
    platform: image.platform,
    resources: resourceLimits(context),
    restartPolicy: restartPolicy(context),
    networkMode: network.mode,
    ipc,
    pid,
    volumesFrom,
    files: files.injected,
    anonymousVolumes: mounts.anonymousVolumes,
    hooks: containerHooks(context),
  };
  return {
    common: { ...common, specHash: containerHash(context, common, files.digests) },
    endpoints: network.endpoints,
    mountedImages: mounts.images,
  };
}

/**
 * The hash over what only a new container can change. Not in it: what the engine can change in place
 * (resources, restart policy, name, attachments), which is compared field by field, and which of its networks
 * is the primary one, so that attaching another network replaces nothing. MAC addresses and links are in it,
 * since `connect` ignores the former before API 1.54 and the latter are not compared.
 */
function containerHash(
  context: ServiceContext,
  container: Omit<ContainerTemplate['common'], 'specHash'>,
  fileDigests: Readonly<Record<string, string>>,
): string {
  const { config, host, platform, networkMode, ipc, pid, volumesFrom, files, anonymousVolumes, hooks } =
    container;
  const { service } = context;
  const macAddresses = Object.entries(service.networks ?? {}).flatMap(([key, endpoint]) =>
    endpoint?.mac_address === undefined ? [] : [`${key} ${endpoint.mac_address.toLowerCase()}`],
  );
  return specHash({
    // Each of our own stops says how long it may take.
    config: { ...config, StopTimeout: undefined },
    host,
    platform,
    networkMode: networkMode.kind === 'networks' ? { kind: networkMode.kind } : networkMode,
    ipc,
    pid,
    volumesFrom,
    files: files.map(({ target, uid, gid, mode, secret }) => ({ target, uid, gid, mode, secret })),
    fileDigests,
    anonymousVolumes,
    hooks,
    macAddress: service.mac_address?.toLowerCase(),
    macAddresses: macAddresses.sort(),
    links: [...(service.links ?? []), ...(service.external_links ?? [])].sort(),
  });
}

function containers(context: ServiceContext, template: ContainerTemplate): readonly DesiredContainer[] {
  const { name: service, request, replicas } = context;
  const given = context.service.container_name;
  const { report } = context;
  if (given !== undefined) checkName(given, { path: `${context.path}.container_name`, report, strict: true });
  return Array.from({ length: replicas }, (_, index) => {
    const ordinal = index + 1;
    const name = containerName(request.project.name, service, ordinal, given);
    return { ...template.common, ordinal, name, endpoints: template.endpoints(name) };
  });
}
