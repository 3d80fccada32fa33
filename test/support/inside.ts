import { PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';
import type Docker from 'dockerode';

/** How a command in a container ended. */
export interface RanInside {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** `docker exec`: runs a command in a running container, to its end. */
export async function inside(
  docker: Docker,
  container: string,
  command: readonly string[],
): Promise<RanInside> {
  const exec = await docker
    .getContainer(container)
    .exec({ Cmd: [...command], AttachStdout: true, AttachStderr: true });
  const stream = await exec.start({});
  const stdout = gather();
  const stderr = gather();
  docker.modem.demuxStream(stream, stdout.stream, stderr.stream);
  await finished(stream, { writable: false });
  const { ExitCode } = await exec.inspect();
  return { code: ExitCode ?? -1, stdout: stdout.text(), stderr: stderr.text() };
}

function gather() {
  const chunks: Buffer[] = [];
  const stream = new PassThrough();
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return { stream, text: () => Buffer.concat(chunks).toString('utf8') };
}
