import { createHash } from 'node:crypto';
import type { ComposeBlkio, ComposeService } from './model.ts';

/**
 * The hash that docker compose puts on containers (`com.docker.compose.config-hash`) and prints with `config
 * --hash`: sha256 (hex) over the service's JSON, without what does not make another container. Measured with
 * 2.40; the order of the fields is the model's. Only `config --hash` of a service with an `env_file` differs, as
 * docker compose does not read that file there.
 */
export function configHash(service: ComposeService): string {
  const { deploy, blkio_config } = service;
  const hashed = {
    ...service,
    build: undefined,
    pull_policy: undefined,
    scale: undefined,
    depends_on: undefined,
    profiles: undefined,
    deploy: deploy === undefined ? undefined : { ...deploy, replicas: undefined },
    blkio_config: blkio_config === undefined ? undefined : capitalised(blkio_config),
  };
  return createHash('sha256').update(asGoWrites(hashed)).digest('hex');
}

/** Go's JSON escapes what would be special in HTML, and two line separators. */
function asGoWrites(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The fields of single devices have no names of their own for JSON, so Go writes them as they are declared. */
function capitalised(blkio: ComposeBlkio): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(blkio).map(([key, value]) => [
      key,
      Array.isArray(value) ? value.map(capitaliseKeys) : value,
    ]),
  );
}

function capitaliseKeys(device: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(device).map(([key, value]) => [`${key.slice(0, 1).toUpperCase()}${key.slice(1)}`, value]),
  );
}
