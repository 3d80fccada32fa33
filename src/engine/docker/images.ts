import type { DesiredImage } from '../../model/desired.ts';
import type { Progress } from '../engine.ts';
import { type Connection, DEADLINE } from './connection.ts';
import { followProgress, type ProgressMessage } from './progress-stream.ts';
import { authHeader, readRegistryAuths, registryOf } from './registry-auth.ts';

/** Pulls one image, with the login of `config.json` when there is one. */
export async function pullImage(
  connection: Connection,
  configDirectory: string,
  image: DesiredImage,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const auth = (await readRegistryAuths(configDirectory)).get(registryOf(image.ref));
  const layers = new LayerCount();
  await followProgress(
    connection,
    {
      method: 'POST',
      path: '/images/create',
      query: { fromImage: withTag(image.ref), platform: image.platform },
      headers: auth === undefined ? {} : { 'X-Registry-Auth': authHeader(auth) },
      what: `pull image ${image.ref}`,
      deadlineMs: DEADLINE.idle,
    },
    (message) => {
      const line = layers.count(message);
      if (line !== undefined) progress(line);
    },
    signal,
  );
}

/** Without a tag the engine would pull every tag of the repository. */
function withTag(ref: string): string {
  const name = ref.slice(ref.lastIndexOf('/') + 1);
  return name.includes(':') || name.includes('@') ? ref : `${ref}:latest`;
}

/** Makes one line a layer out of the many messages that the engine sends about each. */
class LayerCount {
  readonly #layers = new Map<string, boolean>();

  count(message: ProgressMessage): string | undefined {
    const { id, status } = message;
    if (id === undefined || status === undefined || !/^[0-9a-f]{12}$/.test(id)) return undefined;
    const done = status === 'Pull complete' || status === 'Already exists';
    if (this.#layers.get(id) === done || this.#layers.get(id) === true) return undefined;
    this.#layers.set(id, done);
    if (!done) return undefined;
    const finished = [...this.#layers.values()].filter(Boolean).length;
    return `pulled layer ${finished} of ${this.#layers.size}`;
  }
}
