import { describe, expect, test } from 'vitest';
import { modelOf } from '../../../src/isolation/model.ts';
import type { Topology } from '../../../src/isolation/topology.ts';
import { findStacks } from '../../../src/manifest/find-stacks.ts';
import { holdToPolicies } from '../../../src/verify/policies.ts';
import { provedModel } from '../../../src/verify/proved.ts';
import type { Cell, CellKind, Finding } from '../../../src/verify/report.ts';
import { member, net, topology } from '../../support/topologies.ts';

const HEAD = 'apiVersion: stackctl.io/v1alpha1\nkind: ReachabilityPolicy\nmetadata: { name: p }\nspec:\n';

const listening = (...ports: number[]) => ({
  listens: ports.map((port) => ({ port, protocol: 'tcp', source: 'exposed' as const })),
});

const seenWith = (egress: { readonly icc: boolean }): Topology =>
  topology(
    [net('back', { stack: 'shop', internal: true }), net('egress', { stack: 'shop', ...egress })],
    [
      member('shop/app/1', { networks: ['back'] }),
      member('shop/db/1', { networks: ['back'], ...listening(5432, 9000) }),
      member('shop/first/1', { networks: ['egress'] }),
      member('shop/second/1', { networks: ['egress'] }),
    ],
  );
const SEEN = seenWith({ icc: false });

const cell = (from: string, to: string, what: string, probed: Finding, kind: CellKind = 'service'): Cell => ({
  kind,
  from,
  to,
  what,
  declared: 'unknown',
  observed: 'unknown',
  probed,
  differs: false,
  detail: '',
});

function hold(spec: string, cells: readonly Cell[], seen = SEEN, stacks = ['shop']) {
  const { policies, problems } = findStacks(
    [{ path: '/p.yaml', relativePath: 'p.yaml', text: HEAD + spec }],
    {
      home: undefined,
    },
  );
  expect(problems).toEqual([]);
  return holdToPolicies(policies, { seen: modelOf(seen), cells, stacks });
}

const rule = (from: string, to: string, rest: string) =>
  `  rules:\n    - { name: the rule, from: ${from}, to: ${to}, ${rest} }\n`;

const APART = rule('{ service: first }', '{ service: second }', 'action: deny');
const REACHED = rule('{ service: app }', '{ service: db }', 'ports: [5432], action: allow');

describe('a policy on the live engine', () => {
  test('is kept where nothing is open that it forbids', () => {
    expect(hold(APART, [cell('shop/first', 'shop/second', '', 'no')])).toEqual({ checked: 1, broken: [] });
    expect(hold(REACHED, [cell('shop/app', 'shop/db', '5432/tcp', 'yes')]).broken).toEqual([]);
  });

  test('is broken by what the engine shows, with the place of the rule and who is involved', () => {
    expect(hold(APART, [], seenWith({ icc: true })).broken).toEqual([
      {
        policy: 'p',
        rule: 'the rule',
        at: '/p.yaml:6:7',
        from: 'shop/first',
        to: 'shop/second',
        stacks: ['shop'],
        message: 'shop/first must not reach shop/second, and does: both are on egress',
      },
    ]);
  });

  test('is broken by a way that only a probe found, and by one that only a probe found shut', () => {
    expect(hold(APART, [cell('shop/first', 'shop/second', '8000/tcp', 'yes')]).broken[0]?.message).toBe(
      'shop/first must not reach shop/second, and does: a probe got through on port 8000',
    );
    expect(hold(REACHED, [cell('shop/app', 'shop/db', '5432/tcp', 'no')]).broken[0]?.message).toBe(
      'shop/app must reach shop/db, and does not: a probe did not get through on port 5432',
    );
    const inward = rule('{ service: db }', '{ external: true }', 'action: deny');
    const route = cell('shop/db', 'outside', 'default route', 'yes', 'outside');
    expect(hold(inward, []).broken).toEqual([]);
    expect(hold(inward, [route]).broken[0]?.message).toContain('a probe got through');
  });

  test('is not broken on a port by what was found on another', () => {
    const cells = [
      cell('shop/app', 'shop/db', '5432/tcp', 'yes'),
      cell('shop/app', 'shop/db', '9000/tcp', 'no'),
    ];
    expect(hold(REACHED, cells).broken).toEqual([]);
    const denied = rule('{ service: app }', '{ service: db }', 'ports: [9000], action: deny');
    expect(hold(denied, cells).broken).toEqual([]);
    expect(hold(denied, []).broken).toHaveLength(1);
  });

  test('says nothing of stacks that were not asked about, nor of its own faults', () => {
    expect(hold(APART, [], seenWith({ icc: true }), ['other']).broken).toEqual([]);
    expect(hold(rule('{ service: nobody }', '{ service: db }', 'action: deny'), []).broken).toEqual([]);
  });

  test('holds a zone to what the network is now', () => {
    const zone = '  zones:\n    - { network: egress, external: egress, icc: false }\n';
    expect(hold(zone, []).broken).toEqual([]);
    expect(hold(zone, [], seenWith({ icc: true })).broken).toEqual([
      expect.objectContaining({
        rule: 'zone egress',
        from: undefined,
        message: 'ICC is to be off on egress, and is on',
      }),
    ]);
  });
});

describe('a model of what was probed', () => {
  const ends = (from: string, to: string) =>
    ({ from: { kind: 'member', id: from }, to: { kind: 'member', id: to } }) as const;

  test('answers as the engine shows it where nobody tried', () => {
    const observed = modelOf(SEEN);
    const proved = provedModel(observed, [cell('shop/app', 'shop/db', '5432/tcp', 'unknown')]);
    for (const from of SEEN.members) {
      for (const to of SEEN.members) {
        const question = ends(from.id, to.id);
        expect(proved.reach(question)).toEqual(observed.reach(question));
        expect(proved.ways(question)).toEqual(observed.ways(question));
      }
    }
  });

  test('narrows a way to the ports that answered, and closes it when none did', () => {
    const question = ends('shop/app/1', 'shop/db/1');
    const half = provedModel(modelOf(SEEN), [
      cell('shop/app', 'shop/db', '5432/tcp', 'yes'),
      cell('shop/app', 'shop/db', '9000/tcp', 'no'),
    ]);
    expect(half.ways(question).map(({ ports }) => ports)).toEqual([[{ port: 5432, protocol: 'tcp' }]]);
    const closed = provedModel(modelOf(SEEN), [cell('shop/app', 'shop/db', '', 'no')]);
    expect(closed.reach(question)).toMatchObject({ allowed: false, ways: [] });
    expect(
      closed.reach({ ...question, port: { port: 5432, protocol: 'tcp' } }).reasons.map(({ code }) => code),
    ).toContain('ProbeFailed');
  });
});
