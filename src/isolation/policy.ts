import { formatPosition, type Position, type Problem } from '../model/problem.ts';
import type {
  PortSpan,
  ReachabilityPolicy,
  ReachabilityRule,
  Selector,
  ZoneExpectation,
} from '../model/reachability.ts';
import { hasNoWayOut } from './gateways.ts';
import { sayReason } from './say.ts';
import { endsOf, networksOfGroup, type ServiceGroup, servicesOf } from './services.ts';
import type { NetworkNode, PortRef } from './topology.ts';
import type { Endpoint, Model, Reason, Verdict } from './verdict.ts';

/** One thing that a policy says, and whether it is so. */
export interface PolicyCheck {
  readonly policy: string;
  /** `zone ai-hub-data`, or the rule's name. */
  readonly title: string;
  readonly at: Position;
  readonly failures: readonly PolicyFailure[];
}

export interface PolicyFailure {
  /** `PolicyBroken`: it is not as expected. The others are faults of the policy itself. */
  readonly code: 'PolicyBroken' | 'PolicyContradiction' | 'SelectsNothing';
  readonly message: string;
  readonly at: Position;
  /** Stacks that have a part in it, none where it is the policy's own fault. */
  readonly stacks: readonly string[];
  /** Whom a rule is about, as `net matrix` calls them; absent of a zone. */
  readonly ends?: { readonly from: string; readonly to: string };
}

/** Holds a topology to policies: each rule and each zone once, in their order. */
export function checkPolicies(model: Model, policies: readonly ReachabilityPolicy[]): readonly PolicyCheck[] {
  const scene: Scene = { model, groups: servicesOf(model.topology), demands: new Map() };
  return policies
    .flatMap((policy) => [
      ...policy.zones.map((zone, index) => ({
        policy: policy.name,
        title: `zone ${zone.network}`,
        at: zone.at,
        failures: [...contradictingZones(policies, zone), ...checkZone(scene, zone)],
        index,
      })),
      ...policy.rules.map((rule, index) => ({
        policy: policy.name,
        title: rule.name ?? `rule ${index + 1}`,
        at: rule.at,
        failures: checkRule(scene, rule),
        index,
      })),
    ])
    .map(({ policy, title, at, failures }) => ({ policy, title, at, failures }));
}

/** What is broken, as problems; `stack`: only what this stack has a part in, without the policies' own faults. */
export function problemsOf(checks: readonly PolicyCheck[], stack?: string): readonly Problem[] {
  return checks.flatMap(({ policy, title, failures }) =>
    failures
      .filter(({ stacks }) => stack === undefined || stacks.includes(stack))
      .map(
        ({ code, message, at }): Problem => ({
          // What is wrong with a policy itself is no fault of a stack.
          severity: code === 'PolicyBroken' || stack === undefined ? 'error' : 'warning',
          code,
          message: `policy ${policy}, ${title}: ${message}`,
          hint:
            code === 'PolicyBroken'
              ? '`stackctl net explain` tells why; change the manifest, or the policy'
              : 'change the policy',
          at,
        }),
      ),
  );
}

interface Scene {
  readonly model: Model;
  readonly groups: readonly ServiceGroup[];
  /** What rules before said about a pair. */
  readonly demands: Map<string, ReachabilityRule[]>;
}

type End = ServiceGroup | Endpoint;

function checkRule(scene: Scene, rule: ReachabilityRule): readonly PolicyFailure[] {
  const from = select(scene, rule.from);
  const to = select(scene, rule.to);
  const failures: PolicyFailure[] = [...from.empty, ...to.empty];
  for (const source of from.ends) {
    for (const target of to.ends) {
      if (source === target || !('members' in source || 'members' in target)) continue;
      failures.push(...contradiction(scene, rule, source, target));
      const message = broken(scene.model, rule, source, target);
      if (message === undefined) continue;
      const ends = { from: nameOf(source), to: nameOf(target) };
      failures.push({ code: 'PolicyBroken', message, at: rule.at, stacks: stacksOf(source, target), ends });
    }
  }
  return failures;
}

const nameOf = (end: End): string =>
  'members' in end ? end.name : end.kind === 'host' ? 'the host' : 'the outside';

const stacksOf = (...ends: readonly End[]): readonly string[] => [
  ...new Set(ends.flatMap((end) => ('members' in end ? (end.stack ?? []) : []))),
];

interface Chosen {
  readonly ends: readonly End[];
  readonly empty: readonly PolicyFailure[];
}

const OUTSIDE: Endpoint = { kind: 'outside' };
const HOST: Endpoint = { kind: 'host' };

