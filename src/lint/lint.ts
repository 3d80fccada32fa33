import { nearestName } from '../compose/spelling.ts';
import { fieldOf, type Tree } from '../compose/tree.ts';
import type { Position } from '../model/problem.ts';
import type { LintFinding, LintReport, RuleHead, WaivedFinding } from './finding.ts';
import type { LintInput, Owner, Spot } from './rule.ts';
import { RULE_HEADS, RULES } from './rules.ts';
import { covers, placeOfWaiver, WAIVER_RULES, type Waiver, waiversOf } from './waivers.ts';

/** Which rules are asked. Ids that are none are for the caller to refuse. */
export interface LintSelection {
  /** Only these, the optional ones included; undefined: all but the optional ones. */
  readonly only?: readonly string[] | undefined;
  readonly ignore?: readonly string[] | undefined;
}

/** Asks the rules about one stack, and sorts out what somebody has waived. */
export function lintStack(input: LintInput, selection: LintSelection = {}): LintReport {
  const isChosen = chosenBy(selection);
  const waivers = waiversOf(input);
  const used = new Set<Waiver>();
  const findings: LintFinding[] = [];
  const waived: WaivedFinding[] = [];
  for (const rule of RULES.filter(isChosen)) {
    for (const spot of rule.check(input)) {
      const finding = findingOf(rule, spot, input);
      const waiver = waivers.find((each) => covers(each, rule.id, spot.owner));
      if (waiver === undefined) findings.push(finding);
      else {
        used.add(waiver);
        waived.push({ ...finding, why: waiver.why });
      }
    }
  }
  const ran = new Set(RULES.filter(isChosen).map(({ id }) => id));
  const aboutWaivers = waivers.flatMap((waiver) => faultOf(waiver, { used, ran, isChosen, input }));
  return {
    findings: [...findings, ...aboutWaivers].toSorted(byPlace),
    waived: waived.toSorted(byPlace),
  };
}

function chosenBy({ only, ignore = [] }: LintSelection): (rule: RuleHead) => boolean {
  return ({ id, isOptional }) =>
    (only === undefined ? isOptional !== true : only.includes(id)) && !ignore.includes(id);
}

interface Judging {
  readonly used: ReadonlySet<Waiver>;
  readonly ran: ReadonlySet<string>;
  readonly isChosen: (rule: RuleHead) => boolean;
  readonly input: LintInput;
}

/** What is wrong with a waiver: its rule is none, or it was not needed. */
function faultOf(waiver: Waiver, { used, ran, isChosen, input }: Judging): readonly LintFinding[] {
  const [unknown, unused] = WAIVER_RULES;
  const at = placeOfWaiver(waiver, input.at);
  const tell = (rule: RuleHead, message: string, fix?: string): readonly LintFinding[] =>
    isChosen(rule)
      ? [findingOf(rule, { ...waiver.spot, message, at, ...(fix === undefined ? {} : { fix }) }, input)]
      : [];
  const ids = RULE_HEADS.map(({ id }) => id);
  if (!ids.includes(waiver.rule)) {
    const meant = nearestName(waiver.rule, ids);
    return tell(
      unknown,
      `there is no rule "${waiver.rule}"`,
      meant === undefined ? undefined : `did you mean "${meant}"?`,
    );
  }
  if (used.has(waiver) || !ran.has(waiver.rule)) return [];
  const where = waiver.object === undefined ? 'here' : `at ${waiver.object}`;
  return tell(unused, `${waiver.rule} has nothing to say ${where}`);
}

function findingOf(rule: RuleHead, spot: Spot, input: LintInput): LintFinding {
  return {
    rule: rule.id,
    severity: spot.severity ?? rule.severity,
    category: rule.category,
    stack: input.stack,
    object: spot.owner?.name,
    path: spot.path,
    message: spot.message,
    fix: spot.fix ?? rule.fix,
    at: spot.at ?? positionOf(spot, input),
  };
}

/** Where a field begins, with its key; of one that is missing, where that begins what it is missing in. */
function positionOf({ path, owner }: Spot, { locate, template, at }: LintInput): Position {
  const root = owner === undefined ? '' : `${owner.kind}.${owner.name}`;
  const key = keyOfCollection(partsOf(path, owner), template);
  if (key !== undefined) return key;
  const found = path === '' ? undefined : locate(path);
  const whole = root === '' ? undefined : locate(root);
  const isMissing = found === undefined || (whole !== undefined && isSame(found, whole));
  return (isMissing ? keyOfCollection(partsOf(root, owner), template) : undefined) ?? found ?? at;
}

/** The keys of a path. The name of a service may have dots in it. */
function partsOf(path: string, owner: Owner | undefined): readonly string[] {
  const root = owner === undefined ? '' : `${owner.kind}.${owner.name}`;
  const rest = path.slice(root.length).match(/[^.[\]]+/g) ?? [];
  return owner === undefined ? rest : [owner.kind, owner.name, ...rest];
}

/** The place of the key of a mapping or list: its value may begin a line below. Undefined for anything else. */
function keyOfCollection(parts: readonly string[], template: Tree): Position | undefined {
  let tree: Tree | undefined = template;
  let keyAt: Position | undefined;
  for (const part of parts) {
    keyAt = tree?.kind === 'mapping' ? tree.entries.get(part)?.keyAt : undefined;
    tree = tree?.kind === 'sequence' ? tree.items[Number(part)] : fieldOf(tree, part);
  }
  return tree === undefined || tree.kind === 'scalar' ? undefined : keyAt;
}

const isSame = (one: Position, other: Position): boolean =>
  one.file === other.file && one.line === other.line && one.column === other.column;

function byPlace(one: LintFinding, other: LintFinding): number {
  if (one.at.file !== other.at.file) return one.at.file < other.at.file ? -1 : 1;
  return one.at.line - other.at.line || one.at.column - other.at.column;
}
