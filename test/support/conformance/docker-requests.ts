import { containerBody, endpointBody } from '../../../src/engine/docker/requests.ts';
import { endpoint } from '../engine-requests.ts';
import type { Names } from './names.ts';
import type { DockerOperation } from './operation.ts';
import { dockerRequest, restartPolicy, TEST_RUN } from './requests.ts';

/** One request of the Engine API, without the version in its path. */
export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
}

/** The request that the docker command line would make. */
export function requestFor(names: Names, apiVersion: string, operation: DockerOperation): ApiRequest {
  if ('container' in operation) return containerRequestFor(names, apiVersion, operation);
  switch (operation.docker) {
    case 'network-create': {
      const { subnet, internal = false, attachable = false, options = {}, driver = 'bridge' } = operation;
      const body = {
        Name: names.network(operation.network),
        Driver: driver,
        CheckDuplicate: operation.checkDuplicate ?? true,
        Internal: internal,
        Attachable: attachable,
        Options: options,
        Labels: { ...operation.labels, [TEST_RUN]: names.instance },
        ...(subnet === undefined ? {} : { IPAM: { Config: [{ Subnet: names.subnet(subnet) }] } }),
      };
      return { method: 'POST', path: '/networks/create', body };
    }
    case 'network-rm': {
      const { network, by = 'name' } = operation;
      const which = by === 'name' ? names.network(network) : names.networkId(network);
      return { method: 'DELETE', path: `/networks/${which}` };
    }
    case 'volume-create': {
      const { driver = 'local', options = {}, labels = {} } = operation;
      const Labels = { ...labels, [TEST_RUN]: names.instance };
      const body = { Name: names.volume(operation.volume), Driver: driver, DriverOpts: options, Labels };
      return { method: 'POST', path: '/volumes/create', body };
    }
    case 'volume-rm':
      return {
        method: 'DELETE',
        path: `/volumes/${names.volume(operation.volume)}`,
        query: { force: operation.force === true },
      };
    case 'image-tag': {
      const [repo, tag] = names.image(operation.as).split(':');
      const path = `/images/${encodeURIComponent(imageOf(names, operation.image))}/tag`;
      return { method: 'POST', path, query: { repo, tag } };
    }
    case 'image-rm': {
      const path = `/images/${encodeURIComponent(imageOf(names, operation.image))}`;
      return { method: 'DELETE', path, query: { force: operation.force === true } };
    }
  }
}

const imageOf = (names: Names, name: string): string => names.image(name === 'base' ? undefined : name);

function containerRequestFor(
  names: Names,
  apiVersion: string,
  operation: Extract<DockerOperation, { container: string }>,
): ApiRequest {
  const name = names.container(operation.container);
  const verb = (path: string, query: ApiRequest['query'] = {}): ApiRequest => ({
    method: 'POST',
    path: `/containers/${name}/${path}`,
    query,
  });
  switch (operation.docker) {
    case 'create':
    case 'run': {
      const body = containerBody(dockerRequest(names, operation), apiVersion);
      return { method: 'POST', path: '/containers/create', query: { name }, body };
    }
    case 'kill':
      return verb('kill', { signal: operation.signal ?? 'SIGKILL' });
    case 'rename':
      return verb('rename', { name: names.container(operation.to) });
    case 'update': {
      const { memoryMiB, cpuShares, restart } = operation;
      const memory = memoryMiB === undefined ? {} : { Memory: memoryMiB * 1024 * 1024, MemorySwap: -1 };
      const RestartPolicy = restart === undefined ? {} : { RestartPolicy: restartPolicy(restart) };
      return {
        ...verb('update'),
        body: { ...memory, ...RestartPolicy, ...(cpuShares && { CpuShares: cpuShares }) },
      };
    }
    case 'rm':
      return {
        method: 'DELETE',
        path: `/containers/${name}`,
        query: { force: operation.force === true, v: operation.volumes === true },
      };
    case 'commit': {
      const [repo, tag] = names.image(operation.image).split(':');
      const query = { container: name, repo, tag, changes: operation.changes?.join('\n') };
      return { method: 'POST', path: '/commit', query, body: {} };
    }
    case 'network-connect': {
      const { aliases = [], address } = operation;
      const settings = endpoint({
        aliases,
        ...(address === undefined ? {} : { ipv4Address: names.address(address) }),
      });
      const body = { Container: name, EndpointConfig: endpointBody(settings, apiVersion, false) };
      return { method: 'POST', path: `/networks/${names.network(operation.network)}/connect`, body };
    }
    case 'network-disconnect': {
      const body = { Container: name, Force: operation.force === true };
      return { method: 'POST', path: `/networks/${names.network(operation.network)}/disconnect`, body };
    }
    default:
      return verb(operation.docker);
  }
}
