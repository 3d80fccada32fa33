import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type Docker from 'dockerode';

/** All that `scripts/images.sh` makes and that the example manifests use. */
const EXAMPLE_IMAGES = ['busybox', 'nginx', 'redis', 'postgres', 'python', 'litellm-stand-in'].map(
  (name) => `stackctl.local/${name}:1`,
);

/** Builds the images of the example manifests where one is missing: about two minutes the first time, seconds later. */
export async function ensureExampleImages(docker: Docker, engineHost: string): Promise<void> {
  const found = await Promise.all(EXAMPLE_IMAGES.map((ref) => hasImage(docker, ref)));
  if (found.every((isThere) => isThere)) return;
  execFileSync('bash', ['scripts/images.sh'], {
    cwd: join(import.meta.dirname, '../..'),
    stdio: 'inherit',
    env: { ...process.env, DOCKER_HOST: engineHost },
  });
}

export function hasImage(docker: Docker, ref: string): Promise<boolean> {
  return docker
    .getImage(ref)
    .inspect()
    .then(
      () => true,
      () => false,
    );
}
