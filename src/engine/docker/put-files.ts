import { pack } from 'tar-stream';
import type { InjectedFile } from '../../model/desired.ts';
import { Failure } from '../../model/failure.ts';
import type { ContainerId } from '../../model/names.ts';
import { type Connection, DEADLINE } from './connection.ts';

/**
 * Puts files into a container's file system. Only files stand in the archive: the engine makes missing
 * parents itself, and the mode and owner of those that exist stay as they are. The bytes go nowhere else.
 */
export async function putFiles(
  connection: Connection,
  container: ContainerId,
  files: readonly InjectedFile[],
): Promise<void> {
  const what = `put files into container ${container.slice(0, 12)}`;
  if (files.length === 0) return;
  const relative = files.find((file) => !file.target.startsWith('/'));
  if (relative !== undefined) {
    throw new Failure('invalid', `${what}: the target ${relative.target} is no absolute path`);
  }
  await connection.request<unknown>({
    method: 'PUT',
    path: `/containers/${container}/archive`,
    query: { path: '/', noOverwriteDirNonDir: 1 },
    tar: await archiveOf(files),
    what,
    deadlineMs: DEADLINE.archive,
  });
}

/** A tar with uid, gid and mode of each file; the same files give the same bytes. */
async function archiveOf(files: readonly InjectedFile[]): Promise<Buffer> {
  const tar = pack();
  for (const file of files) {
    tar.entry(
      { name: file.target.slice(1), uid: file.uid, gid: file.gid, mode: file.mode, mtime: new Date(0) },
      Buffer.from(file.content, file.encoding ?? 'utf8'),
    );
  }
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
