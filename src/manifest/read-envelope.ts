import path from 'node:path/posix';
import { checkTree, nameKind } from '../compose/check-tree.ts';
import type { ComposeInput } from '../compose/load.ts';
import { errorAt } from '../compose/report.ts';
import { reservedIn } from '../compose/reserved-labels.ts';
import { nearestName } from '../compose/spelling.ts';
import { fieldOf, type MappingTree, mappingTree, type Tree, textField } from '../compose/tree.ts';
import { isAcceptable, type Problem } from '../model/problem.ts';
import { readSpecFields, type SpecFields } from './control.ts';
import type { Draft } from './draft.ts';
import { revisionOf, textOfTree } from './revision.ts';
import { API_VERSION, GROUP, namePattern } from './schema/envelope.ts';
import { POLICY_KIND } from './schema/policy.ts';
import { REACHABILITY_KIND } from './schema/reachability.ts';
import { REPOSITORY_KIND } from './schema/repository.ts';
import { composeSections, controlSchema, stackEnvelopeSchema } from './schema/stack.ts';

/** What the reader of a document has to know about its surroundings. */
export interface Surroundings {
  readonly file: string;
  readonly home: string | undefined;
  /** Text of a file of the source, when it was given. */
  readonly textOf: (file: string) => string | undefined;
  /** The whole file as it stands in its source, when it was encrypted. */
  readonly original?: string | undefined;
  /** Variables of `spec.env` that were encrypted. */
  readonly secretVariables?: readonly string[] | undefined;
}

/** True when a document is ours, or was meant to be; everything else in a file is data. */
export function isOurs(document: Tree): boolean {
  if (document.kind === 'sequence') return document.items.some(isOurs);
  const apiVersion = textField(document, 'apiVersion');
  if (apiVersion?.startsWith(`${GROUP}/`) === true) return true;
  if (textField(document, 'kind') !== 'Stack') return false;
  if (apiVersion !== undefined) return nearestName(apiVersion, [API_VERSION]) !== undefined;
  return fieldOf(document, 'apiVersion') === undefined && fieldOf(document, 'spec') !== undefined;
}

/** Reads one document of ours. */
export function readEnvelope(document: Tree, surroundings: Surroundings): Draft {
  const name = textField(fieldOf(document, 'metadata'), 'name');
  const draft = { name, file: surroundings.file, at: document.at, manifest: undefined };
  if (document.kind !== 'mapping') return { ...draft, problems: [notMapping(document)] };
  const unknown = unknownKind(document);
  if (unknown.length > 0) return { ...draft, problems: unknown };
  const problems = [...checkTree(document, stackEnvelopeSchema), ...ownRules(document)];
  const spec = fieldOf(document, 'spec');
  if (!isAcceptable(problems) || name === undefined || spec?.kind !== 'mapping')
    return { ...draft, problems };
  const directory = path.dirname(surroundings.file);
  const { control, composeFiles } = readSpecFields(spec, directory);
  const files = composeFiles.map((file) => path.resolve(directory, file));
  return {
    ...draft,
    problems,
    manifest: {
      name,
      labels: textsOf(fieldOf(fieldOf(document, 'metadata'), 'labels')),
      annotations: textsOf(fieldOf(fieldOf(document, 'metadata'), 'annotations')),
      control,
      compose: {
        name,
        projectDirectory: directory,
        inputs: inputsOf(spec, files),
        // Above all other sources of the name: a `name:` in a Compose file, or a variable in `.env`.
        environment: { ...control.env, COMPOSE_PROJECT_NAME: name },
        secretVariables: surroundings.secretVariables,
        envFiles: control.envFile,
        envFilesAt: fieldOf(spec, 'envFile')?.at,
        profiles: control.profiles,
        home: surroundings.home,
      },
      files: [...new Set([surroundings.file, ...files])],
      at: document.at,
      revision: revisionOf([
        surroundings.original ?? textOfTree(document),
        ...files.flatMap((file) => surroundings.textOf(file) ?? []),
      ]),
    },
  };
}

/** Compose files that a document names, even if something else in it is wrong: absolute. */
export function composeFilesNamedBy(document: Tree, file: string): string[] {
  const named = fieldOf(fieldOf(document, 'spec'), 'composeFiles');
  if (named?.kind !== 'sequence') return [];
  return named.items.flatMap((item) =>
    item.kind === 'scalar' && typeof item.value === 'string'
      ? [path.resolve(path.dirname(file), item.value)]
      : [],
  );
}

