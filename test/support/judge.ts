import { renderYaml } from '../../src/cli/output/yaml.ts';
import { loadProject } from '../../src/compose/load.ts';
import { presentProject } from '../../src/compose/present.ts';
import { resolveWish, type Wish } from '../../src/controller/wish.ts';
import { containerBody, networkBody, volumeBody } from '../../src/engine/docker/requests.ts';
import { findStacks } from '../../src/manifest/find-stacks.ts';
import type { ManifestFile, StackManifest } from '../../src/manifest/stack.ts';
import type { DesiredStack } from '../../src/model/desired.ts';
import type { Files } from '../../src/model/files.ts';
import type { EngineInfo } from '../../src/model/observed.ts';
import { isAcceptable, type Problem } from '../../src/model/problem.ts';
import { admissionFor, DEFAULT_POLICY } from '../../src/policy/configuration.ts';
import { containerRequest } from './engine-requests.ts';

/** An engine that is asked nothing: what a manifest means depends on its version only. */
export function engineOf(apiVersion: '1.41' | '1.51'): EngineInfo {
  const version = apiVersion === '1.41' ? '20.10.24' : '28.5.2';
  return { id: 'engine', version, apiVersion, swarmActive: false, rootDirectory: '/var/lib/docker' };
}

export interface Judged {
  readonly manifests: readonly StackManifest[];
  readonly wishes: readonly Wish[];
  readonly problems: readonly Problem[];
}

/** As a directory's stack is admitted where no operator said anything. */
export const ADMITTED = admissionFor(DEFAULT_POLICY, 'test', 'directory');

/** What comes of the files of one source on an engine: the way of the daemon's loader, without its thread. */
export function judge(given: readonly ManifestFile[], engine: EngineInfo, files: Files): Judged {
  const found = findStacks(given, { home: '/root' });
  const wishes = found.stacks.map((manifest) =>
    resolveWish(manifest, { engine, admission: ADMITTED }, files),
  );
  const broken = found.broken.flatMap(({ problems }) => problems);
  const problems = [...found.problems, ...broken, ...wishes.flatMap((wish) => wish.problems)];
  return { manifests: found.stacks, wishes, problems };
}

/** Every body that would be posted for a stack, as one text. */
export function bodiesOf(desired: DesiredStack, apiVersion: string): string {
  const owner = { stack: desired.name, instance: 'test', image: 'none' };
  const containers = desired.services.flatMap((service) => service.containers);
  return JSON.stringify([
    ...desired.networks.map((network) => networkBody(network, {}, apiVersion)),
    ...desired.volumes.map((volume) => volumeBody(volume, {})),
    ...containers.map((container) => {
      const { service, name, specHash } = container;
      return containerBody(
        containerRequest(owner, { service, name, specHash, desired: container }),
        apiVersion,
      );
    }),
  ]);
}

/** What `stackctl config` prints of a stack; undefined when the stack is refused. */
export function configOf(manifest: StackManifest, files: Files): string | undefined {
  const { project, problems } = loadProject(manifest.compose, files);
  if (!isAcceptable(problems)) return undefined;
  return renderYaml(presentProject(project, 'yaml')).replaceAll('$', '$$$$');
}

/** Files that exist only in a test, by absolute path. */
export function filesOf(contents: Readonly<Record<string, string>>): Files {
  return {
    readText: (path) => {
      const text = Object.hasOwn(contents, path) ? contents[path] : undefined;
      return text === undefined
        ? { ok: false, reason: 'missing', message: 'does not exist' }
        : { ok: true, text };
    },
    digestFile: (path) => (Object.hasOwn(contents, path) ? `digest of ${path}` : undefined),
    digestContext: (path) => `digest of ${path}`,
    kind: (path) => (Object.hasOwn(contents, path) ? 'file' : 'missing'),
    realPath: (path) => path,
  };
}
