import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isAtLeast } from '../../src/desired/api-version.ts';
import { AiHub } from '../support/ai-hub.ts';
import { ZONES, type Zone } from '../support/ai-hub-guide.ts';
import { inside } from '../support/inside.ts';
import { hasEngine } from '../support/lab.ts';
import { skipLoudly } from '../support/loud-skip.ts';
import { Outside } from '../support/outside.ts';

/** In each zone, one that tries and one that is tried; both are in no other zone. `STACK/SERVICE:PORT` */
const MEMBERS: Readonly<Record<Zone, readonly [from: string, to: string]>> = {
  proxy: ['proxy/traefik:8080', 'proxy/web:3000'],
  backend: ['backend/mineru-api:8000', 'backend/speaches:8000'],
  data: ['data/neo4j:7474', 'data/nats:4222'],
  storage: ['storage/seaweedfs-volume:8080', 'storage/seaweedfs-master:9333'],
  egress: ['fetchers/first:8000', 'fetchers/second:8000'],
};

/** The guide's visibility matrix: who may open a connection to whom. `outside` is any address that is no container's. */
const VISIBLE: Readonly<Record<Zone | 'outside', Readonly<Record<Zone | 'outside', boolean>>>> = {
  //        to: proxy           backend         data           storage         egress         outside
  outside: { proxy: false, backend: false, data: false, storage: false, egress: false, outside: true },
  proxy: { proxy: true, backend: false, data: false, storage: false, egress: false, outside: true },
  backend: { proxy: false, backend: true, data: false, storage: false, egress: false, outside: false },
  data: { proxy: false, backend: false, data: true, storage: false, egress: false, outside: false },
  storage: { proxy: false, backend: false, data: false, storage: true, egress: false, outside: false },
  egress: { proxy: false, backend: false, data: false, storage: false, egress: false, outside: true },
};

/** What the guide says of services that are in several zones, or that must not meet. By name, as a program would. */
const PATHS: readonly (readonly [from: string, to: string, isOpen: boolean])[] = [
  ['proxy/traefik', 'proxy/api:8000', true],
  ['proxy/traefik', 'data/postgres:5432', false],
  ['proxy/traefik', 'backend/litellm:4000', false],
  ['proxy/traefik', 'storage/seaweedfs-s3:8333', true],
  ['proxy/traefik', 'storage/seaweedfs-filer:8888', false],
  ['proxy/api', 'backend/litellm:4000', true],
  ['proxy/api', 'data/postgres:5432', true],
  ['proxy/open-webui', 'data/postgres:5432', false],
  ['backend/litellm', 'data/postgres:5432', true],
  ['backend/mineru-api', 'data/postgres:5432', false],
  ['backend/mineru-api', 'backend/playwright:3000', true],
  ['backend/litellm', 'storage/seaweedfs-s3:8333', false],
  ['data/etcd', 'storage/seaweedfs-filer:8888', true],
  ['data/nats', 'storage/seaweedfs-filer:8888', false],
  ['storage/seaweedfs-filer', 'data/etcd:2379', true],
  ['storage/seaweedfs-filer', 'data/nats:4222', false],
  ['fetchers/first', 'backend/playwright:3000', false],
];

/** Of those in several zones, who gets out: whoever is in a zone with a way out, and nobody else. */
const WAYS_OUT: Readonly<Record<string, boolean>> = {
  'backend/playwright': true,
  'proxy/api': true,
  'storage/seaweedfs-s3': true,
  'backend/litellm': false,
  'data/etcd': false,
};

const outsideMissing = hasEngine() ? Outside.missing() : undefined;
const noOutside = skipLoudly('what the AI hub lets in and out', outsideMissing);

