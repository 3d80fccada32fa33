import { describe, expect, test } from 'vitest';
import { networkMatrix, serviceMatrix } from '../../../src/isolation/matrix.ts';
import { modelOf } from '../../../src/isolation/model.ts';
import { sayReason } from '../../../src/isolation/say.ts';
import type { Topology } from '../../../src/isolation/topology.ts';
import type { Endpoint, Model, Verdict } from '../../../src/isolation/verdict.ts';
import { member, net, topology } from '../../support/topologies.ts';

const ENDS: Readonly<Record<string, Endpoint>> = {
  HOST: { kind: 'host' },
  OUTSIDE: { kind: 'outside' },
  NEIGHBOUR: { kind: 'neighbour' },
};
const end = (text: string): Endpoint => ENDS[text] ?? { kind: 'member', id: text };

function ask(where: Topology, from: string, to: string, port?: number): Verdict {
  return modelOf(where).reach({
    from: end(from),
    to: end(to),
    ...(port === undefined ? {} : { port: { port, protocol: 'tcp' } }),
  });
}

const says = ({ reasons }: Verdict): readonly string[] => reasons.map(({ code }) => code);
const vias = ({ ways }: Verdict): readonly string[] => ways.map(({ via }) => via);

describe('two containers', () => {
  test('on one network reach each other at every port, by name', () => {
    const where = topology(
      [net('front')],
      [member('s/a', { networks: ['front'] }), member('s/b', { networks: ['front'] })],
    );
    const verdict = ask(where, 's/a', 's/b', 5432);
    expect(verdict).toMatchObject({ allowed: true, names: ['b', 's-b-1'] });
    expect(verdict.ways).toEqual([
      {
        via: 'network',
        network: 'front',
        ports: 'all',
        dial: [{ host: 'TARGET', port: undefined, hostPort: undefined }],
      },
    ]);
    expect(says(verdict)).toEqual(['SharedNetwork', 'NotKnownToListen']);
  });

  test('on different networks do not', () => {
    const where = topology(
      [net('x'), net('y')],
      [member('a', { networks: ['x'] }), member('b', { networks: ['y'] })],
    );
    const verdict = ask(where, 'a', 'b');
    expect(verdict).toMatchObject({ allowed: false, ways: [], names: [] });
    expect(says(verdict)).toEqual(['NoSharedNetwork', 'NotPublished']);
  });

  test('without ICC know each other’s name and are kept apart', () => {
    const where = topology(
      [net('x', { icc: false })],
      [member('s/a', { networks: ['x'] }), member('s/b', { networks: ['x'] })],
    );
    expect(ask(where, 's/a', 's/b')).toMatchObject({ allowed: false, names: ['b', 's-b-1'] });
    expect(says(ask(where, 's/a', 's/b'))).toEqual(['IccOff', 'NotPublished']);
  });

  test('without ICC meet at a published port', () => {
    const where = topology(
      [net('x', { icc: false })],
      [member('a', { networks: ['x'] }), member('b', { networks: ['x'], publish: ['9000:80'] })],
    );
    const verdict = ask(where, 'a', 'b', 80);
    expect(vias(verdict)).toEqual(['published']);
    expect(says(verdict)).toEqual(['Published', 'IccOff', 'NotKnownToListen']);
    expect(modelOf(where).ways({ from: end('a'), to: end('b') })).toEqual(ask(where, 'a', 'b').ways);
    expect(ask(where, 'a', 'b', 81)).toMatchObject({ allowed: false });
    expect(says(ask(where, 'a', 'b', 81))).toEqual(['IccOff', 'OtherPortPublished']);
  });

  test('of an internal network alone reach each other and no published port elsewhere', () => {
    const where = topology(
      [net('in', { internal: true }), net('out')],
      [
        member('a', { networks: ['in'] }),
        member('b', { networks: ['in'] }),
        member('c', { networks: ['out'], publish: ['9000:80'] }),
      ],
    );
    expect(ask(where, 'a', 'b').allowed).toBe(true);
    expect(says(ask(where, 'a', 'c', 80))).toEqual(['NoSharedNetwork', 'SourceCannotReachHost']);
  });

  test('of different networks meet at a published port, unless it is on loopback or the source is not masqueraded', () => {
    const where = topology(
      [net('x'), net('y'), net('z', { masquerade: false })],
      [
        member('a', { networks: ['x'] }),
        member('b', { networks: ['y'], publish: ['9000:80', '127.0.0.1:9001:81'] }),
        member('c', { networks: ['z'] }),
      ],
    );
    expect(vias(ask(where, 'a', 'b', 80))).toEqual(['published']);
    expect(ask(where, 'a', 'b', 80).ways[0]?.dial).toEqual([
      { host: 'HOST', port: { port: 80, protocol: 'tcp' }, hostPort: 9000 },
      { host: 'GATEWAY', port: { port: 80, protocol: 'tcp' }, hostPort: 9000 },
    ]);
    expect(says(ask(where, 'a', 'b', 81))).toEqual(['NoSharedNetwork', 'LoopbackOnly']);
    expect(says(ask(where, 'c', 'b', 80))).toEqual(['NoSharedNetwork', 'SourceCannotReachHost']);
  });

  test('that share a namespace have one loopback, and one’s networks are the other’s', () => {
    const where = topology(
      [net('x')],
      [
        member('s/web', { networks: ['x'] }),
        member('s/side', { namespace: { kind: 'shared', with: 's/web' } }),
        member('s/peer', { networks: ['x'] }),
        member('lost', { namespace: { kind: 'shared', with: undefined } }),
      ],
    );
    expect(ask(where, 's/side', 's/web')).toMatchObject({ allowed: true, names: ['localhost'] });
    expect(says(ask(where, 's/side', 's/web'))).toContain('SharedNamespace');
    expect(ask(where, 's/peer', 's/side')).toMatchObject({ allowed: true, names: ['s-web-1', 'web'] });
    expect(ask(where, 's/side', 's/peer')).toMatchObject({ allowed: true, names: ['peer', 's-peer-1'] });
    expect(says(ask(where, 's/peer', 'lost'))).toEqual(['NamespaceUnknown']);
  });

  test('that share a namespace in a circle are nowhere', () => {
    const where = topology(
      [],
      [
        member('a', { namespace: { kind: 'shared', with: 'b' } }),
        member('b', { namespace: { kind: 'shared', with: 'a' } }),
      ],
    );
    expect(says(ask(where, 'a', 'b'))).toEqual(['NamespaceUnknown', 'NamespaceUnknown']);
  });

  test('on the default bridge have no names but by a link', () => {
    const where = topology(
      [net('bridge', { isDefaultBridge: true })],
      [
        member('a', { networks: [{ network: 'bridge', links: ['b:db'] }] }),
        member('b', { networks: ['bridge'] }),
        member('c', { networks: ['bridge'] }),
      ],
    );
    expect(ask(where, 'a', 'b')).toMatchObject({ allowed: true, names: ['db'] });
    expect(ask(where, 'a', 'c')).toMatchObject({ allowed: true, names: [] });
    expect(says(ask(where, 'a', 'c'))).toContain('DefaultBridgeHasNoNames');
  });

  test('are told when a name is somebody else’s too', () => {
    const where = topology(
      [net('x')],
      [
        member('one/db', { networks: ['x'] }),
        member('two/db', { networks: ['x'] }),
        member('a', { networks: ['x'] }),
      ],
    );
    expect(ask(where, 'a', 'one/db').reasons).toContainEqual({
      code: 'NameIsShared',
      effect: 'notes',
      member: 'two/db',
      detail: 'db',
    });
  });

  test('of a routed network take what comes to published ports from other networks', () => {
    const where = topology(
      [
        net('x'),
        net('q'),
        net('r', { gatewayMode4: 'routed', gatewayMode6: 'routed' }),
        net('n', { masquerade: false }),
      ],
      [
        member('a', { networks: ['x'] }),
        member('b', { networks: ['r'], publish: ['9000:80'] }),
        member('c', { networks: ['n'] }),
        // Its ports are published on `q`, which gives the default route.
        member('d', { networks: ['q', 'r'], publish: ['127.0.0.1:9001:80'] }),
      ],
    );
    expect(ask(where, 'a', 'd', 80).allowed).toBe(false);
    expect(vias(ask(where, 'a', 'b', 80))).toEqual(['direct']);
    expect(says(ask(where, 'a', 'b', 80))).toEqual([
      'RoutedNetwork',
      'NoSharedNetwork',
      'PublishedWithoutEffect',
      'NotKnownToListen',
    ]);
    expect(ask(where, 'a', 'b', 81).allowed).toBe(false);
    expect(ask(where, 'c', 'b', 80).allowed).toBe(false);
  });

  test('of a macvlan reach each other by default and not in private mode', () => {
    const where = (mode: string) =>
      topology(
        [net('lan', { driver: 'macvlan', mode })],
        [member('a', { networks: ['lan'] }), member('b', { networks: ['lan'] })],
      );
    expect(ask(where('bridge'), 'a', 'b').allowed).toBe(true);
    expect(says(ask(where('private'), 'a', 'b'))).toContain('PrivateLan');
  });

  test('of an overlay are believed to, and it is said that nobody has verified it', () => {
    const where = topology(
      [net('o', { driver: 'overlay' })],
      [member('a', { networks: ['o'] }), member('b', { networks: ['o'] })],
    );
    expect(ask(where, 'a', 'b').allowed).toBe(true);
    expect(says(ask(where, 'a', 'b'))).toContain('NotVerified');
  });

  test('do not reach anything while one does not run, or is not there', () => {
    const where = topology(
      [net('x')],
      [member('a', { networks: ['x'] }), member('b', { networks: ['x'], state: 'stopped' })],
    );
    expect(says(ask(where, 'a', 'b'))).toEqual(['NotRunning']);
    expect(ask(where, 'a', 'nobody').reasons).toEqual([
      { code: 'NotThere', effect: 'closes', member: 'nobody' },
    ]);
  });
});

