import { homedir } from 'node:os';
import { resolve } from 'node:path';
import type {
  DeclaredNetworking,
  LoadedManifests,
  LoadedStack,
  LoadingRequest,
  UnfilledManifests,
  UnfilledStack,
} from '../cli/manifest-loader.ts';
import { configHash } from '../compose/config-hash.ts';
import { type LoadedProject, loadProject, loadTemplate } from '../compose/load.ts';
import { parseYaml } from '../compose/parse.ts';
import { presentProject } from '../compose/present.ts';
import { toJson } from '../compose/shape.ts';
import { templateVariables } from '../compose/template-variables.ts';
import { resolveWish, violationsOf } from '../controller/wish.ts';
import { declaredTopology } from '../isolation/declared.ts';
import { findNamedStacks, findStacks } from '../manifest/find-stacks.ts';
import type { FoundStacks, ReadableFile, StackManifest } from '../manifest/stack.ts';
import { writtenFields } from '../manifest/written-fields.ts';
import { NO_PLACES } from '../model/admission.ts';
import { isAcceptable } from '../model/problem.ts';
import { veiled } from '../sops/keyring.ts';
import { openManifests } from '../sops/open-manifests.ts';
import { localFiles as files } from './local-files.ts';

/** Loads manifests in this process: files of this host in, canonical models and problems out. */
export function loadManifests(request: LoadingRequest): LoadedManifests {
  const found = findLocal(request);
  const loaded = found.stacks.map((manifest) => {
    const project = loadProject(manifest.compose, files);
    return { name: manifest.name, project, violations: violationsIn(manifest, project, request) };
  });
  return {
    stacks: loaded.map(({ name, project }) => describe(name, project)),
    problems: [
      ...found.problems,
      ...loaded.flatMap(({ project, violations }) => [...project.problems, ...violations]),
    ],
  };
}

/** Of a project that is wrong otherwise nothing is said: it is not what its author means. */
function violationsIn(manifest: StackManifest, project: LoadedProject, { admission }: LoadingRequest) {
  if (admission === undefined || !isAcceptable(project.problems)) return [];
  return violationsOf(manifest, project, { ...admission, places: NO_PLACES }, files);
}

/** The same without filling in variables. */
export function loadUnfilledManifests(request: LoadingRequest): UnfilledManifests {
  const found = findLocal(request);
  const loaded = found.stacks.map((manifest) => ({ manifest, ...loadTemplate(manifest.compose, files) }));
  return {
    stacks: loaded.map(
      ({ manifest, document }): UnfilledStack => ({
        name: manifest.name,
        model: toJson(document),
        variables: templateVariables(document),
        written: writtenFields(manifest, documentsOf(manifest, request)),
        usualEnvFile: usualEnvFile(manifest),
      }),
    ),
    problems: [...found.problems, ...loaded.flatMap(({ problems }) => problems)],
    encrypted: found.files.flatMap(({ path, sealed = [] }) => (sealed.length > 0 ? [path] : [])),
  };
}

/** Of the file that a manifest begins in. */
function documentsOf({ at: { file } }: StackManifest, { manifests }: LoadingRequest) {
  const same = ({ relativePath }: { readonly relativePath: string }) =>
    resolve(manifests.baseDirectory, relativePath) === file;
  return parseYaml(file, manifests.files.find(same)?.text ?? '').documents;
}

function usualEnvFile({ compose: { projectDirectory, envFiles } }: StackManifest): string | undefined {
  const usual = resolve(projectDirectory, '.env');
  return envFiles.length === 0 && files.kind(usual) === 'file' ? usual : undefined;
}

/** What the manifests make of the networks, on an engine that nobody has asked anything. */
export function loadNetworking(requests: readonly LoadingRequest[], apiVersion: string): DeclaredNetworking {
  const engine = { id: '', version: '', apiVersion, swarmActive: true, rootDirectory: '/var/lib/docker' };
  const admission = { enforce: 'privileged', warn: 'privileged', places: NO_PLACES } as const;
  const found = requests.map(findLocal);
  const resolved = found
    .flatMap(({ stacks }) => stacks)
    .map((manifest) => ({ manifest, wish: resolveWish(manifest, { engine, admission }, files) }));
  const stacks = resolved.flatMap(({ manifest: { labels }, wish: { desired } }) =>
    desired === undefined ? [] : [{ desired, labels }],
  );
  return {
    policies: found.flatMap(({ policies }) => policies),
    topology: declaredTopology({ stacks, surroundings: undefined, engine: { apiVersion } }),
    problems: [
      ...found.flatMap(({ problems }) => problems),
      ...resolved.flatMap(({ wish }) => wish.problems),
    ],
  };
}

/** Finds the stacks in what was given, with the files that it was found in. */
export function findLocal({
  manifests,
  reading,
}: Pick<LoadingRequest, 'manifests' | 'reading'>): FoundStacks & { readonly files: readonly ReadableFile[] } {
  const given = manifests.files.map(({ relativePath, text }) => ({
    path: resolve(manifests.baseDirectory, relativePath),
    relativePath,
    text,
  }));
  const { files: opened, refused } = openManifests(given, veiled);
  const options = { home: homedir(), refused };
  const found = reading === 'tree' ? findStacks(opened, options) : findNamedStacks(opened, options);
  return { ...found, files: opened };
}

function describe(name: string, { project, profiles }: LoadedProject): LoadedStack {
  const services = Object.entries(project.services);
  return {
    name,
    model: (format) => presentProject(project, format),
    services: services.map(([service]) => service),
    networks: Object.keys(project.networks),
    volumes: Object.keys(project.volumes),
    images: services.map(([service, { image }]) => image ?? `${project.name}-${service}`),
    profiles,
    hashes: Object.fromEntries(services.map(([service, definition]) => [service, configHash(definition)])),
  };
}