/** Files first, so that what stands in the manifest itself wins. */
function inputsOf(spec: MappingTree, files: SpecFields['composeFiles']): readonly ComposeInput[] {
  const named = fieldOf(spec, 'composeFiles');
  const inputs: ComposeInput[] = files.map((file, index) => ({
    kind: 'file',
    file,
    at: (named?.kind === 'sequence' ? named.items[index] : undefined)?.at ?? spec.at,
  }));
  const own = new Map([...spec.entries].filter(([key]) => !Object.hasOwn(controlSchema.shape, key)));
  return own.size === 0 ? inputs : [...inputs, { kind: 'tree', tree: mappingTree(own, spec.at) }];
}

function notMapping(document: Tree): Problem {
  return errorAt('WrongType', `expected a map, got ${nameKind(document)}`, {
    at: document.at,
    hint: 'write each object as a document of its own, with a line "---" between them',
  });
}

/** What a newer or mistyped manifest gets instead of a page of unknown fields. */
function unknownKind(document: MappingTree): Problem[] {
  const apiVersion = textField(document, 'apiVersion');
  const kind = textField(document, 'kind');
  const problems: Problem[] = [];
  if (apiVersion !== undefined && apiVersion !== API_VERSION) {
    problems.push(
      errorAt('UnknownApiVersion', `unknown apiVersion "${apiVersion}"`, {
        path: ['apiVersion'],
        at: fieldOf(document, 'apiVersion')?.at,
        hint: `write ${API_VERSION}`,
      }),
    );
  }
  if (kind !== undefined && !ourKinds.includes(kind)) {
    const meant = nearestName(kind, ourKinds);
    problems.push(
      errorAt('UnknownKind', `unknown kind "${kind}"`, {
        path: ['kind'],
        at: fieldOf(document, 'kind')?.at,
        hint: kind === POLICY_KIND ? POLICY_HINT : kindHint(meant),
      }),
    );
  }
  return problems;
}

const kindHint = (meant: string | undefined): string =>
  meant === undefined ? `known kinds: ${ourKinds.join(', ')}` : `did you mean "${meant}"?`;

const POLICY_HINT =
  'a policy is the operator’s: keep it outside of the manifests and give it to stackctld --policy';

/** Those that a source may have. */
const ourKinds: readonly string[] = ['Stack', REPOSITORY_KIND, REACHABILITY_KIND];

/** What the schema cannot say. */
function ownRules(document: MappingTree): Problem[] {
  const metadata = fieldOf(document, 'metadata');
  const spec = fieldOf(document, 'spec');
  const problems = (['labels', 'annotations'] as const).flatMap((field) => {
    const notes = fieldOf(metadata, field);
    return notes === undefined ? [] : reservedIn(notes, ['metadata', field]);
  });
  if (
    spec?.kind === 'mapping' &&
    ![...composeSections, 'composeFiles'].some((key) => spec.entries.has(key))
  ) {
    problems.push(
      errorAt('MissingField', 'the stack says nothing about what runs', {
        path: ['spec'],
        at: spec.at,
        hint: 'add "services", or "composeFiles" with the names of Compose files',
      }),
    );
  }
  return [...problems, ...dependsOnItself(spec, textField(metadata, 'name'))];
}

function dependsOnItself(spec: Tree | undefined, name: string | undefined): Problem[] {
  const dependencies = fieldOf(spec, 'dependsOn');
  if (dependencies?.kind !== 'sequence' || name === undefined || !namePattern.test(name)) return [];
  return dependencies.items.flatMap((item, index) =>
    textField(item, 'name') === name
      ? [
          errorAt('DependencyCycle', `the stack "${name}" depends on itself`, {
            path: ['spec', 'dependsOn', index],
            at: item.at,
            hint: 'remove it',
          }),
        ]
      : [],
  );
}

function textsOf(tree: Tree | undefined): Readonly<Record<string, string>> {
  if (tree?.kind !== 'mapping') return {};
  return Object.fromEntries(
    [...tree.entries].flatMap(([key, { value }]) =>
      value.kind === 'scalar' ? [[key, String(value.value)]] : [],
    ),
  );
}