describe('IPv6', () => {
  const two = (apiVersion: string) =>
    topology(
      [
        net('in', { internal: true, enableIPv6: true }),
        net('plain'),
        net('x', { enableIPv6: true }),
        net('y', { enableIPv6: true, icc: false }),
      ],
      [
        member('a', { networks: ['x'] }),
        member('b', { networks: [{ network: 'y', addresses: ['10.0.0.2', 'fd00::2'] }] }),
        member('c', { networks: ['in'] }),
        member('d', { networks: ['in', 'plain'] }),
        member('e', { networks: ['plain'] }),
      ],
      apiVersion,
    );

  test('is forwarded from bridge to bridge before Engine 27, ICC, internal or not', () => {
    const verdict = ask(two('1.41'), 'a', 'b', 80);
    expect(verdict.ways).toEqual([
      {
        via: 'direct',
        network: 'y',
        ports: 'all',
        dial: [{ host: 'fd00::2', port: undefined, hostPort: undefined }],
      },
    ]);
    expect(says(verdict)).toEqual(['Ipv6Forwarded', 'NoSharedNetwork', 'NotKnownToListen']);
    expect(verdict.reasons[0]).toMatchObject({ network: 'y', detail: 'x' });
    expect(ask(two('1.45'), 'c', 'a').allowed).toBe(true);
    for (const apiVersion of ['1.46', '1.51']) {
      expect(says(ask(two(apiVersion), 'a', 'b', 80))).toEqual(['NoSharedNetwork', 'NotPublished']);
    }
  });

  test('is forwarded only where there is a route, and one back', () => {
    // The default route of `d` goes over `plain`, which has no IPv6.
    expect(ask(two('1.41'), 'a', 'd').allowed).toBe(false);
    expect(ask(two('1.41'), 'd', 'a').allowed).toBe(false);
    expect(ask(two('1.41'), 'a', 'e').allowed).toBe(false);
  });

  test('leads to published ports past an internal network where no rule for it stands before them', () => {
    const where = (apiVersion: string) =>
      topology(
        [
          net('in', { internal: true, enableIPv6: true, gateways: ['10.0.0.1', 'fd00::1'] }),
          net('four'),
          net('six', { enableIPv6: true }),
        ],
        [
          member('a', { networks: ['in'] }),
          member('b', { networks: ['four'], publish: ['[::]:9000:80', '0.0.0.0:9001:81'] }),
          member('c', { networks: ['six'], publish: ['[::]:9002:80'] }),
        ],
        apiVersion,
      );
    const verdict = ask(where('1.51'), 'a', 'b', 80);
    expect(verdict.ways.flatMap(({ dial }) => dial.map(({ host }) => host))).toEqual(['fd00::1']);
    expect(says(verdict)).toEqual(['Published', 'ProxiedByIpv6', 'NoSharedNetwork', 'NotKnownToListen']);
    expect(ask(where('1.51'), 'a', 'b', 81).allowed).toBe(false);
    expect(ask(where('1.51'), 'a', 'c', 80).allowed).toBe(false);
    expect(vias(ask(where('1.41'), 'a', 'c', 80))).toEqual(['direct', 'published']);
  });

  test('leaves the host its address where only IPv4 is isolated or inhibited', () => {
    const where = topology(
      [
        net('both', {
          internal: true,
          enableIPv6: true,
          gatewayMode4: 'isolated',
          gatewayMode6: 'isolated',
        }),
        net('four', {
          internal: true,
          enableIPv6: true,
          gatewayMode4: 'isolated',
          gateways: ['10.0.0.1', 'fd00::1'],
        }),
        net('bare', { enableIPv6: true, inhibitIPv4: true }),
        net('six', { enableIPv6: true, gatewayMode6: 'isolated', gateways: ['10.0.1.1', 'fd01::1'] }),
      ],
      [
        member('a', { networks: [{ network: 'four', addresses: ['10.0.0.2', 'fd00::2'] }] }),
        member('b', { networks: ['both'] }),
        member('c', { networks: ['bare'] }),
        member('d', { networks: ['six'] }),
      ],
    );
    const dials = (verdict: Verdict) => verdict.ways.flatMap(({ dial }) => dial.map(({ host }) => host));
    expect(dials(ask(where, 'HOST', 'a'))).toEqual(['fd00::2']);
    expect(dials(ask(where, 'a', 'HOST'))).toEqual(['fd00::1']);
    expect(ask(where, 'a', 'HOST').reasons.map(sayReason)).toEqual([
      'the host has an IPv6 address on four',
      'four is isolated: not even the host has an IPv4 address on it',
      'the firewall of the host decides, and so does the address that a program listens on',
    ]);
    expect(says(ask(where, 'HOST', 'b'))).toEqual(['IsolatedGateway']);
    expect(says(ask(where, 'b', 'HOST'))).toEqual(['IsolatedGateway']);
    expect(says(ask(where, 'HOST', 'c'))).toEqual(['HostAddress', 'NoHostAddress']);
    expect(dials(ask(where, 'HOST', 'c'))).toEqual(['TARGET']);
    expect(dials(ask(where, 'd', 'HOST'))).toEqual(['10.0.1.1']);
  });
});

