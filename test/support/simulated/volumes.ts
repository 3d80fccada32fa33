import type { SimContainer, SimVolume } from './objects.ts';
import { refusal } from './refusal.ts';
import type { World } from './world.ts';

const OPTIONS = new Set(['type', 'o', 'device', 'size']);

/** `POST /volumes/create`: what exists is answered as it is, whatever is asked for (reliability 1.7). */
export function createVolume(
  world: World,
  volume: Omit<SimVolume, 'token' | 'data' | 'sharings'>,
): SimVolume {
  const existing = world.volumes.get(volume.name);
  // 20.10 tells of it all the same.
  if (existing !== undefined) {
    if (world.profile === '20.10') world.emit('volume', 'create', volume.name, volume.name, undefined);
    return existing;
  }
  const unknown = Object.keys(volume.options).find((name) => !OPTIONS.has(name));
  if (unknown !== undefined) throw refusal(400, `create ${volume.name}: invalid option: "${unknown}"`);
  return world.addVolume(volume);
}

/** `DELETE /volumes/{name}`, with or without force: a container of any state keeps it. */
export function removeVolume(world: World, name: string): void {
  if (!world.volumes.has(name)) throw refusal(404, `get ${name}: no such volume`);
  const users = usersOfVolume(world, name).map((each) => each.id);
  if (users.length > 0) throw refusal(409, `remove ${name}: volume is in use - [${users.join(', ')}]`);
  world.volumes.delete(name);
  world.emit('volume', 'destroy', name, name, undefined);
}

export function usersOfVolume(world: World, name: string): readonly SimContainer[] {
  return [...world.containers.values()]
    .filter((each) => each.mounts.some((mount) => mount.name === name))
    .filter((each) => each.startedAtMs !== undefined || !each.inheritedVolumes.has(name));
}

/** Volumes that the engine made up a name for go with their last container where that is asked for. */
export function removeAnonymousVolumes(world: World, of: SimContainer): void {
  for (const { name } of of.mounts) {
    if (name === undefined || !/^[0-9a-f]{64}$/.test(name)) continue;
    if (world.volumes.has(name) && usersOfVolume(world, name).length === 0) removeVolume(world, name);
  }
}
