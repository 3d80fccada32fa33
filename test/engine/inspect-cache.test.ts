import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDockerEngine } from '../../src/engine/docker/docker-engine.ts';
import type { Engine } from '../../src/engine/engine.ts';
import type { ContainerId, NetworkId } from '../../src/model/names.ts';
import { EngineProxy } from '../support/engine-proxy.ts';
import {
  containerRequest,
  desiredNetwork,
  endpoint,
  inNetwork,
  ownerLabels,
} from '../support/engine-requests.ts';
import { eventually } from '../support/eventually.ts';
import { hasEngine, Lab, SILENT } from '../support/lab.ts';

const signal = (): AbortSignal => new AbortController().signal;

/** What is done by somebody else, after which a look must show what a first look would. */
const CHANGES: readonly (readonly [
  what: string,
  change: (docker: Docker, world: World) => Promise<unknown>,
])[] = [
  [
    'other limits',
    (docker, { id }) => docker.getContainer(id).update({ Memory: 64 * 2 ** 20, MemorySwap: -1 }),
  ],
  [
    'another restart policy',
    (docker, { id }) => docker.getContainer(id).update({ RestartPolicy: { Name: 'always' } }),
  ],
  ['another name', (docker, { id, name }) => docker.getContainer(id).rename({ name: `${name}-renamed` })],
  ['a pause', (docker, { id }) => docker.getContainer(id).pause()],
  ['its end', (docker, { id }) => docker.getContainer(id).unpause()],
  ['a detachment', (docker, { id, network }) => docker.getNetwork(network).disconnect({ Container: id })],
  [
    'an attachment with another alias',
    (docker, { id, network }) =>
      docker.getNetwork(network).connect({ Container: id, EndpointConfig: { Aliases: ['other'] } }),
  ],
  ['a restart', (docker, { id }) => docker.getContainer(id).restart({ t: 0 })],
  ['a kill', (docker, { id }) => docker.getContainer(id).kill()],
  ['a start', (docker, { id }) => docker.getContainer(id).start()],
];

interface World {
  readonly id: ContainerId;
  readonly name: string;
  readonly network: NetworkId;
}

describe.skipIf(!hasEngine())('looks at what did not change', () => {
  let lab: Lab;
  let proxy: EngineProxy;
  let directory: string;
  let engine: Engine;
  let world: World;
  const stop = new AbortController();
  const heard: string[] = [];

  beforeAll(async () => {
    lab = new Lab();
    directory = await mkdtemp(join(tmpdir(), 'stackctl-test-'));
    proxy = new EngineProxy({ socketPath: join(directory, 'engine.sock'), engineHost: lab.host });
    await proxy.listen();
    engine = createDockerEngine({
      host: `unix://${proxy.socketPath}`,
      instance: lab.instance,
      log: SILENT,
      inspectMaxAgeMs: 300_000,
    });
    void (async () => {
      for await (const { id, action, container } of engine.events(stop.signal)) {
        heard.push(`${action} ${id}`, `${action} ${container}`);
      }
    })();
    await eventually('the events are read', async () => heard.includes('connected ') || undefined);
    const { name } = desiredNetwork(`${lab.stack}_net`);
    const network = await engine.createNetwork(desiredNetwork(name), ownerLabels(lab), signal());
    const request = containerRequest(lab, inNetwork({ id: network, name }));
    const id = await engine.createContainer(request, signal());
    await engine.startContainer(id, signal());
    world = { id, name: request.name, network };
  });
  afterAll(async () => {
    stop.abort();
    await proxy?.close();
    await rm(directory, { recursive: true, force: true });
    await lab?.dispose();
  });

  const looked = async (by: Engine) => {
    const query = { stack: lab.stack, project: lab.stack, networkNames: [], imageRefs: [] };
    return (await by.observe(query, signal())).containers;
  };
  const inspects = () =>
    proxy.calls.filter(({ path }) => path.includes(`/containers/${world.id}/json`)).length;
  /** Until nothing is heard of any more. */
  const quiet = () =>
    eventually('all events came', async () => {
      const before = heard.length;
      await new Promise((resolve) => setTimeout(resolve, 300));
      return heard.length === before || undefined;
    });

  test('ask for a container once', async () => {
    await quiet();
    await looked(engine);
    const before = inspects();
    const again = await looked(engine);
    expect(inspects()).toBe(before);
    expect(again).toEqual(await looked(lab.engine));
  });

  test.each(CHANGES)('show %s as a first look does', async (_what, change) => {
    await quiet();
    await looked(engine);
    await change(lab.docker, world);
    // What a container does by itself is done.
    await quiet();
    expect(await looked(engine)).toEqual(await looked(lab.engine));
  });

  test('show what we did ourselves, before an event tells of it', async () => {
    await quiet();
    await looked(engine);
    await engine.updateContainer(world.id, { Memory: 32 * 2 ** 20, MemorySwap: -1 }, undefined, signal());
    expect(await looked(engine)).toEqual(await looked(lab.engine));
    await engine.disconnectNetwork(world.network, world.id, false, signal());
    expect(await looked(engine)).toEqual(await looked(lab.engine));
    await engine.connectNetwork(world.network, world.id, endpoint({ aliases: ['web'] }), signal());
    expect(await looked(engine)).toEqual(await looked(lab.engine));
  });
});