describe.skipIf(!hasEngine())('the zones of the AI hub', () => {
  let hub: AiHub;
  let outside: Outside | undefined;

  const addressOf = async (service: string, zone: Zone): Promise<string> => {
    const wire = await hub.world.docker.getContainer(hub.container(service)).inspect();
    const address = wire.NetworkSettings.Networks[hub.network(zone)]?.IPAddress ?? '';
    if (address === '') throw new Error(`${service} is not in ${zone}`);
    return address;
  };
  /** Tries a TCP connection from within a container, in one process: it may have few, and is asked several at once. */
  const connects = async (from: string, host: string, port: number | string): Promise<boolean> => {
    const command = ['nc', '-w', '6', host, String(port)];
    const { code, stderr } = await inside(hub.world.docker, hub.container(from), command);
    if (code !== 0) expect(stderr).toMatch(/timed out|can't connect|bad address/);
    return code === 0;
  };
  const parts = (target: string) => {
    const [service = '', port = ''] = target.split(':');
    return { service, port };
  };

  beforeAll(async () => {
    hub = await AiHub.create();
    outside = noOutside ? undefined : await Outside.create();
  });
  afterAll(async () => {
    await outside?.dispose();
    await hub.dispose();
  });

  test('the zones are a stack of their own, with what the guide gives them', async () => {
    const status = await hub.world.status(hub.name);
    expect({ services: status?.services.length, networks: status?.networks.length }).toEqual({
      services: 0,
      networks: 5,
    });
    const zones = await Promise.all(
      ZONES.map(async (zone) => {
        const wire = await hub.world.docker.getNetwork(hub.network(zone)).inspect();
        const icc = wire.Options?.['com.docker.network.bridge.enable_icc'] !== 'false';
        return [zone, { internal: wire.Internal, icc, subnet: wire.IPAM?.Config?.[0]?.Subnet }] as const;
      }),
    );
    expect(Object.fromEntries(zones)).toEqual({
      proxy: { internal: false, icc: true, subnet: '10.232.1.0/24' },
      backend: { internal: true, icc: true, subnet: '10.232.2.0/24' },
      data: { internal: true, icc: true, subnet: '10.232.3.0/24' },
      storage: { internal: true, icc: true, subnet: '10.232.4.0/24' },
      egress: { internal: false, icc: false, subnet: '10.232.5.0/24' },
    });
  });

  test('every member of a zone reaches what the matrix lets it reach, and nothing else', async () => {
    const rows = await Promise.all(
      ZONES.map(async (from) => {
        const source = parts(MEMBERS[from][0]).service;
        const row = ZONES.map(async (to) => {
          const { service, port } = parts(MEMBERS[to][1]);
          return [to, await connects(source, await addressOf(service, to), port)] as const;
        });
        return [from, Object.fromEntries(await Promise.all(row))] as const;
      }),
    );
    const expected = ZONES.map((from) => {
      const { outside: _, ...row } = VISIBLE[from];
      return [from, row] as const;
    });
    expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(expected));
  });

  test('services in several zones are the only ways from one to another', async () => {
    const found = await Promise.all(
      PATHS.map(async ([from, to]) => {
        const { service, port } = parts(to);
        return [from, to, await connects(from, service.split('/')[1] ?? '', port)];
      }),
    );
    expect(found).toEqual(PATHS);
  });

  test('on egress not even playwright is reached, by its address there', async () => {
    expect(await connects('fetchers/first', await addressOf('backend/playwright', 'egress'), 3000)).toBe(
      false,
    );
    // Where it is spoken to, it is.
    expect(await connects('backend/mineru-api', await addressOf('backend/playwright', 'backend'), 3000)).toBe(
      true,
    );
  });

  describe.skipIf(noOutside)('and the world outside', () => {
    const theOutside = (): Outside => {
      if (outside === undefined) throw new Error('the outside was not made');
      return outside;
    };

    test('only proxy and egress get out', async () => {
      const { address, port } = theOutside();
      const found = await Promise.all(
        ZONES.map(async (zone) => [zone, await connects(parts(MEMBERS[zone][0]).service, address, port)]),
      );
      expect(Object.fromEntries(found)).toEqual(
        Object.fromEntries(ZONES.map((zone) => [zone, VISIBLE[zone].outside])),
      );
    });

    test('who is in several zones gets out when one of them leads out', async () => {
      const { address, port } = theOutside();
      const found = await Promise.all(
        Object.keys(WAYS_OUT).map(async (service) => [service, await connects(service, address, port)]),
      );
      expect(Object.fromEntries(found)).toEqual(WAYS_OUT);
    });

    test('nobody gets in to any zone by the address of a container, where the host does not let him', async () => {
      const { ApiVersion } = await hub.world.docker.version();
      // docs/isolation.md: before Engine 28 it is for the host to say.
      const isHostOpen = !isAtLeast(ApiVersion, '1.48') && Outside.isForwarded();
      const found = await Promise.all(
        ZONES.map(async (zone) => {
          const { service, port } = parts(MEMBERS[zone][1]);
          return [zone, await theOutside().reaches(await addressOf(service, zone), Number(port))];
        }),
      );
      const { outside: itself, ...closed } = VISIBLE.outside;
      const open = Object.fromEntries(ZONES.map((zone) => [zone, VISIBLE[zone].outside]));
      expect(Object.fromEntries(found)).toEqual(isHostOpen ? open : closed);
      expect(await theOutside().reaches(theOutside().address, theOutside().port)).toBe(itself);
    });

    test("the way in is traefik's published port, and no other port of the host", async () => {
      expect(await theOutside().reaches(theOutside().host, hub.port)).toBe(true);
      const containers = await hub.world.docker.listContainers({
        filters: { label: [`io.stackctl.instance=${hub.world.instance}`] },
      });
      const published = containers.flatMap(({ Ports }) => Ports.filter((each) => each.PublicPort));
      expect([...new Set(published.map((each) => each.PublicPort))]).toEqual([hub.port]);
    });
  });

  test('a second pass of every stack writes nothing', async () => {
    for (const stack of hub.stacks) expect(await hub.world.writesOfTwoPasses(stack)).toEqual([]);
  });
});
