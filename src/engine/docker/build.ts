import { createReadStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Pack, pack } from 'tar-stream';
import type { DesiredBuild, DesiredImage } from '../../model/desired.ts';
import { Failure } from '../../model/failure.ts';
import { OURS } from '../../model/labels.ts';
import { type ImageId, imageId } from '../../model/names.ts';
import { type ContextEntry, contextEntries, outsideDockerfile } from '../build-context.ts';
import type { Progress } from '../engine.ts';
import { admitBuild } from './admission/gate.ts';
import { DEADLINE } from './connection.ts';
import type { Caller } from './container-calls.ts';
import { followProgress, type ProgressMessage } from './progress-stream.ts';
import { inspectImageRaw } from './reads.ts';
import { authHeader, readRegistryAuths } from './registry-auth.ts';

/** The name of a Dockerfile that does not come from the context. Fixed: a random one would spoil the build cache. */
const EXTRA_DOCKERFILE = '.stackctl.Dockerfile';
const MAX_TAIL_LINES = 8;
/** Lines of the builder itself between those of a command. */
const NOISE = /^ ---> |^Removing intermediate container /;

/**
 * Builds an image with the engine's own builder: the only one that is there on every engine from 20.10 on
 * without a further program. The image carries the digest of what it was built from.
 */
export async function buildImage(
  caller: Pick<Caller, 'connection' | 'admission'>,
  configDirectory: string,
  image: DesiredImage,
  progress: Progress,
  signal: AbortSignal,
): Promise<ImageId> {
  const { build } = image;
  const { connection } = caller;
  const what = `build image ${image.ref}`;
  if (build === undefined) throw new Failure('bug', `${what}: it has no build section`);
  await admitBuild(caller, build, what);
  const transcript = new Transcript(progress);
  const auths = await readRegistryAuths(configDirectory, ({ message }) =>
    connection.log.warn({ image: image.ref, reason: message }, 'a build goes on without one registry login'),
  );
  const { extra, tar } = openContext(build, what);
  await followProgress(
    connection,
    {
      method: 'POST',
      path: '/build',
      query: buildQuery(image, build, extra === undefined ? build.dockerfile : EXTRA_DOCKERFILE),
      tar,
      headers: { 'X-Registry-Config': authHeader(Object.fromEntries(auths)) },
      what,
      deadlineMs: DEADLINE.idle,
    },
    (message) => transcript.add(message),
    signal,
    (error) => transcript.describe(error),
  );
  const id = transcript.imageId ?? (await inspectImageRaw(connection, image.ref, signal))?.Id;
  if (id === undefined) throw new Failure('refused', `${what}: the engine made no image and told no error`);
  return imageId(id);
}

function buildQuery(image: DesiredImage, build: DesiredBuild, dockerfile: string): Record<string, unknown> {
  const on = (flag: boolean) => (flag ? 1 : undefined);
  return {
    version: 1,
    t: [...new Set([image.ref, ...build.tags])],
    dockerfile,
    buildargs: JSON.stringify(build.args),
    labels: JSON.stringify({ ...build.labels, [OURS.buildDigest]: build.digest }),
    target: build.target,
    networkmode: build.network,
    extrahosts: build.extraHosts.length === 0 ? undefined : build.extraHosts.join(','),
    cachefrom: build.cacheFrom.length === 0 ? undefined : JSON.stringify(build.cacheFrom),
    shmsize: build.shmSizeBytes,
    platform: image.platform,
    nocache: on(build.noCache),
    pull: on(build.pull),
    rm: 1,
    forcerm: 1,
  };
}

/** The context as a tar that is written while it is read; `extra` is a Dockerfile to put beside it. */
function openContext(
  build: DesiredBuild,
  what: string,
): { readonly extra: string | undefined; readonly tar: Readable } {
  try {
    const outside = outsideDockerfile(build.context, build.dockerfile);
    const extra =
      build.dockerfileInline ?? (outside === undefined ? undefined : readFileSync(outside, 'utf8'));
    const entries = contextEntries(build.context, build.dockerfile);
    const tar = pack();
    writeContext(tar, build.context, entries, extra).catch((thrown: unknown) =>
      tar.destroy(
        new Failure('refused', `${what}: the context changed while it was read`, { cause: thrown }),
      ),
    );
    return { extra, tar: Readable.from(tar) };
  } catch (thrown) {
    throw new Failure(
      'invalid',
      `${what}: the context ${build.context} cannot be read (${reasonOf(thrown)})`,
      {
        hint: 'check build.context and build.dockerfile',
        cause: thrown,
      },
    );
  }
}

async function writeContext(
  tar: Pack,
  directory: string,
  entries: readonly ContextEntry[],
  extra: string | undefined,
): Promise<void> {
  for (const entry of entries) await writeEntry(tar, directory, entry);
  if (extra !== undefined) tar.entry({ name: EXTRA_DOCKERFILE, mode: 0o644, mtime: new Date(0) }, extra);
  tar.finalize();
}

/** Owned by root in the image, whoever owns it here, as docker build has it. */
async function writeEntry(tar: Pack, directory: string, entry: ContextEntry): Promise<void> {
  const header = { name: entry.path, mode: entry.mode, mtime: new Date(entry.modifiedAtMs), uid: 0, gid: 0 };
  switch (entry.kind) {
    case 'directory':
      tar.entry({ ...header, type: 'directory' });
      return;
    case 'link':
      tar.entry({ ...header, type: 'symlink', linkname: entry.linkTarget ?? '' });
      return;
    case 'file': {
      if (entry.sizeBytes === 0) {
        tar.entry({ ...header, type: 'file' }, '');
        return;
      }
      const sink = tar.entry({ ...header, type: 'file', size: entry.sizeBytes });
      // A file that grows meanwhile is cut at the size that was announced, and builds again at the next look.
      await pipeline(createReadStream(join(directory, entry.path), { end: entry.sizeBytes - 1 }), sink);
    }
  }
}

/** Follows the builder's output: the step it is at, the last lines, and the image it made. */
class Transcript {
  readonly #progress: Progress;
  readonly #tail: string[] = [];
  #step = '';
  imageId: string | undefined;

  constructor(progress: Progress) {
    this.#progress = progress;
  }

  add(message: ProgressMessage): void {
    if (message.aux?.ID !== undefined) this.imageId = message.aux.ID;
    for (const line of (message.stream ?? '').split('\n')) {
      const text = line.trimEnd();
      if (text === '') continue;
      if (text.startsWith('Step ')) {
        this.#step = text;
        this.#tail.length = 0;
      } else {
        this.#tail.push(text);
        if (this.#tail.length > MAX_TAIL_LINES) this.#tail.shift();
      }
      this.#progress(text);
    }
  }

  /** The engine's error alone says neither which line failed nor what that line printed. */
  describe(error: string): string {
    const output = this.#tail.filter((line) => !NOISE.test(line)).join('; ');
    return [this.#step === '' ? '' : `at '${this.#step}'`, error, output === '' ? '' : `output: ${output}`]
      .filter((part) => part !== '')
      .join(': ');
  }
}

function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