describe('the default route', () => {
  const of = (apiVersion: string) =>
    topology(
      [
        net('a'),
        net('both', { enableIPv6: true }),
        net('in', { internal: true, enableIPv6: true }),
        net('z'),
      ],
      [
        member('plain', { networks: ['a', 'z'] }),
        member('two', { networks: ['a', 'both', 'in'] }),
        member('asked', { networks: ['both', { network: 'z', gwPriority: 1 }] }),
        member('equal', { networks: ['a', { network: 'z', gwPriority: 1 }] }),
      ],
      apiVersion,
    );
  const leads = (apiVersion: string, id: string) => ask(of(apiVersion), id, 'OUTSIDE').ways[0]?.network;

  test('is that of the first network by name, but of one with both families before others', () => {
    for (const apiVersion of ['1.41', '1.46', '1.51', '1.55']) {
      expect(leads(apiVersion, 'plain')).toBe('a');
      expect(leads(apiVersion, 'two')).toBe('both');
    }
    expect(ask(of('1.51'), 'two', 'OUTSIDE').reasons.map(sayReason)).toContain(
      'a network with IPv6 gives the default route before those without: both',
    );
    expect(says(ask(of('1.51'), 'plain', 'OUTSIDE'))).toEqual(['Masquerade']);
  });

  test('is chosen by priority from Engine 28 on, at first only among networks of the same families', () => {
    expect(leads('1.47', 'equal')).toBe('a');
    expect(leads('1.48', 'equal')).toBe('z');
    expect(leads('1.51', 'asked')).toBe('both');
    expect(leads('1.55', 'asked')).toBe('z');
  });
});

