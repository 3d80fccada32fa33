import { basename, dirname, relative } from 'node:path';
import type { ComposeProjectNote } from '../api/contract.ts';
import { Failure } from '../model/failure.ts';
import { type ManifestSet, readManifests } from './manifests.ts';
import { renderYaml } from './output/yaml.ts';

const USUAL = /^(docker-)?compose\.ya?ml$/;

/**
 * The manifest of a docker compose project: the files that it was made from, under the project's name. Where that name
 * was given on the command line (`docker compose -p`), or several files were, a Stack says so. Throws `Failure` when a
 * file is not there any more.
 */
export async function readProject(
  project: ComposeProjectNote,
  surroundings: Parameters<typeof readManifests>[1],
): Promise<ManifestSet> {
  const { name, configFiles, workingDirectory } = project;
  const [first, ...more] = configFiles;
  if (first === undefined) {
    throw new Failure('invalid', `the containers of ${name} do not tell what file they were made from`, {
      hint: 'give it with -f FILE',
    });
  }
  const set = await readManifests(first, surroundings).catch((thrown: Error) => {
    throw new Failure('invalid', `the file that ${name} was made from is gone: ${thrown.message}`, {
      hint: 'give the file with -f FILE',
      cause: thrown,
    });
  });
  const directory = dirname(first);
  const others = more.filter((path) => dirname(path) !== directory || !basename(path).includes('.override.'));
  const isAsNamed = USUAL.test(basename(first)) && project.isNamedByDirectory;
  const saysItsName = /^name:/m.test(set.manifests.files[0]?.text ?? '');
  if (others.length === 0 && (isAsNamed || saysItsName)) return set;
  const base = workingDirectory === '' ? directory : workingDirectory;
  const text = renderYaml({
    apiVersion: 'stackctl.io/v1alpha1',
    kind: 'Stack',
    metadata: { name },
    spec: { composeFiles: configFiles.map((path) => relative(base, path)) },
  });
  const files = [{ relativePath: `${name}.stack.yaml`, text }];
  return { ...set, manifests: { baseDirectory: base, files } };
}
