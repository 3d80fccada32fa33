import { describe, expect, test } from 'vitest';
import { modelOf } from '../../../src/isolation/model.ts';
import type { Member, NetworkNode, Topology } from '../../../src/isolation/topology.ts';
import type { ProbeResult } from '../../../src/model/probe.ts';
import { concludeCells } from '../../../src/verify/conclude.ts';
import { askedAgain, inDoubt } from '../../../src/verify/doubt.ts';
import { planVerification } from '../../../src/verify/plan.ts';
import { HOST, type Results } from '../../../src/verify/probe-list.ts';
import { differ, sayCell } from '../../../src/verify/report.ts';

const result = (outcome: ProbeResult['outcome'], addresses: readonly string[] = []): ProbeResult => ({
  outcome,
  addresses,
  detail: '',
});

function network(name: string, change: Partial<NetworkNode> = {}): NetworkNode {
  return {
    name,
    stack: 'shop',
    keys: [name],
    labels: {},
    driver: 'bridge',
    isDefaultBridge: false,
    internal: false,
    icc: true,
    masquerade: true,
    gatewayMode4: 'nat',
    gatewayMode6: 'nat',
    inhibitIPv4: false,
    enableIPv6: false,
    attachable: false,
    mode: '',
    subnets: ['10.0.0.0/24'],
    gateways: ['10.0.0.1'],
    isGuessed: false,
    ...change,
  };
}

function member(service: string, address: string, change: Partial<Member> = {}): Member {
  return {
    id: `shop/${service}/1`,
    name: `shop-${service}-1`,
    stack: 'shop',
    service,
    ordinal: 1,
    labels: {},
    containerId: service,
    state: 'running',
    health: undefined,
    namespace: { kind: 'own' },
    attachments: [{ network: 'net', addresses: [address], aliases: [service], gwPriority: 0, links: [] }],
    publications: [],
    listens: [{ port: 80, protocol: 'tcp', source: 'exposed' }],
    ...change,
  };
}

const topology = (members: readonly Member[], change: Partial<NetworkNode> = {}): Topology => ({
  origin: 'observed',
  engine: { apiVersion: '1.51' },
  members,
  networks: [network('net', change)],
});

const WEB = member('web', '10.0.0.2');
const DB = member('db', '10.0.0.3');

/** Answers every probe in the way that is given, by what it asks. */
function verify(
  declared: Topology,
  observed: Topology,
  answer: (source: string, key: string) => ProbeResult,
) {
  const plan = planVerification({
    declared: modelOf(declared),
    observed: modelOf(observed),
    stacks: ['shop'],
    ours: ['shop'],
    outside: undefined,
  });
  const results: Results = new Map(
    plan.probes
      .all()
      .map(([source, probes]) => [
        source,
        probes.map((probe) =>
          answer(source, probe.kind === 'name' ? probe.name : 'host' in probe ? probe.host : probe.kind),
        ),
      ]),
  );
  return { plan, results, cells: concludeCells(plan, results), skipped: plan.skipped, probes: plan.probes };
}

const open = (_source: string, key: string): ProbeResult => {
  if (key === 'route') return result('route', ['10.0.0.1']);
  if (key === 'web') return result('resolved', ['10.0.0.2']);
  return key === 'db' ? result('resolved', ['10.0.0.3']) : result('open');
};
const differing = (cells: ReturnType<typeof verify>['cells']) =>
  cells.filter(({ differs }) => differs).map(sayCell);