describe('the host', () => {
  const where = topology(
    [
      net('out'),
      net('in', { internal: true, icc: false }),
      net('iso', { internal: true, gatewayMode4: 'isolated' }),
      net('lan', { driver: 'macvlan' }),
      net('bare', { inhibitIPv4: true }),
    ],
    [
      member('a', { networks: ['out'], publish: ['127.0.0.1:9000:80'] }),
      member('b', { networks: ['in'] }),
      member('c', { networks: ['iso'] }),
      member('d', { networks: ['lan'] }),
      member('e', { networks: ['bare'] }),
      member('h', { namespace: { kind: 'host' } }),
      member('n', { namespace: { kind: 'none' } }),
    ],
  );

  test('reaches containers on every bridge that it has an address on', () => {
    expect(vias(ask(where, 'HOST', 'a', 80))).toEqual(['direct', 'published']);
    expect(vias(ask(where, 'HOST', 'b'))).toEqual(['direct']);
    expect(says(ask(where, 'HOST', 'c'))).toContain('IsolatedGateway');
    expect(says(ask(where, 'HOST', 'd'))).toContain('LanHidesHost');
    expect(says(ask(where, 'HOST', 'e'))).toContain('NoHostAddress');
    expect(says(ask(where, 'HOST', 'n'))).toEqual(['NoNetwork']);
  });

  test('is reached over the same addresses, internal or not', () => {
    expect(says(ask(where, 'a', 'HOST'))).toEqual(['HostAddress', 'HostFirewall']);
    expect(ask(where, 'b', 'HOST').allowed).toBe(true);
    expect(ask(where, 'c', 'HOST').allowed).toBe(false);
    expect(ask(where, 'd', 'HOST').allowed).toBe(false);
    expect(ask(where, 'n', 'HOST').allowed).toBe(false);
  });

  test('lends its network to whoever runs on it', () => {
    expect(ask(where, 'HOST', 'h')).toMatchObject({ allowed: true, names: ['localhost'] });
    expect(ask(where, 'h', 'b').allowed).toBe(true);
    expect(ask(where, 'a', 'h').allowed).toBe(true);
    expect(says(ask(where, 'OUTSIDE', 'h'))).toContain('HostFirewall');
    expect(ask(where, 'h', 'OUTSIDE').allowed).toBe(true);
  });
});

