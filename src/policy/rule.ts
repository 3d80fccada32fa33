import type { ComposeProject, ComposeService } from '../compose/model.ts';
import type { HostPlaces, PolicyLevel } from '../model/admission.ts';

/** What the rules look at: a project with everything merged in and filled in. */
export interface PolicyInput {
  readonly project: ComposeProject;
  /** Where the stack's files are: what lies below it is the stack's own. Absolute. */
  readonly directory: string;
  /** All files that were read to know what the stack means. */
  readonly filesRead: readonly string[];
  readonly places: HostPlaces;
  /** A path without links, as far as it exists; undefined when that cannot be found out. */
  readonly realPath: (path: string) => string | undefined;
}

/** One place that breaks a rule. */
export interface Finding {
  /** `services.web.volumes[0]`; empty: the stack as a whole. */
  readonly path: string;
  /** What is there and why it matters: lower case, no full stop. */
  readonly message: string;
  readonly hint: string;
}

/** A thing that a level of the Pod Security Standards forbids or asks for. */
export interface Rule {
  /** Kebab-case and stable: what messages, docs and the engine's gate call it. */
  readonly id: string;
  /** The lowest level at which it holds. */
  readonly level: Exclude<PolicyLevel, 'privileged'>;
  /** Every place that breaks it. */
  readonly check: (input: PolicyInput) => readonly Finding[];
}

/** The findings of a check of each service. */
export function inServices(
  { project }: PolicyInput,
  check: (service: ComposeService, at: string, name: string) => readonly (Finding | undefined)[],
): readonly Finding[] {
  return Object.entries(project.services).flatMap(([name, service]) =>
    check(service, `services.${name}`, name).filter((found) => found !== undefined),
  );
}

/** A finding where something is so. */
export function findingIf(isSo: boolean, path: string, message: string, hint: string): Finding | undefined {
  return isSo ? { path, message, hint } : undefined;
}
