import { describe, expect, test } from 'vitest';
import { modelOf } from '../../../src/isolation/model.ts';
import { checkPolicies, problemsOf } from '../../../src/isolation/policy.ts';
import { findStacks } from '../../../src/manifest/find-stacks.ts';
import { formatPosition } from '../../../src/model/problem.ts';
import { member, net, topology } from '../../support/topologies.ts';

const HEAD = 'apiVersion: stackctl.io/v1alpha1\nkind: ReachabilityPolicy\nmetadata: { name: p }\nspec:\n';

const WHERE = topology(
  [
    net('front', { stack: 'web' }),
    net('back', { stack: 'data', internal: true }),
    net('egress', { icc: false }),
  ],
  [
    member('web/proxy/1', { networks: ['front'], publish: ['80:8080'], labels: { tier: 'edge' } }),
    member('web/app/1', { networks: ['front', 'back'] }),
    member('data/db/1', { networks: ['back'], labels: { tier: 'data' } }),
    member('data/db/2', { networks: ['back'], labels: { tier: 'data' } }),
    member('web/browser/1', { networks: ['egress'] }),
  ],
);

function read(spec: string) {
  return findStacks([{ path: '/p.yaml', relativePath: 'p.yaml', text: HEAD + spec }], { home: undefined });
}

function check(spec: string, stack?: string): readonly string[] {
  const { policies, problems } = read(spec);
  expect(problems).toEqual([]);
  return problemsOf(checkPolicies(modelOf(WHERE), policies), stack).map(
    ({ code, message, at }) => `${code} ${formatPosition(at)} ${message}`,
  );
}

const rule = (from: string, to: string, rest: string) =>
  `  rules:\n    - { from: ${from}, to: ${to}, ${rest} }\n`;

describe('a rule', () => {
  test('that is kept says nothing', () => {
    expect(
      check(
        rule('{ stack: web, service: app }', '{ labels: { tier: data } }', 'ports: [5432], action: allow'),
      ),
    ).toEqual([]);
    expect(
      check(rule('{ service: proxy }', '{ network: back, except: [{ service: app }] }', 'action: deny')),
    ).toEqual([]);
    expect(
      check(rule('{ external: true }', '{ service: "p*y" }', 'ports: ["8080/tcp"], action: allow')),
    ).toEqual([]);
    expect(check(rule('{ stack: data }', '{ external: true }', 'action: deny'))).toEqual([]);
  });

  test('that is broken says who, why and where', () => {
    expect(check(rule('{ service: app }', '{ service: db }', 'action: deny'))).toEqual([
      'PolicyBroken /p.yaml:6:7 policy p, rule 1: web/app must not reach data/db, and does: both are on back',
    ]);
    expect(
      check(rule('{ external: true }', '{ service: proxy }', 'ports: [9000], action: allow'))[0],
    ).toContain('the outside must reach web/proxy on port 9000, and does not');
    expect(
      check(rule('{ external: true }', '{ service: proxy }', 'ports: ["8000-8100"], action: deny'))[0],
    ).toContain('must not reach web/proxy on port 8080, and does');
  });

  test('is a matter of the stacks that have a part in it', () => {
    const spec = rule('{ service: app }', '{ service: db }', 'action: deny');
    expect(check(spec, 'web')).toHaveLength(1);
    expect(check(spec, 'data')).toHaveLength(1);
    expect(check(spec, 'other')).toEqual([]);
  });

  test('that selects nobody, or contradicts another, is a fault of the policy', () => {
    expect(check(rule('{ service: nobody }', '{ service: db }', 'action: deny'))).toEqual([
      'SelectsNothing /p.yaml:6:15 policy p, rule 1: the selector {service: nobody} matches nothing',
    ]);
    const two = `${rule('{ service: app }', '{ service: db }', 'ports: [1-10], action: allow')}    - { from: { stack: web }, to: { stack: data }, ports: [5], action: deny }\n`;
    expect(
      check(two.replace('[1-10]', '["1-10"]')).filter((line) => line.startsWith('PolicyContradiction')),
    ).toHaveLength(1);
    const apart = two.replace('[1-10]', '["1-4"]');
    expect(check(apart).filter((line) => line.startsWith('PolicyContradiction'))).toEqual([]);
  });
});

describe('a zone', () => {
  const zone = (words: string) => check(`  zones:\n    - ${words}\n`);

  test('is held to its ICC, its way out and what is published on it', () => {
    expect(zone('{ network: front, external: both, icc: true }')).toEqual([]);
    expect(zone('{ network: back, external: none }')).toEqual([]);
    expect(zone('{ network: egress, external: egress, icc: false }')).toEqual([]);
    expect(zone('{ network: egress, icc: true }')[0]).toContain('ICC is to be on on egress, and is off');
    expect(zone('{ network: back, external: egress }')[0]).toContain(
      'back is to have a way out, and has none',
    );
    expect(zone('{ network: front, external: egress }')[0]).toContain('web/proxy is');
  });

  test('that nobody declares, or that is two things, is a fault of the policy', () => {
    expect(zone('{ network: gone, icc: true }')[0]).toMatch(/^SelectsNothing/);
    const twice = check(
      '  zones:\n    - { network: front, icc: true }\n    - { network: front, icc: false }\n',
    );
    expect(twice.map((line) => line.split(' ')[0])).toEqual(['PolicyContradiction', 'PolicyBroken']);
  });
});

test('a policy that is written wrong is none, and says all that is wrong', () => {
  const faults = (spec: string) => {
    const { policies, problems, broken } = read(spec);
    expect(policies).toEqual([]);
    expect(broken.map(({ file }) => file)).toEqual(['/p.yaml']);
    return problems.map(({ code, at }) => `${code} ${formatPosition(at)}`);
  };
  expect(faults('  {}\n')).toEqual(['MissingField /p.yaml:1:1']);
  expect(faults(rule('{ external: true, stack: web }', '{}', 'action: deny'))).toEqual([
    'ConflictingAttributes /p.yaml:6:15',
    'MissingField /p.yaml:6:51',
  ]);
  expect(faults(rule('{ stack: web }', '{ stack: web }', 'ports: ["9-8"], action: deny'))).toEqual([
    'InvalidPort /p.yaml:6:7',
  ]);
  expect(faults(rule('{ stak: web }', '{ stack: web }', 'action: forbid'))).toHaveLength(2);
});
