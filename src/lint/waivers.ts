import { fieldOf, type Tree, textField } from '../compose/tree.ts';
import type { Position } from '../model/problem.ts';
import type { RuleHead } from './finding.ts';
import { type LintInput, type Owner, type Spot, servicesOf } from './rule.ts';

/** On a stack: `rule, rule@service (why)`. */
export const WAIVER_ANNOTATION = 'stackctl.io/lint-ignore';

/** Somebody’s decision to live with what a rule finds. */
export interface Waiver {
  readonly rule: string;
  /** The service, network, volume, config or secret that it is about; undefined: all of the stack. */
  readonly object: string | undefined;
  readonly why: string | undefined;
  /** Where it was written. */
  readonly spot: Omit<Spot, 'message'>;
}

const UNREADABLE: RuleHead = {
  id: 'waiver-unknown',
  severity: 'warning',
  category: 'style',
  title: 'a waiver of a rule that does not exist',
  reason: 'It waives nothing, and whoever wrote it believes that it does.',
  fix: 'write RULE or RULE@SERVICE; stackctl lint --list-rules names the rules',
};

const UNUSED: RuleHead = {
  id: 'waiver-unused',
  severity: 'warning',
  category: 'style',
  title: 'a waiver that nothing needs any more',
  reason:
    'What it was for is gone. The next finding of its kind would be waived without anybody having looked.',
  fix: 'take it away',
};

/** What can be said about waivers themselves. They cannot be waived. */
export const WAIVER_RULES: readonly [unknown: RuleHead, unused: RuleHead] = [UNREADABLE, UNUSED];

/** All waivers of a stack: of its annotation, of its top level `x-stackctl`, and of its services. */
export function waiversOf(input: LintInput): readonly Waiver[] {
  const at = input.locateAnnotation(WAIVER_ANNOTATION);
  const annotation = readList(input.annotations[WAIVER_ANNOTATION] ?? '', {
    path: `metadata.annotations.${WAIVER_ANNOTATION}`,
    at,
  });
  const ofServices = servicesOf(input).flatMap(({ name, template, at: path }) =>
    ignoreListOf(template, path, { kind: 'services', name }),
  );
  return [...annotation, ...ignoreListOf(input.template, '', undefined), ...ofServices];
}

/** As much of an annotation is read. */
const MAX_LIST = 10_000;

const ITEM = /([^,\n(]+)(?:\(([^)]*)\))?/g;

/** `rule, rule@web (why), …` */
function readList(text: string, spot: Waiver['spot']): readonly Waiver[] {
  return [...text.slice(0, MAX_LIST).matchAll(ITEM)].flatMap(([, name = '', why]) =>
    name.trim() === '' ? [] : [{ ...readName(name.trim()), why: why?.trim(), spot }],
  );
}

function readName(name: string): Pick<Waiver, 'rule' | 'object'> {
  const [rule = '', ...object] = name.split('@');
  return { rule: rule.trim(), object: object.length === 0 ? undefined : object.join('@').trim() };
}

/** `x-stackctl: {lint: {ignore: [rule, {rule, reason}]}}` below some part of a Compose file. */
function ignoreListOf(tree: Tree | undefined, path: string, owner: Owner | undefined): readonly Waiver[] {
  const list = fieldOf(fieldOf(fieldOf(tree, 'x-stackctl'), 'lint'), 'ignore');
  if (list === undefined) return [];
  const field = `${path === '' ? '' : `${path}.`}x-stackctl.lint.ignore`;
  const items = list.kind === 'sequence' ? list.items : [list];
  return items.map((item, index) => {
    const rule = item.kind === 'scalar' ? String(item.value) : (textField(item, 'rule') ?? '');
    const named = readName(rule);
    const spot = { path: `${field}[${index}]`, at: item.at, ...(owner === undefined ? {} : { owner }) };
    return { ...named, object: owner?.name ?? named.object, why: textField(item, 'reason'), spot };
  });
}

/** Whether a waiver is about a finding of a rule. */
export function covers(waiver: Waiver, rule: string, owner: Owner | undefined): boolean {
  if (waiver.rule !== rule) return false;
  return waiver.object === undefined || waiver.object === owner?.name;
}

/** Where a waiver is to be found, when its own place is not known. */
export function placeOfWaiver({ spot }: Waiver, otherwise: Position): Position {
  return spot.at ?? otherwise;
}