function select({ groups, model }: Scene, selectors: readonly Selector[]): Chosen {
  const ends = new Set<End>();
  const empty: PolicyFailure[] = [];
  for (const selector of selectors) {
    const found: readonly End[] = selector.external
      ? [OUTSIDE]
      : selector.host
        ? [HOST]
        : groups.filter((group) => isMeant(selector, group, model));
    for (const end of found) ends.add(end);
    if (found.length > 0) continue;
    const message = `the selector ${describe(selector)} matches nothing`;
    empty.push({ code: 'SelectsNothing', message, at: selector.at, stacks: [] });
  }
  return { ends: [...ends], empty };
}

function isMeant(selector: Selector, group: ServiceGroup, model: Model): boolean {
  const { stack, service, network, labels, except } = selector;
  if (!fits(stack, group.stack) || !fits(service, group.service ?? group.name)) return false;
  if (network !== undefined && !networksOfGroup(group, model.topology).some((name) => fits(network, name)))
    return false;
  const isLabelled = Object.entries(labels).every(([key, value]) =>
    group.members.some((member) => Object.hasOwn(member.labels, key) && member.labels[key] === value),
  );
  return isLabelled && !except.some((other) => isMeant(other, group, model));
}

/** `*` stands for any text; everything else for itself. */
function fits(pattern: string | undefined, text: string | undefined): boolean {
  if (pattern === undefined) return true;
  if (text === undefined) return false;
  const [first = '', ...others] = pattern.split('*');
  if (others.length === 0) return pattern === text;
  if (!text.startsWith(first)) return false;
  let rest = text.slice(first.length);
  const last = others.pop() ?? '';
  for (const part of others) {
    const at = rest.indexOf(part);
    if (at === -1) return false;
    rest = rest.slice(at + part.length);
  }
  return rest.endsWith(last);
}

function describe({ stack, service, network, labels, except }: Selector): string {
  const given = [
    ...Object.entries({ stack, service, network }).flatMap(([key, value]) =>
      value === undefined ? [] : [`${key}: ${value}`],
    ),
    ...Object.entries(labels).map(([key, value]) => `label ${key}=${value}`),
    ...(except.length > 0 ? ['with exceptions'] : []),
  ];
  return `{${given.join(', ')}}`;
}

/** Why a pair is not as the rule wants it; undefined: it is. Every replica counts. */
function broken(model: Model, rule: ReachabilityRule, source: End, target: End): string | undefined {
  for (const from of endsOf(source)) {
    for (const to of endsOf(target)) {
      const verdict = model.reach({ from, to });
      // What does not run reaches nobody, and that is for its stack's health to tell.
      if (verdict.reasons.some(({ code }) => code === 'NotRunning')) continue;
      const words = unexpected(verdict, rule, `reach ${nameOf(target)}`);
      if (words !== undefined) return `${nameOf(source)} ${words}`;
    }
  }
  return undefined;
}

function unexpected(verdict: Verdict, { action, ports }: ReachabilityRule, what: string): string | undefined {
  if (action === 'deny') {
    const opened = openedBy(verdict, ports);
    return opened === undefined
      ? undefined
      : `must not ${what}${opened}, and does: ${because(verdict, 'opens')}`;
  }
  const shut = shutPort(verdict, ports);
  return shut === undefined ? undefined : `must ${what}${shut}, and does not: ${because(verdict, 'closes')}`;
}

function because({ reasons }: Verdict, effect: Reason['effect']): string {
  const [reason] = reasons.filter((each) => each.effect === effect);
  return reason === undefined ? 'there is no way' : sayReason(reason);
}

/** ` on port 5432`, or nothing for every port; undefined: none of the ports is open. */
function openedBy({ ways }: Verdict, spans: readonly PortSpan[]): string | undefined {
  if (ways.length === 0) return undefined;
  if (spans.length === 0) return '';
  const [span] = spans;
  if (ways.some(({ ports }) => ports === 'all'))
    return span === undefined ? '' : ` on port ${showSpan(span)}`;
  const open = ways
    .flatMap(({ ports }) => (ports === 'all' ? [] : ports))
    .find((port) => spans.some((each) => isIn(port, each)));
  return open === undefined ? undefined : ` on port ${open.port}`;
}

function shutPort({ ways }: Verdict, spans: readonly PortSpan[]): string | undefined {
  if (ways.length === 0) return '';
  if (ways.some(({ ports }) => ports === 'all')) return undefined;
  const open = ways.flatMap(({ ports }) => (ports === 'all' ? [] : ports));
  const shut = spans.find((span) => !coversSpan(open, span));
  return shut === undefined ? undefined : ` on port ${showSpan(shut)}`;
}

const isIn = ({ port, protocol }: PortRef, span: PortSpan): boolean =>
  protocol === span.protocol && port >= span.first && port <= span.last;

