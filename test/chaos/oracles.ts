import type Docker from 'dockerode';
import type { ContainerInspectInfo } from 'dockerode';
import { expect } from 'vitest';
import { OURS } from '../../src/model/labels.ts';
import { type Identity, identityOf, inspectOf } from '../support/engine-view.ts';
import type { World } from '../support/stackctld.ts';
import type { Seen, WantedStack } from './scenario.ts';
import { readVolume, type VolumeContent } from './volume-content.ts';

/**
 * Judges by what the engine shows and by the scenario's own words, and by nothing that the program computes: what is
 * wrong with the stacks, one line each; nothing when all is as wanted.
 */
export async function faultsOf(world: World, stacks: readonly WantedStack[]): Promise<readonly string[]> {
  const seen = await objectsThat(world, stacks);
  const faults = [
    ...differences('containers', seen.containers, stacks.flatMap(containersOf)),
    ...differences('networks', seen.networks, stacks.flatMap(networksOf)),
    ...differences('volumes', seen.volumes, stacks.flatMap(volumesOf)),
  ];
  for (const stack of stacks) {
    for (const [slot, wanted] of Object.entries(stack.containers)) {
      const name = `${stack.name}-${slot}`;
      const wire = await inspectOf(world.docker, name);
      if (wire !== undefined) faults.push(...(await containerFaults(world.docker, wire, stack.name, wanted)));
    }
    faults.push(...(await networkFaults(world.docker, stack)));
  }
  return faults;
}

const containersOf = ({ name, containers }: WantedStack) =>
  Object.keys(containers).map((slot) => `${name}-${slot}`);
const networksOf = ({ name, networks }: WantedStack) => networks.map((key) => `${name}_${key}`);
const volumesOf = ({ name, volumes }: WantedStack) => (volumes ?? []).map((key) => `${name}_${key}`);

/** All that bears the instance's label, or a name of the stacks: also what was left half done, or twice. */
async function objectsThat({ docker, instance }: World, stacks: readonly WantedStack[]) {
  const belongs = (name: string, labels: Record<string, string> | null | undefined) =>
    labels?.[OURS.instance] === instance || stacks.some((stack) => name.includes(stack.name));
  const [containers, networks, volumes] = await Promise.all([
    docker.listContainers({ all: true }),
    docker.listNetworks(),
    docker.listVolumes(),
  ]);
  return {
    containers: containers
      .map(({ Names, Labels, Id }) => ({ name: (Names[0] ?? `/${Id}`).slice(1), labels: Labels }))
      .filter(({ name, labels }) => belongs(name, labels))
      .map(({ name }) => name),
    networks: networks.filter(({ Name, Labels }) => belongs(Name, Labels)).map(({ Name }) => Name),
    volumes: (volumes.Volumes ?? [])
      .filter(({ Name, Labels }) => belongs(Name, Labels))
      .map(({ Name }) => Name.replace(/_[0-9a-f]{8}$/, '_*')),
  };
}

function differences(what: string, seen: readonly string[], wanted: readonly string[]): readonly string[] {
  const [is, should] = [seen, wanted].map((names) => [...names].sort().join(' '));
  return is === should ? [] : [`${what} are [${is}] and should be [${should}]`];
}

async function containerFaults(
  docker: Docker,
  wire: ContainerInspectInfo,
  stack: string,
  wanted: Seen,
): Promise<readonly string[]> {
  const attached = wire.NetworkSettings.Networks;
  const hasHealthcheck = wire.Config.Healthcheck?.Test !== undefined;
  const env = Object.fromEntries((wire.Config.Env ?? []).map((line) => line.split(/=(.*)/s).slice(0, 2)));
  const [path, content] = wanted.file ?? [];
  const pairs: readonly (readonly [what: string, is: unknown, should: unknown])[] = [
    ['state', wire.State.Status, wanted.state ?? 'running'],
    ['health', wire.State.Health?.Status, wanted.health ?? (hasHealthcheck ? 'healthy' : undefined)],
    ['networks', networksThat(wire), wanted.networks ?? [`${stack}_default`]],
    ...Object.entries(wanted.env ?? {}).map(([key, value]) => [`$${key}`, env[key], value] as const),
    ...Object.entries(wanted.addresses ?? {}).map(
      ([network, address]) => [`address in ${network}`, attached[network]?.IPAddress, address] as const,
    ),
    ['image', wire.Image, await imageId(docker, wanted.image, wire.Image)],
    ['memory', wire.HostConfig.Memory, wanted.memoryBytes ?? wire.HostConfig.Memory],
    ['mounts', wire.Mounts.map((mount) => mount.Destination), wanted.mounts ?? expect.anything()],
    ['ports', Object.keys(wire.HostConfig.PortBindings ?? {}), wanted.ports ?? []],
    ['file', path === undefined ? '' : await fileIn(docker, wire.Id, path), content ?? ''],
  ];
  const name = wire.Name.slice(1);
  const wrong = pairs.flatMap(([what, is, should]) => {
    try {
      expect(is).toEqual(should);
      return [];
    } catch {
      return [`${what} of ${name} is ${JSON.stringify(is)} and should be ${JSON.stringify(should)}`];
    }
  });
  return [...wrong, ...nameFaults(wire)];
}

