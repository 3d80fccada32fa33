import type { ContainerRequest } from '../../../src/engine/engine.ts';
import type { HostConfig, MountConfig, RestartPolicy } from '../../../src/model/container.ts';
import type { DesiredContainer } from '../../../src/model/desired.ts';
import { COMPOSE } from '../../../src/model/labels.ts';
import { containerRequest, endpoint } from '../engine-requests.ts';
import type { Names } from './names.ts';
import type { ContainerWords, PortOperation } from './operation.ts';

type Words = Omit<ContainerWords, 'docker' | 'foreign'>;
type Made = Extract<PortOperation, { port: 'createContainer' }>;

/** The label by which the objects of a test run are found again. */
export const TEST_RUN = 'stackctl-test-run';

/** A container as the port makes it. */
export function portRequest(names: Names, instance: string, operation: Made): ContainerRequest {
  const { spec = 'a', container } = operation;
  return wordsRequest(names, instance, operation, `v1.${spec}`, { service: container });
}

/** A container as a person makes it: of our Compose project, or of nobody's. */
export function dockerRequest(names: Names, words: ContainerWords): ContainerRequest {
  const request = wordsRequest(names, names.instance, words, '', {});
  const project = words.foreign === true ? {} : { [COMPOSE.project]: names.stack };
  return { ...request, labels: { ...project, [TEST_RUN]: names.instance } };
}

function wordsRequest(
  names: Names,
  instance: string,
  words: Words,
  specHash: string,
  { service = words.container }: { readonly service?: string },
): ContainerRequest {
  const { stack } = names;
  const owner = { stack, instance, image: names.image(words.image) };
  return containerRequest(owner, {
    service,
    name: names.container(words.container),
    specHash,
    config: {
      ...program(words.program),
      ...(words.labels === undefined ? {} : { Labels: words.labels }),
      ...(words.hostname === undefined ? {} : { Hostname: words.hostname }),
      ...health(words.health),
    },
    host: hostConfig(names, words),
    desired: {
      networkMode: networkMode(names, words),
      ...(words.memoryMiB === undefined ? {} : { resources: { Memory: words.memoryMiB * 1024 * 1024 } }),
      restartPolicy: restartPolicy(words.restart),
    },
    request: {
      endpoints: (words.networks ?? []).map((each) => ({
        networkId: names.networkId(each.network),
        networkName: names.network(each.network),
        settings: endpoint({
          aliases: each.aliases ?? [],
          ...(each.address === undefined ? {} : { ipv4Address: names.address(each.address) }),
          ...(each.mac === undefined ? {} : { macAddress: each.mac }),
        }),
      })),
      networkContainer: shared(names, words.mode),
      ipcContainer: words.ipc === undefined ? undefined : names.containerId(words.ipc),
      pidContainer: words.pid === undefined ? undefined : names.containerId(words.pid),
      volumesFrom: (words.volumesFrom ?? []).map((text) => {
        const [from = '', mode] = text.split(':');
        return { container: names.containerId(from), readOnly: mode === 'ro' };
      }),
    },
  });
}

/** `on-failure:2` */
export function restartPolicy(text = 'no'): RestartPolicy {
  const [Name = 'no', count = '0'] = text.split(':');
  return { Name: Name as RestartPolicy['Name'], MaximumRetryCount: Number(count) };
}

function program(text = 'sleep') {
  const [word, code] = text.split(' ');
  switch (word) {
    case 'trap':
      // What comes within the wait is handled at once; a shell waits for a `sleep` in the foreground.
      return {
        Cmd: ['sh', '-c', "trap 'exit 42' TERM USR1; while :; do sleep 0.05; done"],
        StopSignal: 'SIGTERM',
      };
    case 'exit':
      return { Cmd: ['sh', '-c', `sleep 0.2; exit ${code}`] };
    case 'nowhere':
      return { Cmd: ['/nowhere'] };
    default:
      return {};
  }
}

function health(kind: Words['health']) {
  if (kind === undefined) return {};
  const Test = ['CMD', kind === 'pass' ? 'true' : 'false'];
  // A probe that a stop cuts short is no verdict.
  return { Healthcheck: { Test, Interval: 200e6, Timeout: 10e9, Retries: kind === 'pass' ? 3 : 1 } };
}

function hostConfig(names: Names, words: Words): HostConfig {
  const Mounts = Object.entries(words.volumes ?? {}).map(([Target, text]): MountConfig => {
    const [volume = '', mode] = text.split(':');
    return {
      Type: 'volume',
      ...(volume === '' ? {} : { Source: names.volume(volume) }),
      Target,
      ...(mode === 'ro' ? { ReadOnly: true } : {}),
    };
  });
  const ports = (words.ports ?? []).map((text) => text.split(':'));
  return {
    ...(Mounts.length === 0 ? {} : { Mounts }),
    IpcMode: 'shareable',
    ...(ports.length === 0
      ? {}
      : {
          PortBindings: Object.fromEntries(
            ports.map(([host = '', port]) => [`${port}/tcp`, [{ HostIp: '', HostPort: names.port(host) }]]),
          ),
        }),
  };
}

function networkMode(names: Names, words: Words): DesiredContainer['networkMode'] {
  const [first] = words.networks ?? [];
  const { mode } = words;
  if (mode === undefined)
    return first === undefined
      ? { kind: 'none' }
      : { kind: 'networks', primary: names.network(first.network) };
  if (mode === 'none' || mode === 'bridge' || mode === 'host') return { kind: mode };
  return { kind: 'shared', with: { kind: 'service', service: mode.slice('container:'.length) } };
}

function shared(names: Names, mode = '') {
  return mode.startsWith('container:') ? names.containerId(mode.slice('container:'.length)) : undefined;
}
