import type { DesiredImage } from '../../model/desired.ts';
import { asFailure, Failure } from '../../model/failure.ts';
import type { Progress } from '../engine.ts';
import { type Connection, DEADLINE } from './connection.ts';
import { followProgress } from './progress-stream.ts';
import { PullProgress } from './pull-progress.ts';
import { authHeader, type RegistryAuth, readRegistryAuth, registryOf } from './registry-auth.ts';

/** Pulls one image, with the login of `config.json` or of its credential helper when there is one. */
export async function pullImage(
  connection: Connection,
  configDirectory: string,
  image: DesiredImage,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const what = `pull image ${image.ref}`;
  const auth = await loginFor(configDirectory, image.ref, what);
  const lines = new PullProgress();
  await followProgress(
    connection,
    {
      method: 'POST',
      path: '/images/create',
      query: { fromImage: withTag(image.ref), platform: image.platform },
      headers: auth === undefined ? {} : { 'X-Registry-Auth': authHeader(auth) },
      what,
      deadlineMs: DEADLINE.idle,
    },
    (message) => {
      const line = lines.take(message, performance.now());
      if (line !== undefined) progress(line);
    },
    signal,
  );
}

async function loginFor(
  configDirectory: string,
  ref: string,
  what: string,
): Promise<RegistryAuth | undefined> {
  try {
    return await readRegistryAuth(configDirectory, registryOf(ref));
  } catch (thrown) {
    const { kind, message, hint } = asFailure(thrown);
    throw new Failure(kind, `${what}: ${message}`, hint === undefined ? {} : { hint });
  }
}

/** Without a tag the engine would pull every tag of the repository. */
function withTag(ref: string): string {
  const name = ref.slice(ref.lastIndexOf('/') + 1);
  return name.includes(':') || name.includes('@') ? ref : `${ref}:latest`;
}
