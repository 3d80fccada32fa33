import type Docker from 'dockerode';
import { SMALL_IMAGE } from '../support/lab.ts';

/** Makes an image with the content of SMALL_IMAGE and an id of its own; its reference. */
export async function makeOtherImage(docker: Docker, run: string): Promise<string> {
  const repo = `stackctl.local/chaos-${run}`;
  const container = await docker.createContainer({ Image: SMALL_IMAGE, Cmd: ['pause'] });
  try {
    await container.commit({ repo, tag: '2', comment: run });
  } finally {
    await container.remove({ force: true, v: true });
  }
  return `${repo}:2`;
}

/** `docker tag`: from then on the reference means this image. */
export async function tagAs(docker: Docker, image: string, ref: string): Promise<void> {
  const [repo = '', tag = ''] = ref.split(':');
  await docker.getImage(image).tag({ repo, tag });
}