function coversSpan(open: readonly PortRef[], span: PortSpan): boolean {
  const inside = new Set(open.filter((port) => isIn(port, span)).map(({ port }) => port));
  return inside.size === span.last - span.first + 1;
}

const showSpan = ({ first, last, protocol }: PortSpan): string =>
  `${first === last ? first : `${first}-${last}`}${protocol === 'tcp' ? '' : `/${protocol}`}`;

function contradiction(
  { demands }: Scene,
  rule: ReachabilityRule,
  source: End,
  target: End,
): readonly PolicyFailure[] {
  const key = `${nameOf(source)} ${nameOf(target)}`;
  const before = demands.get(key) ?? [];
  demands.set(key, [...before, rule]);
  const other = before.find((each) => contradicts(each, rule));
  if (other === undefined) return [];
  const words = `${nameOf(source)} to ${nameOf(target)}: this rule says ${rule.action}, the one at ${formatPosition(other.at)} says ${other.action}`;
  return [
    {
      code: 'PolicyContradiction',
      message: `two rules contradict each other about ${words}`,
      at: rule.at,
      stacks: stacksOf(source, target),
    },
  ];
}

function contradicts(one: ReachabilityRule, other: ReachabilityRule): boolean {
  if (one.action === other.action) return false;
  const [allow, deny] = one.action === 'allow' ? [one, other] : [other, one];
  if (deny.ports.length === 0) return true;
  return allow.ports.some((wanted) =>
    deny.ports.some(
      (denied) =>
        wanted.protocol === denied.protocol && wanted.first <= denied.last && denied.first <= wanted.last,
    ),
  );
}

function contradictingZones(
  policies: readonly ReachabilityPolicy[],
  zone: ZoneExpectation,
): readonly PolicyFailure[] {
  const all = policies.flatMap(({ zones }) => zones);
  const other = all
    .slice(0, all.indexOf(zone))
    .find((each) => each.network === zone.network && isOtherwise(each, zone));
  if (other === undefined) return [];
  const message = `the zone at ${formatPosition(other.at)} expects something else of ${zone.network}`;
  return [{ code: 'PolicyContradiction', message, at: zone.at, stacks: [] }];
}

const isOtherwise = (one: ZoneExpectation, other: ZoneExpectation): boolean =>
  (one.icc !== undefined && other.icc !== undefined && one.icc !== other.icc) ||
  (one.external !== undefined && other.external !== undefined && one.external !== other.external);

function checkZone({ model, groups }: Scene, zone: ZoneExpectation): readonly PolicyFailure[] {
  const network = model.topology.networks.find(({ name }) => name === zone.network);
  if (network === undefined || network.isGuessed) {
    const message = `nobody declares a network ${zone.network}`;
    return [{ code: 'SelectsNothing', message, at: zone.at, stacks: [] }];
  }
  const on = groups.filter((group) => networksOfGroup(group, model.topology).includes(network.name));
  const own = network.stack === undefined ? stacksOf(...on) : [network.stack];
  const fail = (message: string, stacks = own): PolicyFailure => ({
    code: 'PolicyBroken',
    message,
    at: zone.at,
    stacks,
  });
  return [
    ...brokenIcc(network, zone).map((message) => fail(message)),
    ...brokenWayOut(network, zone).map((message) => fail(message)),
    ...exposedOn(model, network, zone, on).map((group) =>
      fail(`nothing on ${network.name} is to be reached from outside, and ${group.name} is`, stacksOf(group)),
    ),
  ];
}

function brokenIcc({ name, icc }: NetworkNode, zone: ZoneExpectation): readonly string[] {
  if (zone.icc === undefined || zone.icc === icc) return [];
  return [`ICC is to be ${zone.icc ? 'on' : 'off'} on ${name}, and is ${icc ? 'on' : 'off'}`];
}

function brokenWayOut(network: NetworkNode, { external }: ZoneExpectation): readonly string[] {
  if (external === undefined) return [];
  const shouldBeOut = external === 'egress' || external === 'both';
  if (leadsOut(network) === shouldBeOut) return [];
  return [
    `${network.name} is to have ${shouldBeOut ? 'a' : 'no'} way out, and has ${shouldBeOut ? 'none' : 'one'}`,
  ];
}

function exposedOn(
  model: Model,
  { name }: NetworkNode,
  { external }: ZoneExpectation,
  on: readonly ServiceGroup[],
): readonly ServiceGroup[] {
  if (external !== 'none' && external !== 'egress') return [];
  return on.filter((group) =>
    endsOf(group).some((to) => model.ways({ from: OUTSIDE, to }).some(({ network }) => network === name)),
  );
}

const leadsOut = (network: NetworkNode): boolean =>
  !hasNoWayOut(network) && network.masquerade && network.gatewayMode4 !== 'routed' && !network.inhibitIPv4;