describe('the outside', () => {
  const of = (apiVersion: string) =>
    topology(
      [
        net('in', { internal: true }),
        net('out'),
        net('un', { gatewayMode4: 'nat-unprotected' }),
        net('lan', { driver: 'ipvlan' }),
      ],
      [
        member('a', { networks: ['in', 'out'], publish: ['9000:80', '127.0.0.1:9001:81', '[::1]:9001:82'] }),
        member('b', { networks: ['in'], publish: ['9002:80'] }),
        member('c', { networks: ['un'] }),
        member('d', { networks: ['lan'] }),
      ],
      apiVersion,
    );

  test('reaches published ports, but not those of loopback nor those of internal networks', () => {
    expect(says(ask(of('1.51'), 'OUTSIDE', 'a', 80))).toEqual([
      'Published',
      'BypassesFirewall',
      'NotKnownToListen',
    ]);
    expect(says(ask(of('1.51'), 'OUTSIDE', 'a', 81))).toEqual(['LoopbackOnly']);
    expect(says(ask(of('1.51'), 'OUTSIDE', 'a', 83))).toEqual(['OtherPortPublished']);
    expect(says(ask(of('1.51'), 'OUTSIDE', 'b', 80))).toEqual(['PublishedWithoutEffect']);
    expect(says(ask(of('1.51'), 'OUTSIDE', 'c', 80))).toEqual(['NotPublished']);
    expect(says(ask(of('1.51'), 'OUTSIDE', 'd', 80))).toContain('OnLan');
  });

  test('gets further from the same wire before Engine 28', () => {
    expect(says(ask(of('1.41'), 'NEIGHBOUR', 'a', 81))).toEqual([
      'RoutedNetwork',
      'NeighbourReachesLoopback',
      'ForwardPolicy',
      'NotKnownToListen',
    ]);
    expect(says(ask(of('1.51'), 'NEIGHBOUR', 'a', 81))).not.toContain('ForwardPolicy');
    expect(ask(of('1.51'), 'NEIGHBOUR', 'a', 81).allowed).toBe(false);
    expect(ask(of('1.51'), 'NEIGHBOUR', 'a', 80).allowed).toBe(true);
    expect(ask(of('1.41'), 'NEIGHBOUR', 'a', 82).ways.map(({ via }) => via)).toEqual(['direct']);
    expect(ask(of('1.51'), 'NEIGHBOUR', 'c', 1234).allowed).toBe(true);
  });

  test('is reached by the default route alone', () => {
    const where = topology(
      [
        net('aa', { masquerade: false }),
        net('bb'),
        net('in', { internal: true }),
        net('r', { gatewayMode4: 'routed' }),
      ],
      [
        member('a', { networks: ['aa', 'bb'] }),
        member('b', { networks: [{ network: 'aa' }, { network: 'bb', gwPriority: 1 }] }),
        member('c', { networks: ['in'] }),
        member('d', { networks: ['r'] }),
        member('e', { networks: ['in', 'bb'] }),
      ],
    );
    expect(says(ask(where, 'a', 'OUTSIDE'))).toEqual(['NoMasquerade']);
    expect(says(ask(where, 'b', 'OUTSIDE'))).toEqual(['Masquerade']);
    expect(says(ask(where, 'c', 'OUTSIDE'))).toEqual(['Internal']);
    expect(says(ask(where, 'd', 'OUTSIDE'))).toEqual(['NoMasquerade']);
    expect(ask(where, 'e', 'OUTSIDE').allowed).toBe(true);
  });
});

