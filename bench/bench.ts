import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import Docker from 'dockerode';

const run = promisify(execFile);

/** What every case works with: an engine, a directory of its own, and the programs to measure. */
export interface Bench {
  readonly docker: Docker;
  readonly engineHost: string;
  readonly directory: string;
  /** Part of every name, so that what a run left behind can be told from everything else. */
  readonly unique: string;
  /** The built stackctl; the directory that has `bin/`. */
  readonly dist: string;
  /** Argv of docker compose; undefined: it is not here, and its sides are left out. */
  readonly compose: readonly string[] | undefined;
}

export async function openBench(options: { readonly dist: string }): Promise<Bench> {
  const engineHost = process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock';
  return {
    docker: connect(engineHost),
    engineHost,
    directory: await mkdtemp(join(tmpdir(), 'stackctl-bench-')),
    unique: `bench${randomBytes(2).toString('hex')}`,
    dist: options.dist,
    compose: await findCompose(),
  };
}

export async function closeBench(bench: Bench): Promise<void> {
  await sweep(bench);
  await rm(bench.directory, { recursive: true, force: true });
}

/** Removes whatever bears the run's name, however it came there. */
export async function sweep({ docker, unique }: Bench): Promise<void> {
  const filters = { name: [unique] };
  const containers = await docker.listContainers({ all: true, filters });
  await Promise.all(
    containers.map(({ Id }) => docker.getContainer(Id).remove({ force: true, v: true }).catch(ignore)),
  );
  for (const { Id } of await docker.listNetworks({ filters }))
    await docker.getNetwork(Id).remove().catch(ignore);
  const { Volumes } = await docker.listVolumes({ filters });
  for (const { Name } of Volumes) await docker.getVolume(Name).remove().catch(ignore);
}

const ignore = (): undefined => undefined;

function connect(host: string): Docker {
  if (host.startsWith('unix://')) return new Docker({ socketPath: host.slice('unix://'.length) });
  const { hostname, port } = new URL(host);
  return new Docker({ host: hostname, port: Number(port), protocol: 'http' });
}

/** STACKCTL_TEST_COMPOSE, or the plugin of the docker command line. */
async function findCompose(): Promise<readonly string[] | undefined> {
  const named = process.env['STACKCTL_TEST_COMPOSE'];
  const argv = named === undefined || named === '' ? ['docker', 'compose'] : [named];
  const [command = '', ...words] = argv;
  return run(command, [...words, 'version']).then(
    () => argv,
    () => undefined,
  );
}
