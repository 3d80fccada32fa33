import { explained } from '../../../src/engine/docker/failures.ts';
import { ownerOf } from '../../../src/engine/docker/ownership.ts';
import type { ObserveQuery } from '../../../src/engine/engine.ts';
import { COMPOSE, OURS } from '../../../src/model/labels.ts';
import type {
  EngineInfo,
  MadeFrom,
  Observed,
  ObservedContainer,
  ObservedNetwork,
  ObservedVolume,
  OtherContainer,
  Owned,
} from '../../../src/model/observed.ts';
import { healthOf } from './life.ts';
import type { SimContainer, SimEndpoint, SimNetwork, SimVolume } from './objects.ts';
import type { World } from './world.ts';

export function engineInfo(world: World): EngineInfo {
  const isOld = world.profile === '20.10';
  return {
    id: 'simulated',
    version: isOld ? '20.10.24' : '28.5.2',
    apiVersion: isOld ? '1.41' : '1.51',
    swarmActive: false,
    rootDirectory: '/var/lib/docker',
  };
}

/** What the port's `observe` answers. */
export function snapshot(world: World, instance: string, query: ObserveQuery): Observed {
  const all = [...world.containers.values()];
  const concerned = all.filter(
    (container) =>
      query.everything === true ||
      container.labels[OURS.stack] === query.stack ||
      container.labels[COMPOSE.project] === query.project ||
      query.networkNames.some((name) => container.endpoints.has(name)),
  );
  return {
    engine: engineInfo(world),
    containers: concerned.map((container) => observedContainer(world, instance, container)),
    others: all
      .filter((container) => !concerned.includes(container))
      .map((container) => otherContainer(world, instance, container)),
    networks: [...world.networks.values()].map((network) => observedNetwork(instance, network)),
    volumes: [...world.volumes.values()].map((volume) => observedVolume(instance, volume)),
    images: Object.fromEntries(
      query.imageRefs.flatMap((ref) => {
        const image = world.image(ref);
        return image === undefined ? [] : [[ref, image]];
      }),
    ),
    hostSubnets: [...world.hostSubnets],
  };
}

/** Whose a container is. */
export function ownerOfContainer(world: World, instance: string, container: SimContainer): Owned {
  const image = world.image(container.imageId);
  return ownerOf(container.labels, image?.labels ?? {}, instance);
}

function observedContainer(world: World, instance: string, container: SimContainer): ObservedContainer {
  const { labels } = container;
  const { ownership, stack, project } = ownerOfContainer(world, instance, container);
  const ordinal = labels[OURS.ordinal] ?? labels[COMPOSE.containerNumber];
  // No spread: there are many thousand snapshots a second.
  return {
    ownership,
    stack,
    project,
    id: container.id,
    name: container.name,
    service: labels[OURS.service] ?? labels[COMPOSE.service],
    ordinal: ordinal === undefined ? undefined : Number(ordinal),
    specHash: labels[OURS.specHash],
    imageRef: container.imageRef,
    imageId: container.imageId,
    imageDigests: [],
    state: container.state,
    exitCode: container.exitCode,
    error: explained(container.error),
    oomKilled: false,
    createdAtMs: container.createdAtMs,
    startedAtMs: container.startedAtMs,
    finishedAtMs: container.finishedAtMs,
    restartCount: container.engineRestarts,
    health: healthOf(world, container),
    healthIntervalMs: container.healthcheck?.intervalMs ?? 30_000,
    healthTimeoutMs: container.healthcheck?.timeoutMs ?? 30_000,
    hasHealthcheck: container.healthcheck !== undefined,
    networkMode: container.networkMode,
    ipcMode: container.ipcMode,
    pidMode: container.pidMode,
    volumesFrom: container.volumesFrom,
    attachments: [...container.endpoints.values()]
      .map((endpoint) => ({
        ...endpoint.settings,
        aliases: aliasesOf(world, container, endpoint),
        networkId: endpoint.networkId,
        networkName: endpoint.networkName,
        address: endpoint.address,
      }))
      .sort((a, b) => (a.networkName < b.networkName ? -1 : 1)),
    mounts: container.mounts,
    resources: container.resources,
    restartPolicy: container.restartPolicy,
    labels,
    ports: container.ports,
    wantedPorts: container.wantedPorts,
    staleBinds: container.staleBinds,
    madeFrom: madeFrom(world, container),
  };
}

/** As `docker inspect` shows it, with what the image adds; the image's own part is unknown once it is gone. */
function madeFrom(world: World, { id, imageId, labels, request }: SimContainer): MadeFrom {
  const { config, host } = request.container;
  const image = [...world.images.values()].find((each) => each.id === imageId);
  const own = { Env: null, ...(image?.hasHealthcheck === true ? { Healthcheck: IMAGE_HEALTHCHECK } : {}) };
  const volumes = Object.entries(request.anonymousVolumes).map(([Target, Source]) => ({
    Type: 'volume',
    Source,
    Target,
  }));
  return {
    config: {
      ...config,
      Labels: labels,
      Hostname: config.Hostname ?? id.slice(0, 12),
      ExposedPorts: { ...config.ExposedPorts, ...host.PortBindings },
      Healthcheck: image === undefined ? config.Healthcheck : { ...own.Healthcheck, ...config.Healthcheck },
    },
    host: { ...host, Mounts: [...(host.Mounts ?? []), ...volumes] },
    image: image === undefined ? {} : own,
  };
}

const IMAGE_HEALTHCHECK = { Test: ['CMD', 'true'] };

/** 20.10 makes the hostname an alias when the container is attached, and shows it. */
function aliasesOf(
  { profile }: World,
  { hostname }: SimContainer,
  { settings: { aliases }, hasHostname }: SimEndpoint,
): readonly string[] {
  const added = profile === '20.10' && hasHostname && hostname !== undefined ? [hostname] : [];
  return [...new Set([...aliases, ...added])].sort();
}

function otherContainer(world: World, instance: string, container: SimContainer): OtherContainer {
  return {
    ...ownerOfContainer(world, instance, container),
    id: container.id,
    name: container.name,
    state: container.state,
    ports: container.ports,
    networks: [...container.endpoints.keys()],
    volumes: container.mounts.flatMap((mount) => mount.name ?? []),
    mountTargets: container.mounts.map(({ target }) => target),
  };
}

function observedNetwork(instance: string, network: SimNetwork): ObservedNetwork {
  const { spec, labels } = network;
  const { ownership, stack, project } = ownerOf(labels, {}, instance);
  return {
    ownership,
    stack,
    project,
    id: network.id,
    name: network.name,
    key: labels[COMPOSE.network],
    driver: spec.driver,
    scope: 'local',
    options: spec.options,
    internal: spec.internal,
    attachable: spec.attachable,
    enableIPv4: spec.enableIPv4 ?? true,
    enableIPv6: spec.enableIPv6,
    ipamDriver: spec.ipamDriver,
    ipamOptions: spec.ipamOptions,
    pools: network.pools,
    labels,
    specHash: labels[OURS.specHash],
    createdAtMs: network.createdAtMs,
  };
}

function observedVolume(instance: string, volume: SimVolume): ObservedVolume {
  return {
    ...ownerOf(volume.labels, {}, instance),
    name: volume.name,
    key: volume.labels[COMPOSE.volume],
    driver: volume.driver,
    options: volume.options,
    labels: volume.labels,
    specHash: volume.labels[OURS.specHash],
  };
}
