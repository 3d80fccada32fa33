import { createHash } from 'node:crypto';
import { createReadStream, realpathSync, statSync } from 'node:fs';
import { dirname, isAbsolute } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Pack, pack } from 'tar-stream';
import { Failure } from '../../model/failure.ts';
import { OURS } from '../../model/labels.ts';
import { type Connection, DEADLINE } from './connection.ts';
import { followProgress } from './progress-stream.ts';
import { inspectImageRaw } from './reads.ts';

const REPOSITORY = 'stackctl/probe';
/** Where Node is in the image that we make. */
const PROGRAM = 'bin/node';
const HINT =
  'name one that the engine has, with `node` in its PATH: `stackctld --probe-image node:22-alpine` (or STACKCTL_PROBE_IMAGE)';

/** An image that probes run in, and what finds its libraries. */
export interface ProbeImage {
  readonly ref: string;
  readonly node: string;
  readonly env: readonly string[];
}

interface ProgramFile {
  /** Its place in the image, without a leading slash. */
  readonly path: string;
  readonly from: string;
  readonly bytes: number;
  readonly modifiedAtMs: number;
}

/** The image that the user named. Throws `invalid` when the engine does not have it: nothing is pulled for a probe. */
export async function givenProbeImage(
  connection: Connection,
  ref: string,
  signal: AbortSignal,
): Promise<ProbeImage> {
  if ((await inspectImageRaw(connection, ref, signal)) !== undefined) return { ref, node: 'node', env: [] };
  throw new Failure('invalid', `the engine does not have the probe image ${ref}`, {
    hint: `\`docker pull ${ref}\`, or leave the setting out: stackctl then makes one from its own Node`,
    status: 404,
  });
}

/**
 * An image with nothing but the Node that runs this process, and the libraries it has loaded: it needs no registry and
 * no builder, and is there wherever stackctl is. It is made once for an engine and takes the place of those that were
 * made from another Node.
 */
export async function ownProbeImage(connection: Connection, signal: AbortSignal): Promise<ProbeImage> {
  const files = programFiles();
  const content = createHash('sha256').update(JSON.stringify(files)).digest('hex').slice(0, 16);
  const ref = `${REPOSITORY}:${content}`;
  const libraries = [...new Set(files.map(({ path }) => `/${dirname(path)}`))];
  const image = { ref, node: `/${PROGRAM}`, env: [`LD_LIBRARY_PATH=${libraries.join(':')}`] };
  if ((await inspectImageRaw(connection, ref, signal)) !== undefined) return image;
  await followProgress(
    connection,
    {
      method: 'POST',
      path: '/images/create',
      query: { fromSrc: '-', repo: REPOSITORY, tag: content, changes: [`LABEL ${OURS.probe}=image`] },
      tar: tarOf(files),
      what: 'make the probe image',
      deadlineMs: DEADLINE.idle,
    },
    () => undefined,
    signal,
  );
  await removeOthers(connection, ref);
  return image;
}

/** What it says when a container of the image cannot be started at all. */
export function unusableImage(image: ProbeImage, thrown: Failure): Failure {
  return new Failure('refused', `the probe image ${image.ref} cannot be run: ${thrown.message}`, {
    hint: HINT,
    cause: thrown,
  });
}

function programFiles(): readonly ProgramFile[] {
  const report = process.report.getReport() as unknown as { readonly sharedObjects?: readonly string[] };
  // The kernel's own is listed too, and is no file.
  const libraries = (report.sharedObjects ?? []).filter((path) => isAbsolute(path));
  try {
    return [
      fileOf(process.execPath, PROGRAM),
      ...libraries
        .filter((path) => realpathSync(path) !== realpathSync(process.execPath))
        .map((path) => fileOf(path, path.slice(1))),
    ];
  } catch (thrown) {
    throw new Failure('refused', 'no probe image can be made: the Node that runs stackctl is not readable', {
      hint: HINT,
      cause: thrown,
    });
  }
}

function fileOf(from: string, path: string): ProgramFile {
  const { size, mtimeMs } = statSync(from);
  return { path, from, bytes: size, modifiedAtMs: Math.floor(mtimeMs) };
}

function tarOf(files: readonly ProgramFile[]): Readable {
  const tar = pack();
  writeFiles(tar, files).catch((thrown: unknown) =>
    tar.destroy(new Failure('refused', 'make the probe image: a file changed meanwhile', { cause: thrown })),
  );
  return Readable.from(tar);
}

async function writeFiles(tar: Pack, files: readonly ProgramFile[]): Promise<void> {
  // The engine mounts its own files over these: names are looked up in them.
  for (const directory of ['etc', 'proc', 'sys', 'dev', 'tmp']) {
    tar.entry({ name: directory, type: 'directory', mode: 0o755 });
  }
  for (const { path, from, bytes, modifiedAtMs } of files) {
    const sink = tar.entry({ name: path, size: bytes, mode: 0o755, mtime: new Date(modifiedAtMs) });
    await pipeline(createReadStream(from, { end: bytes - 1 }), sink);
  }
  tar.finalize();
}

/** Those made from another Node, unless somebody uses them. */
async function removeOthers(connection: Connection, ref: string): Promise<void> {
  const images = await connection.request<readonly { Id: string; RepoTags?: readonly string[] | null }[]>({
    method: 'GET',
    path: '/images/json',
    query: { filters: JSON.stringify({ label: [`${OURS.probe}=image`] }) },
    what: 'list probe images',
    deadlineMs: DEADLINE.list,
  });
  for (const tag of images.flatMap(({ RepoTags }) => RepoTags ?? [])) {
    if (tag === ref) continue;
    await connection
      .request({
        method: 'DELETE',
        path: `/images/${tag}`,
        what: `remove image ${tag}`,
        deadlineMs: DEADLINE.write,
      })
      .catch((thrown: unknown) =>
        connection.log.debug({ image: tag, err: thrown }, 'an old probe image stays'),
      );
  }
}
