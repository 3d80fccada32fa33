/** The image of every service: busybox, made by `scripts/images.sh small`. */
export const IMAGE = 'stackctl.local/busybox:1';

export interface StackShape {
  readonly name: string;
  readonly services: number;
  /** How many networks the services are spread over. */
  readonly networks: number;
  /** What the environment of service number 0 has; another text is another spec. */
  readonly revision?: string;
  /** Whether the first network lets its containers talk to each other. */
  readonly icc?: boolean;
  /** `update_config.monitor`; undefined: as it is by itself. */
  readonly monitor?: string;
  readonly healthcheck?: { readonly interval: string };
}

/** One service, as Compose and the engine's API spell it alike. */
export const serviceName = (index: number): string => `s${index}`;
export const networkName = (index: number): string => `n${index}`;

/** The same document for both: a Compose file, and the spec of a Stack. */
export function composeDocument(shape: StackShape): Record<string, unknown> {
  const services = Array.from({ length: shape.services }, (_, index) => [
    serviceName(index),
    {
      image: IMAGE,
      command: ['sleep', '100000'],
      // SIGTERM says nothing to a process number 1 that handles none, and ten seconds of waiting are no measure.
      stop_signal: 'SIGKILL',
      networks: [networkName(index % shape.networks)],
      ...(index === 0 && shape.revision !== undefined ? { environment: { REVISION: shape.revision } } : {}),
      ...(shape.monitor === undefined ? {} : { deploy: { update_config: { monitor: shape.monitor } } }),
      ...(shape.healthcheck === undefined
        ? {}
        : { healthcheck: { test: ['CMD', 'true'], interval: shape.healthcheck.interval } }),
    },
  ]);
  const networks = Array.from({ length: shape.networks }, (_, index) => [
    networkName(index),
    index === 0 && shape.icc !== undefined
      ? { driver_opts: { 'com.docker.network.bridge.enable_icc': String(shape.icc) } }
      : {},
  ]);
  return { services: Object.fromEntries(services), networks: Object.fromEntries(networks) };
}

export function manifest(shape: StackShape): string {
  return JSON.stringify({
    apiVersion: 'stackctl.io/v1alpha1',
    kind: 'Stack',
    metadata: { name: shape.name },
    spec: composeDocument(shape),
  });
}

export function composeFile(shape: StackShape): string {
  return JSON.stringify({ name: shape.name, ...composeDocument(shape) });
}
