import { finished } from 'node:stream/promises';
import type Docker from 'dockerode';
import { pack } from 'tar-stream';
import { loadProject } from '../../src/compose/load.ts';
import type { ComposeProject } from '../../src/compose/model.ts';
import { resolveStack } from '../../src/desired/resolve.ts';
import { findNamedStacks } from '../../src/manifest/find-stacks.ts';
import type { DesiredStack } from '../../src/model/desired.ts';
import { stackName } from '../../src/model/names.ts';
import type { EngineInfo } from '../../src/model/observed.ts';
import type { Problem } from '../../src/model/problem.ts';
import { createFiles } from '../../src/source/files.ts';
import { CORPUS, type InspectedDocument, type Json, mapTexts } from './corpus.ts';
import { PLAIN_CONTROL } from './plain-control.ts';

const files = createFiles({ digestContext: () => 'context' });

interface Wanted {
  /** Undefined when one of the problems forbids it. */
  readonly desired: DesiredStack | undefined;
  /** Errors only. */
  readonly problems: readonly Problem[];
}

/** What there should be on an engine for a document. */
export function desiredOf({ input }: InspectedDocument, engine: EngineInfo): Wanted {
  const path = `${CORPUS}/compose.yaml`;
  const found = findNamedStacks([{ path, relativePath: 'compose.yaml', text: JSON.stringify(input) }], {
    home: '/root',
  });
  const [stack] = found.stacks;
  if (stack === undefined) return { desired: undefined, problems: found.problems };
  const loaded = loadProject(stack.compose, files);
  const resolved = resolveStack(
    {
      project: loaded.project,
      control: PLAIN_CONTROL,
      stack: stackName(stack.name),
      workingDirectory: CORPUS,
      configFiles: stack.files,
      contents: contentsFor(loaded.project),
      engine,
      secretKey: 'key',
      locate: loaded.locate,
    },
    files,
  );
  const problems = [...loaded.problems, ...resolved.problems].filter(({ severity }) => severity === 'error');
  return { desired: problems.length === 0 ? resolved.desired : undefined, problems };
}

/** Which variables docker compose was given is not known, and no inspect shows it. */
function contentsFor(project: ComposeProject): Record<string, string> {
  const names = (kind: 'configs' | 'secrets') => Object.keys(project[kind]).map((key) => `${kind}.${key}`);
  return Object.fromEntries([...names('configs'), ...names('secrets')].map((name) => [name, 'some content']));
}

/** Under a name of its own, so that several can be there at once. */
export function renamed(document: InspectedDocument, project: string, image: string): InspectedDocument {
  const rename = <Value>(value: Value) =>
    mapTexts(value, (text) => text.replaceAll('golden', project).replaceAll('busybox-sleep:1', image));
  const { file, input, containers, networks, volumes } = document;
  return {
    file,
    input: rename(input),
    containers: rename(containers),
    networks: rename(networks),
    volumes: rename(volumes),
  };
}

/** With a name or addresses that are not made from the project's name. */
export function isInOthersWay({ input }: InspectedDocument): boolean {
  const { services, networks } = input as { services: Record<string, Json>; networks?: Record<string, Json> };
  const hasSubnet = JSON.stringify(networks ?? {}).includes('"subnet"');
  return hasSubnet || Object.values(services).some((service) => service['container_name'] !== undefined);
}

const USUAL_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** An image with nothing in it but the settings that the documents' image had. */
export async function importSleepingImage(docker: Docker, ref: string): Promise<void> {
  const archive = pack();
  archive.entry({ name: 'empty' }, '');
  archive.finalize();
  const [repo, tag] = ref.split(':');
  const changes = `CMD ["sleep","9999"]\nENV PATH=${USUAL_PATH}`;
  const progress = await docker.importImage(archive as unknown as NodeJS.ReadableStream, {
    repo,
    tag,
    changes,
  });
  await finished(progress.resume());
}