describe('verification', () => {
  test('finds nothing where probes find what is declared', () => {
    const seen = topology([WEB, DB]);
    const { cells } = verify(seen, seen, open);
    expect(differing(cells)).toEqual([]);
    expect(cells.every(({ probed }) => probed === 'yes')).toBe(true);
  });

  test('finds a way that is open though ICC is declared off', () => {
    const { cells } = verify(topology([WEB, DB], { icc: false }), topology([WEB, DB]), open);
    expect(differing(cells)).toEqual([
      'shop/web -> shop/db 80/tcp: declared no, observed yes, probed yes',
      'shop/db -> shop/web 80/tcp: declared no, observed yes, probed yes',
    ]);
  });

  test('finds what the engine itself does not show', () => {
    const seen = topology([WEB, DB], { icc: false });
    const { cells } = verify(seen, seen, open);
    expect(differing(cells)).toHaveLength(2);
  });

  test('asks once more who did not answer although it should, and nobody else', () => {
    const seen = topology([WEB, DB]);
    const { plan, results } = verify(seen, seen, (source, key) =>
      source === 'web' && key === '10.0.0.3' ? result('timeout') : open(source, key),
    );
    const doubts = inDoubt(plan, results);
    const asked = [...doubts].map(([source, indexes]) => {
      const probes = new Map(plan.probes.all()).get(source) ?? [];
      return [source, indexes.map((index) => probes[index])];
    });
    expect(asked).toEqual([['web', [{ kind: 'tcp', host: '10.0.0.3', port: 80 }]]]);

    const [index = -1] = doubts.get('web') ?? [];
    const answers = (outcome: ProbeResult['outcome']) =>
      new Map([...results, ['web', askedAgain(results.get('web') ?? [], [index], [result(outcome)])]]);
    expect(differing(concludeCells(plan, answers('open')))).toEqual([]);
    expect(differing(concludeCells(plan, answers('timeout')))).toHaveLength(1);
  });

  test('takes silence for an answer where nothing else is expected', () => {
    const seen = topology([WEB, DB], { icc: false });
    const { plan, results } = verify(seen, seen, (source, key) =>
      source !== HOST && key.startsWith('10.0.0.') && key !== '10.0.0.1'
        ? result('timeout')
        : open(source, key),
    );
    expect([...inDoubt(plan, results)]).toEqual([]);
  });

  test('finds a name that is lost', () => {
    const seen = topology([WEB, DB]);
    const { cells } = verify(seen, seen, (source, key) =>
      key === 'db' ? result('no-such-name') : open(source, key),
    );
    expect(differing(cells)).toEqual(['shop/web finds shop/db as db: declared yes, observed yes, probed no']);
  });

  test('finds a network that was made internal, by the route', () => {
    const { cells } = verify(topology([WEB, DB]), topology([WEB, DB], { internal: true }), (source, key) =>
      key === 'route' ? result('no-route') : open(source, key),
    );
    expect(differing(cells)).toEqual([
      'shop/web -> outside default route: declared yes, observed no, probed no',
      'shop/db -> outside default route: declared yes, observed no, probed no',
    ]);
  });

  test('finds who published a port by hand, and who is a guest on a network', () => {
    const published = { hostIp: '', hostPort: 8080, containerPort: 80, protocol: 'tcp' };
    const guest = member('guest', '10.0.0.9', { id: 'guest', name: 'guest', stack: undefined });
    const seen = topology([WEB, { ...DB, publications: [published] }, guest]);
    const { cells, probes } = verify(topology([WEB, DB]), seen, open);
    expect(differing(cells)).toEqual([
      'host -> shop/db 0.0.0.0:8080 -> 80/tcp: declared no, observed yes, probed yes',
      'guest -> shop network net: declared no, observed yes, probed unknown',
    ]);
    // Nothing is sent from, or to, what is not ours.
    expect(
      probes
        .all()
        .map(([source]) => source)
        .sort(),
    ).toEqual(['db', HOST, 'web']);
    const hosts = probes
      .all()
      .flatMap(([, list]) => list.flatMap((probe) => ('host' in probe ? probe.host : [])));
    expect([...new Set(hosts)].sort()).toEqual(['10.0.0.1', '10.0.0.2', '10.0.0.3', '127.0.0.1']);
  });

  test('says who was not asked, and concludes nothing of them', () => {
    const stopped: Member = { ...DB, state: 'stopped' };
    const { cells, skipped } = verify(topology([WEB, DB]), topology([WEB, stopped]), open);
    expect(skipped).toEqual(['shop/db: it does not run']);
    expect(cells.some(({ to, from }) => to === 'shop/db' || from === 'shop/db')).toBe(false);
  });

  test('what nobody knows contradicts nothing', () => {
    expect(differ('yes', 'yes', 'unknown')).toBe(false);
    expect(differ('unknown', 'unknown', 'no')).toBe(false);
    expect(differ('unknown', 'no', 'yes')).toBe(true);
  });
});
