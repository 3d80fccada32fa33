import type { ImageSpec, SimContainer } from './objects.ts';
import { refusal } from './refusal.ts';
import type { World } from './world.ts';

/** `POST /images/{name}/tag` */
export function tagImage(world: World, ref: string, as: string): void {
  const image = world.image(ref);
  if (image === undefined) throw refusal(404, `No such image: ${ref}`);
  world.images.set(as, { ...image, ref: as });
  world.emit('image', 'tag', image.id, as, undefined);
}

/** `DELETE /images/{name}`: with the last name goes the image, unless a container needs it. */
export function removeImage(world: World, ref: string, force: boolean): void {
  const image = world.images.get(ref);
  if (image === undefined) throw refusal(404, `No such image: ${ref}`);
  const isLast = [...world.images.values()].filter(({ id }) => id === image.id).length === 1;
  const users = [...world.containers.values()].filter(({ imageId }) => imageId === image.id);
  const isKept = users.some(({ state }) => ['running', 'paused'].includes(state)) || !force;
  if (isLast && users.length > 0 && isKept) {
    throw refusal(409, `conflict: unable to remove repository reference "${ref}": container is using it`);
  }
  world.images.delete(ref);
  world.emit('image', 'untag', image.id, image.id, undefined);
  if (isLast && users.length === 0) world.emit('image', 'delete', image.id, image.id, undefined);
}

/** `POST /commit`, which pauses what runs meanwhile. */
export function commitImage(world: World, container: SimContainer, ref: string, changes: ImageSpec): void {
  const isRunning = container.state === 'running';
  if (isRunning) world.emitContainer('pause', container);
  world.putImage(ref, { content: `${ref} ${world.count()}`, labels: container.labels, ...changes });
  world.emit('image', 'tag', ref, ref, undefined);
  world.emitContainer('commit', container);
  if (isRunning) world.emitContainer('unpause', container);
}