/** 300 services on 30 networks, and all of them on the first. */
function many(): Topology {
  const networks = Array.from({ length: 30 }, (_, index) => net(`n${index}`, { icc: index !== 0 }));
  const members = Array.from({ length: 300 }, (_, index) =>
    member(`s${index % 12}/svc${index}`, {
      networks: [...new Set([`n${index % 30}`, `n${(index * 7) % 30}`, 'n0'])],
      publish: index % 10 === 0 ? [`${9000 + index}:80`] : [],
    }),
  );
  return topology(networks, members);
}

test('how far the ways lead is what the ways themselves say', () => {
  const model = modelOf(many());
  const ends = [...Object.values(ENDS), ...model.topology.members.slice(0, 60).map(({ id }) => end(id))];
  const found = new Set<string>();
  for (const from of ends) {
    for (const to of ends) {
      for (const port of [undefined, { port: 80, protocol: 'tcp' }]) {
        const ways = model.ways({ from, to, port });
        const widest = ways.some(({ ports }) => ports === 'all') ? 'all' : ways.length > 0 ? 'ports' : 'none';
        expect(model.extent({ from, to, port })).toBe(widest);
        found.add(widest);
      }
    }
  }
  expect([...found].sort()).toEqual(['all', 'none', 'ports']);
});

test('the matrices of 300 services ask about each pair once', () => {
  const model = modelOf(many());
  const asked = { extent: 0, ways: 0 };
  const counting: Model = {
    ...model,
    extent: (question) => {
      asked.extent += 1;
      return model.extent(question);
    },
    ways: (question) => {
      asked.ways += 1;
      return model.ways(question);
    },
  };
  const options = { stacks: [], strangers: false };
  const { cells } = serviceMatrix(counting, options);
  expect(cells.flat().filter((cell) => cell === 'all').length).toBeGreaterThan(1000);
  // Rows are the outside, the host and the services; nobody is asked about itself.
  expect(asked).toEqual({ extent: 302 * 302 - 300 - 4, ways: 0 });
  networkMatrix(counting, options);
  // Once a pair of services; the outside to each and each to the outside once for each of its networks.
  const attached = model.topology.members.flatMap(({ attachments }) => attachments).length;
  expect(asked.ways).toBeLessThanOrEqual(300 * 299 + 2 * attached);
});
