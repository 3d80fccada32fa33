import { once } from 'node:events';
import { buffer, text } from 'node:stream/consumers';
import type Docker from 'dockerode';
import { extract, pack } from 'tar-stream';
import { SMALL_IMAGE } from '../support/lab.ts';
import type { World } from '../support/stackctld.ts';

/** Files by their path, with what stands in them. */
export type VolumeContent = ReadonlyMap<string, string>;

/** All files below a path of a container, whether it runs or not. */
export async function readVolume(docker: Docker, container: string, path: string): Promise<VolumeContent> {
  const archive = await docker.getContainer(container).getArchive({ path });
  const files = new Map<string, string>();
  const reading = extract();
  reading.on('entry', (header, stream, next) => {
    void text(stream).then((content) => {
      if (header.type === 'file') files.set(header.name, content);
      next();
    }, next);
  });
  const finished = once(reading, 'finish');
  archive.pipe(reading);
  await finished;
  return files;
}

/** Has a container for a moment that mounts a volume and is never started; nobody's work is disturbed. */
export async function inVolume<Result>(
  { docker, instance }: World,
  volume: string,
  work: (container: Docker.Container) => Promise<Result>,
): Promise<Result> {
  const container = await docker.createContainer({
    Image: SMALL_IMAGE,
    // Found and removed at the end of the test, should that be cut short.
    Labels: { 'stackctl-test-run': instance },
    HostConfig: { NetworkMode: 'none', Mounts: [{ Type: 'volume', Source: volume, Target: '/volume' }] },
  });
  try {
    return await work(container);
  } finally {
    await container.remove({ force: true, v: false });
  }
}

/** Leaves a file of the test's own in a volume. */
export async function leaveMark(world: World, volume: string, content: string): Promise<void> {
  const archive = pack();
  archive.entry({ name: 'mark' }, content);
  archive.finalize();
  const bytes = await buffer(archive);
  await inVolume(world, volume, async (container) => {
    await container.putArchive(bytes, { path: '/volume' });
  });
}

export const contentOf = (world: World, volume: string): Promise<VolumeContent> =>
  inVolume(world, volume, ({ id }) => readVolume(world.docker, id, '/volume'));