/** Those that it is attached to; what shares the network of another has none of its own. */
function networksThat(wire: ContainerInspectInfo): readonly string[] {
  if (/^(none|host|container:)/.test(wire.HostConfig.NetworkMode ?? '')) return [];
  return Object.keys(wire.NetworkSettings.Networks).sort();
}

/** Whoever calls a service by its name reaches every container of it that runs. */
function nameFaults(wire: ContainerInspectInfo): readonly string[] {
  const service = wire.Config.Labels[OURS.service] ?? wire.Config.Labels['com.docker.compose.service'] ?? '';
  if (!wire.State.Running) return [];
  return networksThat(wire).flatMap((network) => {
    const aliases = wire.NetworkSettings.Networks[network]?.Aliases ?? [];
    return aliases.includes(service)
      ? []
      : [`${wire.Name.slice(1)} is not called ${service} in ${network}, but ${aliases.join(' ')}`];
  });
}

async function imageId(docker: Docker, ref: string | undefined, otherwise: string): Promise<string> {
  return ref === undefined ? otherwise : (await docker.getImage(ref).inspect()).Id;
}

async function fileIn(docker: Docker, id: string, path: string): Promise<string | undefined> {
  const content = await readVolume(docker, id, path).catch(() => undefined);
  return content?.values().next().value;
}

async function networkFaults(
  docker: Docker,
  { name, internal = {}, subnets = {} }: WantedStack,
): Promise<readonly string[]> {
  const faults: string[] = [];
  const all = await docker.listNetworks();
  for (const [key, should] of Object.entries(internal)) {
    const is = all.find(({ Name }) => Name === `${name}_${key}`)?.Internal;
    if (is !== should) faults.push(`network ${name}_${key} has internal ${is} and should have ${should}`);
  }
  for (const [key, should] of Object.entries(subnets)) {
    const config = all.find(({ Name }) => Name === `${name}_${key}`)?.IPAM?.Config ?? [];
    faults.push(
      ...differences(
        `subnets of ${name}_${key}`,
        config.map(({ Subnet = '' }) => Subnet),
        should,
      ),
    );
  }
  return faults;
}

/** What must be the same at the end, whatever happens in between. */
export interface Treasure {
  /**
   * Of each volume: all that is in it. That tells a volume made anew too, since each has a mark in it; `CreatedAt` does
   * not, for Engine 20.10 gives the time of the last file made in the volume.
   */
  readonly volumes: ReadonlyMap<string, VolumeContent>;
  readonly runs: Readonly<Record<string, Identity | undefined>>;
}

/** A helper's container that is never started lets files of a volume be read, whoever uses it. */
export async function treasureOf(
  world: World,
  volumes: readonly string[],
  containers: readonly string[],
  readFrom: (volume: string) => Promise<VolumeContent>,
): Promise<Treasure> {
  const found = new Map<string, VolumeContent>();
  for (const name of volumes) {
    // Reading would make one that is missing.
    await world.docker.getVolume(name).inspect();
    found.set(name, await readFrom(name));
  }
  const runs: Record<string, Identity | undefined> = {};
  for (const name of containers) runs[name] = await identityOf(world.docker, name).catch(() => undefined);
  return { volumes: found, runs };
}

/** No volume is another one, and what stood in it still stands there: files may only have grown. */
export function lossesOf(before: Treasure, after: Treasure): readonly string[] {
  const losses: string[] = [];
  for (const [name, content] of before.volumes) {
    const now = after.volumes.get(name);
    if (now === undefined) {
      losses.push(`volume ${name} is gone`);
      continue;
    }
    for (const [path, text] of content) {
      if (now.get(path)?.startsWith(text) !== true)
        losses.push(`${path} of volume ${name} has lost lines: ${now.get(path)} was ${text}`);
    }
  }
  for (const [name, identity] of Object.entries(before.runs)) {
    if (JSON.stringify(after.runs[name]) !== JSON.stringify(identity))
      losses.push(
        `container ${name} is not the same run: ${JSON.stringify(after.runs[name])} was ${JSON.stringify(identity)}`,
      );
  }
  return losses;
}
