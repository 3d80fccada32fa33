import pLimit from 'p-limit';
import { COMPOSE, OURS } from '../../model/labels.ts';
import { type StackName, stackName } from '../../model/names.ts';
import type { Observed, ObservedContainer, ObservedImage } from '../../model/observed.ts';
import type { ObserveQuery } from '../engine.ts';
import type { Connection } from './connection.ts';
import { observedContainer } from './container-response.ts';
import { hostSubnets, readHostNetworking } from './host-subnets.ts';
import type { ImageConfigs } from './image-configs.ts';
import type { InspectCache } from './inspect-cache.ts';
import { claimsAnOwner, ownerOf } from './ownership.ts';
import { inspectContainer, inspectImageRaw, listContainers, listNetworks, listVolumes } from './reads.ts';
import { observedImage, observedNetwork, observedVolume, otherContainer } from './responses.ts';
import { staleBinds } from './stale-binds.ts';
import type { WireContainer, WireContainerSummary } from './wire.ts';

/** Inspects at once (R15): more gains nothing on the engine's side (measured, compose-and-engine 4.6). */
const PARALLEL_INSPECTS = 8;

/** What observing needs. */
export interface Observer {
  readonly connection: Connection;
  readonly instance: string;
  readonly imageConfigs: ImageConfigs;
  readonly inspects: InspectCache;
}

/**
 * One full snapshot for a stack: three lists and the images that are asked for by name, then the inspects of what may have
 * changed. A list that fails, or answers anything but a list, throws; an object that vanished between list and inspect is
 * left out.
 */
export async function observe(
  observer: Observer,
  query: ObserveQuery,
  signal: AbortSignal,
): Promise<Observed> {
  const { connection, instance } = observer;
  const engine = await connection.info(signal);
  const limit = pLimit(PARALLEL_INSPECTS);
  const [summaries, networks, volumes, images] = await Promise.all([
    listContainers(connection, signal),
    listNetworks(connection, signal),
    listVolumes(connection, signal),
    Promise.all(
      [...new Set(query.imageRefs)].map((ref) => limit(() => inspectImage(connection, ref, signal))),
    ),
  ]);
  observer.inspects.keepOnly(summaries);
  const concerned = new Set(summaries.filter((summary) => concerns(summary, query)));
  const [containers, others] = await Promise.all([
    Promise.all([...concerned].map((summary) => limit(() => inspectObserved(observer, summary, signal)))),
    Promise.all(
      summaries
        .filter((summary) => !concerned.has(summary))
        .map(async (summary) =>
          otherContainer(summary, instance, await labelsOfImage(observer, summary, limit, signal)),
        ),
    ),
  ]);
  return {
    engine,
    containers: containers.filter((container) => container !== undefined),
    others,
    networks: networks.map((network) => observedNetwork(network, instance)),
    volumes: volumes.map((volume) => observedVolume(volume, instance)),
    images: Object.fromEntries(images.flatMap((image) => (image === undefined ? [] : [[image.ref, image]]))),
    hostSubnets: hostSubnets(readHostNetworking(), networks),
  };
}

/** Names of all stacks with anything of this instance on the engine. */
export async function ownedStacks(observer: Observer, signal: AbortSignal): Promise<readonly StackName[]> {
  const { connection, instance } = observer;
  const [containers, networks, volumes] = await Promise.all([
    listContainers(connection, signal),
    listNetworks(connection, signal),
    listVolumes(connection, signal),
  ]);
  const limit = pLimit(PARALLEL_INSPECTS);
  const owners = [
    ...(await Promise.all(
      containers.map(async (summary) =>
        ownerOf(summary.Labels ?? {}, await labelsOfImage(observer, summary, limit, signal), instance),
      ),
    )),
    ...[...networks, ...volumes].map((object) => ownerOf(object.Labels ?? {}, {}, instance)),
  ];
  const names = owners.flatMap(({ ownership, stack }) =>
    ownership === 'ours' && stack !== undefined ? [stack] : [],
  );
  return [...new Set(names)].sort().map(stackName);
}

function concerns(summary: WireContainerSummary, query: ObserveQuery): boolean {
  const labels = summary.Labels ?? {};
  const attached = summary.NetworkSettings?.Networks ?? {};
  return (
    query.everything === true ||
    labels[OURS.stack] === query.stack ||
    labels[COMPOSE.project] === query.project ||
    query.networkNames.some((name) => Object.hasOwn(attached, name))
  );
}

async function inspectObserved(
  observer: Observer,
  summary: WireContainerSummary,
  signal: AbortSignal,
): Promise<ObservedContainer | undefined> {
  const { imageConfigs, inspects, instance } = observer;
  const wire = inspects.get(summary, Date.now()) ?? (await inspectAndKeep(observer, summary, signal));
  if (wire === undefined) return undefined;
  const image = claimsAnOwner(wire.Config?.Labels ?? {}) ? (wire.Image ?? '') : '';
  const [imageConfig, stale] = await Promise.all([imageConfigs.of(image, signal), staleBinds(wire)]);
  const imageDigests = await imageConfigs.repoDigestsOf(image, signal);
  return observedContainer(wire, { instance, imageConfig, imageDigests, staleBinds: stale });
}

async function inspectAndKeep(
  { connection, inspects }: Observer,
  summary: WireContainerSummary,
  signal: AbortSignal,
): Promise<WireContainer | undefined> {
  const keep = inspects.asking(summary, Date.now());
  const wire = await inspectContainer(connection, summary.Id, signal);
  keep(wire);
  return wire;
}

async function labelsOfImage(
  observer: Observer,
  summary: WireContainerSummary,
  limit: <Result>(task: () => Promise<Result>) => Promise<Result>,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  if (!claimsAnOwner(summary.Labels ?? {})) return {};
  const config = await limit(() => observer.imageConfigs.of(summary.ImageID ?? '', signal));
  return config.Labels ?? {};
}

/** An image by reference; undefined when it is not here or the reference cannot name one. */
async function inspectImage(
  connection: Connection,
  ref: string,
  signal: AbortSignal,
): Promise<ObservedImage | undefined> {
  const wire = await inspectImageRaw(connection, ref, signal);
  return wire === undefined ? undefined : observedImage(wire, ref);
}
