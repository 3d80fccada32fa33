import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { hasEngine, SMALL_IMAGE, sweep } from '../support/lab.ts';
import { World } from '../support/stackctld.ts';

const ROOT = join(import.meta.dirname, '../..');

/**
 * deploy/compose.yaml is applied by a stackctld of the test, in the place of docker compose, which not every machine has.
 * The one in the container is of another instance, and so as much a stranger to it as it would be to docker compose.
 */
describe.skipIf(!hasEngine())('stackctld as a container', () => {
  const host = inject('engineHost') ?? '';
  const socket = host.replace('unix://', '');
  let world: World;
  let image: string;
  let project: string;
  let instance: string;
  let manifests: string;

  const container = () => world.docker.getContainer(`${project}-stackctld-1`);
  const inside = async (...argv: string[]): Promise<{ code: number; output: string }> => {
    const command = ['node', '/opt/stackctl/dist/bin/stackctl.js', ...argv];
    const exec = await container().exec({ Cmd: command, AttachStdout: true, AttachStderr: true, Tty: true });
    const stream = await exec.start({ Tty: true });
    let output = '';
    for await (const chunk of stream) output += String(chunk);
    return { code: (await exec.inspect()).ExitCode ?? 1, output };
  };

  beforeAll(async () => {
    world = await World.create();
    image = `stackctl:${world.instance}`;
    project = `daemon-${world.unique}`;
    instance = `${world.instance}-in`;
    manifests = join(world.directory, 'inside');
    execFileSync('bash', ['scripts/image.sh', image], {
      cwd: ROOT,
      stdio: 'ignore',
      env: { ...process.env, DOCKER_HOST: host },
    });
    await mkdir(join(manifests, `web-${world.unique}`), { recursive: true });
    const service = `{ image: "${SMALL_IMAGE}", command: ["sleep", "1d"], networks: [n] }`;
    const text = `services: { web: ${service} }\nnetworks: { n: { internal: true } }\n`;
    await writeFile(join(manifests, `web-${world.unique}`, 'compose.yaml'), text);
    const compose = (await readFile(join(ROOT, 'deploy/compose.yaml'), 'utf8')).replace(
      'name: stackctld',
      `name: ${project}`,
    );
    const file = await world.file('daemon/compose.yaml', compose);
    const variables = [
      `STACKCTL_IMAGE=${image}`,
      `STACKCTL_MANIFESTS=${manifests}`,
      `STACKCTL_INSTANCE=${instance}`,
      `DOCKER_SOCKET=${socket}`,
    ];
    await writeFile(join(dirname(file), '.env'), `${variables.join('\n')}\n`);
    await world.start();
    const applied = await world.ctl('apply', '-f', file, '--timeout', '120s');
    if (applied.code !== 0) throw new Error(applied.stdout + applied.stderr);
    // The outer daemon has done its part: from here on nobody but the inner one acts.
    await world.kill();
  });
  afterAll(async () => {
    await container()
      .remove({ force: true, v: true })
      .catch(() => undefined);
    await sweep(world.docker, instance);
    await world.dispose();
    await world.docker.getImage(image).remove({ force: true });
  });

  test('is healthy, without a network, capabilities that it has no use for, or a disk that it may write to', async () => {
    const { State, HostConfig } = await container().inspect();
    expect(State.Health?.Status).toBe('healthy');
    expect(HostConfig).toMatchObject({ NetworkMode: 'none', ReadonlyRootfs: true });
    expect(HostConfig.CapDrop).toEqual(['ALL']);
  });

  test('manages real stacks: what its directory says is there, and is put back', async () => {
    const name = `web-${world.unique}`;
    await eventually(
      'the stack is ready',
      async () =>
        (await inside('wait', '--for=condition=Ready', name, '--timeout', '20s')).code === 0
          ? true
          : undefined,
      { withinMs: 60_000 },
    );
    const before = await world.docker.getContainer(`${name}-web-1`).inspect();
    await world.docker.getContainer(before.Id).remove({ force: true });
    const after = await eventually(
      'its container is back',
      async () => {
        const now = await world.docker
          .getContainer(`${name}-web-1`)
          .inspect()
          .catch(() => undefined);
        return now?.State.Running === true ? now : undefined;
      },
      { withinMs: 60_000 },
    );
    expect(after.Id).not.toBe(before.Id);
  });

  test('never manages itself, not even by a manifest of its own name', async () => {
    const { Id } = await container().inspect();
    const other = `{ image: "${SMALL_IMAGE}", command: ["sleep", "1d"] }`;
    await writeFile(join(manifests, `${project}.compose.yaml`), `services: { stackctld: ${other} }\n`);
    const told = await eventually(
      'the blocker is told',
      async () => {
        const { output } = await inside('describe', 'stack', project);
        return /NameTakenByForeign|OwnedByAnotherStack/.test(output) ? output : undefined;
      },
      { withinMs: 60_000 },
    );
    expect(told).toContain(project);
    const now = await container().inspect();
    expect([now.Id, now.State.Running, now.RestartCount]).toEqual([Id, true, 0]);
  });

  test('starts again with what it remembers', async () => {
    await container().restart({ t: 20 });
    const answer = await eventually(
      'it answers',
      async () => {
        const got = await inside('get', 'stacks', '-o', 'name').catch(() => undefined);
        return got?.code === 0 && got.output.includes(`web-${world.unique}`) ? got.output : undefined;
      },
      { withinMs: 60_000 },
    );
    expect(answer).toContain(project);
  });
});
