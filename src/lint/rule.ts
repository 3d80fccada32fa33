import type { ComposeNetwork, ComposeProject, ComposeService } from '../compose/model.ts';
import { fieldOf, type MappingTree, type Tree } from '../compose/tree.ts';
import type { Files } from '../model/files.ts';
import type { Position } from '../model/problem.ts';
import type { LintSeverity, RuleHead } from './finding.ts';

/** What the rules may see of the host, beside the manifests. Nothing of it is changed. */
export interface LintFiles extends Pick<Files, 'readText' | 'kind' | 'realPath'> {
  /** Whether Git would leave a file out, by the `.gitignore` files beside and above it. */
  isIgnoredByGit(path: string): boolean;
  /** Whether every user of this host may read a file. */
  isReadableByAll(path: string): boolean;
}

/** One stack, in every form in which a rule may want to look at it. */
export interface LintInput {
  readonly stack: string;
  /** Everything merged in and filled in. */
  readonly project: ComposeProject;
  /** The same with its variables still in it, so that what is written can be told from what is filled in. */
  readonly template: MappingTree;
  /** The Compose parts of the stack's own files, as they were written. */
  readonly documents: readonly MappingTree[];
  /** It is a plain Compose file, not a Stack. */
  readonly isLifted: boolean;
  /** `volumes.data`: what is declared and what no service uses, of any profile. */
  readonly unused: readonly string[];
  /** Where relative paths lead. Absolute. */
  readonly directory: string;
  /** Files of variables for interpolation. Absolute. */
  readonly envFiles: readonly string[];
  readonly annotations: Readonly<Record<string, string>>;
  /** Where an annotation stands. */
  readonly locateAnnotation: (name: string) => Position | undefined;
  /** Where a field came from; the nearest known parent otherwise. */
  readonly locate: (path: string) => Position | undefined;
  /** Of the stack as a whole. */
  readonly at: Position;
  /** The line of a file from a place on; empty when it is not to be had. */
  readonly textFrom: (at: Position) => string;
  readonly files: LintFiles;
  /** A network of the stacks that are looked at together, by the engine's name for it. */
  readonly networkNamed: (name: string) => ComposeNetwork | undefined;
}

/** A place that a rule has something to say about. */
export interface Spot {
  /** `services.web.ports[0]`, also of what is missing there; empty: the stack as a whole. */
  readonly path: string;
  /** What is there: lower case, no full stop. Never the value of a secret. */
  readonly message: string;
  /** In place of the rule's own, where more is known. */
  readonly fix?: string;
  /** Where it is not `path` that is to be pointed at. */
  readonly at?: Position | undefined;
  readonly owner?: Owner;
  /** In place of the rule's own, where it is less. */
  readonly severity?: LintSeverity;
}

/** What a spot is about. */
export interface Owner {
  readonly kind: 'services' | 'networks' | 'volumes' | 'configs' | 'secrets';
  readonly name: string;
}

/** One thing that is looked for. */
export interface LintRule extends RuleHead {
  readonly check: (input: LintInput) => readonly Spot[];
}

/** A service with its name and its place. */
export interface ServiceAt {
  readonly name: string;
  /** `services.web` */
  readonly at: string;
  readonly service: ComposeService;
  /** With its variables still in it. */
  readonly template: Tree | undefined;
}

export function servicesOf({ project, template }: LintInput): readonly ServiceAt[] {
  const templates = fieldOf(template, 'services');
  return Object.entries(project.services).map(([name, service]) => ({
    name,
    at: `services.${name}`,
    service,
    template: fieldOf(templates, name),
  }));
}

/** The spots of a check of each service, known as that service's. */
export function inServices(
  input: LintInput,
  check: (service: ServiceAt) => readonly (Spot | undefined)[],
): readonly Spot[] {
  return servicesOf(input).flatMap((each) =>
    check(each)
      .filter((spot) => spot !== undefined)
      .map((spot) => ({ ...spot, owner: { kind: 'services', name: each.name } as const })),
  );
}

/** A spot where something is so. */
export function spotIf(isSo: boolean, path: string, message: string): Spot | undefined {
  return isSo ? { path, message } : undefined;
}

/** Services that end on purpose: others wait until they are through. */
export function jobsOf({ services }: ComposeProject): ReadonlySet<string> {
  return new Set(
    Object.values(services).flatMap(({ depends_on }) =>
      Object.entries(depends_on ?? {}).flatMap(([name, { condition }]) =>
        condition === 'service_completed_successfully' ? [name] : [],
      ),
    ),
  );
}
