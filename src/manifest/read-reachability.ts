import type { z } from 'zod';
import { checkTree } from '../compose/check-tree.ts';
import { toPlain } from '../compose/plain.ts';
import { errorAt } from '../compose/report.ts';
import { fieldOf, type Tree, textField } from '../compose/tree.ts';
import { isAcceptable, type Position, type Problem } from '../model/problem.ts';
import type { PortSpan, ReachabilityPolicy, Selector } from '../model/reachability.ts';
import { REACHABILITY_KIND, reachabilitySchema } from './schema/reachability.ts';

type Written = z.output<typeof reachabilitySchema>['spec'];
type WrittenSelector = Exclude<NonNullable<Written['rules']>[number]['from'], readonly unknown[]>;

/** True for a document that is, or was meant to be, a ReachabilityPolicy. */
export const isReachability = (document: Tree): boolean => textField(document, 'kind') === REACHABILITY_KIND;

/** With an error among the problems there is no policy, and never half of one. */
export function readReachability(document: Tree): {
  readonly policy: ReachabilityPolicy | undefined;
  readonly problems: readonly Problem[];
} {
  const problems = checkTree(document, reachabilitySchema);
  if (!isAcceptable(problems)) return { policy: undefined, problems };
  const { metadata, spec } = reachabilitySchema.parse(toPlain(document));
  const tree = fieldOf(document, 'spec');
  const rules = (spec.rules ?? []).map((rule, index) => {
    const at = itemOf(fieldOf(tree, 'rules'), index);
    return {
      name: rule.name,
      from: selectorsOf(rule.from, fieldOf(at, 'from') ?? document),
      to: selectorsOf(rule.to, fieldOf(at, 'to') ?? document),
      ports: (rule.ports ?? []).map((port) => spanOf(String(port))),
      action: rule.action,
      at: (at ?? document).at,
    };
  });
  const zones = (spec.zones ?? []).map((zone, index) => ({
    network: zone.network,
    external: zone.external,
    icc: zone.icc,
    at: (itemOf(fieldOf(tree, 'zones'), index) ?? document).at,
  }));
  const policy = { name: metadata.name, zones, rules, at: document.at };
  const found = faultsOf(policy);
  return { policy: isAcceptable(found) ? policy : undefined, problems: found };
}

const itemOf = (tree: Tree | undefined, index: number): Tree | undefined =>
  tree?.kind === 'sequence' ? tree.items[index] : undefined;

function selectorsOf(written: WrittenSelector | readonly WrittenSelector[], tree: Tree): readonly Selector[] {
  const list = Array.isArray(written)
    ? (written as readonly WrittenSelector[])
    : [written as WrittenSelector];
  return list.map((each, index) => selectorOf(each, (itemOf(tree, index) ?? tree).at));
}

function selectorOf(written: WrittenSelector, at: Position): Selector {
  return {
    stack: written.stack,
    service: written.service,
    network: written.network,
    labels: written.labels ?? {},
    external: written.external === true,
    host: written.host === true,
    except: (written.except ?? []).map((each) => selectorOf(each, at)),
    at,
  };
}

function spanOf(text: string): PortSpan {
  const [ports = '', protocol = 'tcp'] = text.split('/');
  const [first = '0', last = first] = ports.split('-');
  return { first: Number(first), last: Number(last), protocol };
}

/** What the schema cannot say. */
function faultsOf({ zones, rules, at }: ReachabilityPolicy): readonly Problem[] {
  const empty =
    zones.length + rules.length === 0
      ? [
          errorAt('MissingField', 'the policy expects nothing', {
            path: ['spec'],
            at,
            hint: 'add "zones" or "rules"',
          }),
        ]
      : [];
  const mixed = rules
    .flatMap(({ from, to }) => [...from, ...to])
    .filter((selector) => (selector.external || selector.host) && !isBare(selector))
    .map((selector) =>
      errorAt('ConflictingAttributes', 'external and host stand alone in a selector', {
        at: selector.at,
        hint: 'write a list of selectors to mean the one or the other',
      }),
    );
  const backwards = rules
    .filter(({ ports }) => ports.some(({ first, last }) => last < first || first < 1 || last > 65_535))
    .map((rule) =>
      errorAt('InvalidPort', 'a range of ports goes from the lower to the higher one, 1 to 65535', {
        at: rule.at,
        hint: 'write 8000-8100',
      }),
    );
  const nobody = rules
    .flatMap(({ from, to }) => [...from, ...to])
    .filter((selector) => isBare(selector) && !selector.external && !selector.host)
    .map((selector) =>
      errorAt('MissingField', 'the selector names nobody', {
        at: selector.at,
        hint: 'give stack, service, network, labels, external or host; service: "*" is every service',
      }),
    );
  return [...empty, ...mixed, ...backwards, ...nobody];
}

function isBare({ stack, service, network, labels, external, host, except }: Selector): boolean {
  const given = [stack, service, network].filter((each) => each !== undefined).length;
  return given + Object.keys(labels).length + except.length + (external && host ? 1 : 0) === 0;
}
