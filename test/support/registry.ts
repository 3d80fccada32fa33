import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';

const ROOT = join(import.meta.dirname, '../..');

/** The program of an image registry; or why there is none. */
export type FoundRegistry = { readonly program: string } | { readonly missing: string };

/** The one that STACKCTL_TEST_REGISTRY names, else Debian's: installed, or unpacked by `scripts/registry.sh`. */
export function findRegistry(): FoundRegistry {
  const named = process.env['STACKCTL_TEST_REGISTRY'];
  const unpacked = join(ROOT, 'build/registry/usr/bin/docker-registry');
  const programs = named === undefined || named === '' ? ['docker-registry', unpacked] : [named];
  const program = programs.find((each) => spawnSync(each, ['--version']).status === 0);
  if (program !== undefined) return { program };
  return { missing: 'there is no docker-registry (bash scripts/registry.sh, or STACKCTL_TEST_REGISTRY)' };
}

/** Who may use a registry with a login. */
export const LOGIN = { username: 'tester', password: 'sesame-canary' };
/** The same for the registry: `htpasswd -nbB`. */
const HTPASSWD = 'tester:$2y$05$n9tW8YLgiMnZrNi.XoK8KOtu0H5rNrVHL5Q1.BLZEpxPBO6WTFxDq';

/**
 * An image registry on a port of the loopback address, which every engine speaks plain HTTP to. It must be the
 * engine's loopback: tests run where the engine's published ports are.
 */
export class TestRegistry {
  readonly #program: string;
  readonly #directory: string;
  readonly #port: number;
  #process: ChildProcess | undefined;

  private constructor(program: string, directory: string, port: number) {
    this.#program = program;
    this.#directory = directory;
    this.#port = port;
  }

  static async create(program: string, options: { readonly withLogin: boolean }): Promise<TestRegistry> {
    const directory = await mkdtemp(join(tmpdir(), 'stackctl-registry-'));
    const registry = new TestRegistry(program, directory, await freePort());
    const auth = { htpasswd: { realm: 'test', path: join(directory, 'htpasswd') } };
    const config = {
      version: 0.1,
      log: { level: 'error', accesslog: { disabled: true } },
      storage: { filesystem: { rootdirectory: join(directory, 'data') } },
      http: { addr: registry.host },
      ...(options.withLogin ? { auth } : {}),
    };
    await writeFile(join(directory, 'htpasswd'), `${HTPASSWD}\n`);
    // YAML has JSON inside.
    await writeFile(join(directory, 'config.yml'), JSON.stringify(config));
    await registry.start();
    return registry;
  }

  /** What names of its images begin with. */
  get host(): string {
    return `127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    const options = { stdio: 'ignore' } as const;
    this.#process = spawn(this.#program, ['serve', join(this.#directory, 'config.yml')], options);
    await eventually('the registry answers', async () => {
      const answer = await fetch(`http://${this.host}/v2/`).catch(() => undefined);
      return answer === undefined ? undefined : true;
    });
  }

  async stop(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** Puts an image of the engine under a name into the registry, and takes the name away from the engine. */
  async publish(docker: Docker, image: string, name: string): Promise<string> {
    const [repository = '', tag = 'latest'] = name.split(':');
    const ref = `${this.host}/${name}`;
    await docker.getImage(image).tag({ repo: `${this.host}/${repository}`, tag });
    const stream = await docker.getImage(ref).push({ authconfig: { ...LOGIN, serveraddress: this.host } });
    await new Promise<void>((resolve, reject) =>
      docker.modem.followProgress(stream, (error) => (error === null ? resolve() : reject(error))),
    );
    await docker.getImage(ref).remove();
    return ref;
  }

  /** The digest that the registry has under a name. */
  async digest(name: string): Promise<string> {
    const [repository, tag] = name.split(':');
    const accept = 'application/vnd.docker.distribution.manifest.v2+json';
    const answer = await fetch(`http://${this.host}/v2/${repository}/manifests/${tag}`, {
      headers: { accept },
    });
    return answer.headers.get('docker-content-digest') ?? '';
  }

  /** Ends it and takes its images away from the engine. */
  async dispose(docker: Docker): Promise<void> {
    await this.stop();
    await rm(this.#directory, { recursive: true, force: true });
    for (const { RepoTags, RepoDigests } of await docker.listImages()) {
      const names = [...(RepoTags ?? []), ...(RepoDigests ?? [])];
      for (const name of names.filter((each) => each.startsWith(`${this.host}/`)))
        await docker
          .getImage(name)
          .remove({ force: true })
          .catch(() => undefined);
    }
  }
}
