import type { ContainerRequest } from '../../src/engine/engine.ts';
import type { ContainerConfig, EndpointSettings, HostConfig } from '../../src/model/container.ts';
import type { DesiredContainer, DesiredNetwork, DesiredVolume } from '../../src/model/desired.ts';
import { COMPOSE, OURS } from '../../src/model/labels.ts';
import type { NetworkId, StackName } from '../../src/model/names.ts';

/** Whose objects a test makes, and what they are made from. */
export interface Owner {
  readonly stack: StackName;
  readonly instance: string;
  readonly image: string;
}

/** The labels that the planner would give to an object of this stack. */
export function ownerLabels(owner: Owner, specHash = 'v1.aaaa'): Record<string, string> {
  return {
    [OURS.stack]: owner.stack,
    [OURS.instance]: owner.instance,
    [OURS.specHash]: specHash,
    [COMPOSE.project]: owner.stack,
  };
}

/** A way to stand in a network, with nothing special. */
export function endpoint(change: Partial<EndpointSettings> = {}): EndpointSettings {
  return { aliases: [], linkLocalIps: [], driverOpts: {}, ...change };
}

/** What may be said of a container; the rest is a busybox that sleeps and dies at once when told to. */
export interface ContainerChange {
  readonly service?: string;
  readonly name?: string;
  readonly config?: Partial<ContainerConfig>;
  readonly host?: HostConfig;
  readonly desired?: Partial<DesiredContainer>;
  readonly request?: Partial<ContainerRequest>;
  readonly specHash?: string;
}

export function containerRequest(owner: Owner, change: ContainerChange = {}): ContainerRequest {
  const service = change.service ?? 'web';
  const name = change.name ?? `${owner.stack}-${service}-1`;
  const specHash = change.specHash ?? 'v1.aaaa';
  return {
    stack: owner.stack,
    name,
    labels: {
      ...ownerLabels(owner, specHash),
      [OURS.service]: service,
      [OURS.ordinal]: '1',
      [COMPOSE.service]: service,
      [COMPOSE.containerNumber]: '1',
    },
    container: {
      service,
      ordinal: 1,
      name,
      config: { Image: owner.image, Cmd: ['sleep', '600'], StopSignal: 'SIGKILL', ...change.config },
      host: change.host ?? {},
      resources: {},
      restartPolicy: { Name: 'no', MaximumRetryCount: 0 },
      networkMode: { kind: 'none' },
      endpoints: [],
      volumesFrom: [],
      files: [],
      anonymousVolumes: [],
      specHash,
      ...change.desired,
    },
    anonymousVolumes: {},
    endpoints: [],
    networkContainer: undefined,
    ipcContainer: undefined,
    pidContainer: undefined,
    volumesFrom: [],
    ...change.request,
  };
}

/** The change that puts a container into one network at creation. */
export function inNetwork(
  network: { readonly id: NetworkId; readonly name: string },
  settings: EndpointSettings = endpoint(),
): Pick<ContainerChange, 'desired' | 'request'> {
  return {
    desired: { networkMode: { kind: 'networks', primary: network.name } },
    request: { endpoints: [{ networkId: network.id, networkName: network.name, settings }] },
  };
}

export function desiredNetwork(name: string, change: Partial<DesiredNetwork> = {}): DesiredNetwork {
  return {
    key: 'net',
    name,
    external: false,
    driver: 'bridge',
    options: {},
    internal: false,
    attachable: false,
    enableIPv6: false,
    ipamDriver: 'default',
    ipamOptions: {},
    pools: [],
    labels: {},
    specHash: 'v1.aaaa',
    ...change,
  };
}

export function desiredVolume(name: string, change: Partial<DesiredVolume> = {}): DesiredVolume {
  return {
    key: 'data',
    name,
    external: false,
    driver: 'local',
    options: {},
    labels: {},
    specHash: 'v1.aaaa',
    ...change,
  };
}
