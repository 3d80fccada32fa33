import { checkTree } from '../compose/check-tree.ts';
import { parseYaml } from '../compose/parse.ts';
import { toPlain } from '../compose/plain.ts';
import { errorAt } from '../compose/report.ts';
import type { Tree } from '../compose/tree.ts';
import { POLICY_KIND, policySchema } from '../manifest/schema/policy.ts';
import { type Admission, type HostPlaces, NO_PLACES, type PolicyLevel } from '../model/admission.ts';
import type { Problem } from '../model/problem.ts';

/** Where a stack can come from. */
export type SourceKind = 'directory' | 'applied' | 'git';

interface Modes {
  readonly enforce?: PolicyLevel | undefined;
  readonly warn?: PolicyLevel | undefined;
}

/** What the operator decided, and what on this host no stack may reach. */
export interface Policy {
  readonly defaults: Modes;
  readonly sources: Readonly<Partial<Record<SourceKind, Modes | undefined>>>;
  readonly exemptStacks: readonly string[];
  readonly places: HostPlaces;
}

/** In force where the operator says nothing: who may write Git is not always who may command the host. */
const BY_DEFAULT: Readonly<
  Record<SourceKind, { readonly enforce: PolicyLevel; readonly warn: PolicyLevel }>
> = {
  directory: { enforce: 'privileged', warn: 'baseline' },
  applied: { enforce: 'privileged', warn: 'baseline' },
  git: { enforce: 'baseline', warn: 'baseline' },
};

/** What a status calls a source; undefined for what is none. */
export function sourceKind(text: string): SourceKind | undefined {
  return Object.hasOwn(BY_DEFAULT, text) ? (text as SourceKind) : undefined;
}

/** Without a file. */
export const DEFAULT_POLICY: Policy = { defaults: {}, sources: {}, exemptStacks: [], places: NO_PLACES };

/** What one stack is held to: its source's modes, then those for all, then our own. */
export function admissionFor(policy: Policy, stack: string, source: SourceKind): Admission {
  const { defaults, sources, exemptStacks, places } = policy;
  if (exemptStacks.includes(stack)) return { enforce: 'privileged', warn: 'privileged', places };
  const byDefault = BY_DEFAULT[source];
  const own = sources[source] ?? {};
  return {
    enforce: own.enforce ?? defaults.enforce ?? byDefault.enforce,
    warn: own.warn ?? defaults.warn ?? byDefault.warn,
    places,
  };
}

/** Reads a PolicyConfiguration. With an error among the problems there is no policy, and never half of one. */
export function parsePolicy(
  file: string,
  text: string,
): { readonly policy: Policy | undefined; readonly problems: readonly Problem[] } {
  const { documents, problems } = parseYaml(file, text);
  if (problems.length > 0) return { policy: undefined, problems };
  const [document, ...others] = documents;
  const at = { file, line: 1, column: 1 };
  if (document === undefined) return { policy: undefined, problems: [nothingThere(at)] };
  const found = [...checkTree(document, policySchema), ...others.map(oneTooMany)];
  if (found.length > 0) return { policy: undefined, problems: found };
  const { defaults = {}, sources = {}, exemptions } = policySchema.parse(toPlain(document));
  const exemptStacks = exemptions?.stacks ?? [];
  return { policy: { defaults, sources, exemptStacks, places: NO_PLACES }, problems: [] };
}

const nothingThere = (at: Problem['at']): Problem =>
  errorAt('EmptyFile', 'there is nothing in the file', { at, hint: `write a ${POLICY_KIND}` });

const oneTooMany = (document: Tree): Problem =>
  errorAt('TooManyDocuments', `a file has one ${POLICY_KIND}`, { at: document.at, hint: 'remove this one' });
