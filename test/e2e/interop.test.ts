import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { dockerCompose, findDockerCompose } from '../support/docker-compose.ts';
import { eventually } from '../support/eventually.ts';
import { hasEngine } from '../support/lab.ts';
import { skipLoudly } from '../support/loud-skip.ts';
import { World } from '../support/stackctld.ts';

const compose = hasEngine() ? findDockerCompose() : { missing: 'there is no engine' };
const isSkipped =
  !hasEngine() ||
  skipLoudly(
    'whether docker compose sees our stacks',
    'missing' in compose ? compose.missing : undefined,
    false,
  );

describe.skipIf(isSkipped)('docker compose at home in a stack that stackctl made', () => {
  let world: World;
  let stack: string;
  let manifest: string;

  const attempt = (...argv: string[]) => {
    if ('missing' in compose) throw new Error(compose.missing);
    return dockerCompose(compose.command, inject('engineHost') ?? '', argv);
  };
  const run = async (...argv: string[]) => {
    const ran = await attempt(...argv);
    expect(ran.code, ran.stderr).toBe(0);
    return ran.stdout;
  };
  const ofStack = (...argv: string[]) => run('-p', stack, ...argv);
  /** One JSON document, or one a line: both have been printed by versions of docker compose. */
  const documents = (text: string): readonly Record<string, unknown>[] =>
    text
      .trim()
      .split('\n')
      .filter((line) => line !== '')
      .flatMap((line) => JSON.parse(line));

  beforeAll(async () => {
    world = await World.create();
    stack = `i${world.unique}`;
    manifest = await world.write(
      `${stack}.compose.yaml`,
      `
services:
  web:
    image: stackctl.local/busybox:1
    command: [sh, -c, "echo hello from $$HOSTNAME; exec pause"]
    scale: 2
    depends_on: {db: {condition: service_healthy}}
    networks: [front, back]
  db:
    image: stackctl.local/busybox:1
    command: [sh, -c, "echo ready to serve; exec sleep 100000"]
    stop_signal: SIGKILL
    healthcheck: {test: [CMD, "true"], interval: 1s}
    networks: [back]
    volumes: [data:/data]
networks: {front: {}, back: {internal: true}}
volumes: {data: {}}
`,
    );
    await world.start();
    await world.untilReady(stack);
  });
  afterAll(() => world.dispose());

  test('ls lists it with its manifest', async () => {
    const listed = documents(await run('ls', '--format', 'json')).find(({ Name }) => Name === stack);
    expect(listed).toEqual({ Name: stack, Status: 'running(3)', ConfigFiles: manifest });
  });

  test('ps lists its containers by service', async () => {
    const listed = documents(await ofStack('ps', '--format', 'json'));
    const shown = listed.map(({ Name, Service, State, Health, Project }) => ({
      name: Name,
      service: Service,
      state: State,
      health: Health,
      project: Project,
    }));
    const one = (name: string, service: string, health: string) => ({
      name: `${stack}-${name}`,
      service,
      state: 'running',
      health,
      project: stack,
    });
    expect(shown.sort((a, b) => String(a.name).localeCompare(String(b.name)))).toEqual([
      one('db-1', 'db', 'healthy'),
      one('web-1', 'web', ''),
      one('web-2', 'web', ''),
    ]);
  });

  test('ps of one service lists that', async () => {
    expect((await ofStack('ps', '-q', 'db')).trim()).toBe(
      (await world.docker.getContainer(`${stack}-db-1`).inspect()).Id,
    );
  });

  test('logs prints the lines of all, behind the names that stackctl logs puts there too', async () => {
    const lines = (text: string) =>
      text
        // docker compose 2.26 clears each line first, with a terminal or without.
        .replaceAll('\u001b[2K', '')
        .trim()
        .split('\n')
        .map((line) => line.split(/\s+\| /))
        .sort();
    const theirs = lines(await ofStack('logs', '--no-color'));
    expect(theirs.map(([name]) => name)).toEqual(['db-1', 'web-1', 'web-2']);
    expect(theirs[0]).toEqual(['db-1', 'ready to serve']);
    expect(lines((await world.ctl('logs', stack)).stdout)).toEqual(theirs);
  });

  test('exec runs in the replica that is meant', async () => {
    expect(await ofStack('exec', '-T', 'db', 'echo', 'hello')).toBe('hello\n');
    const { Config } = await world.docker.getContainer(`${stack}-web-2`).inspect();
    expect(await ofStack('exec', '-T', '--index', '2', 'web', 'hostname')).toBe(`${Config.Hostname}\n`);
  });

  test('top shows the processes', async () => {
    const shown = await ofStack('top', 'db');
    expect(shown).toContain('sleep 100000');
  });

  test('what docker compose stops is started again, the same container', async () => {
    const { Id, State } = await world.docker.getContainer(`${stack}-db-1`).inspect();
    await ofStack('stop', 'db');
    const after = await eventually(
      'it runs again',
      async () => {
        const wire = await world.docker.getContainer(`${stack}-db-1`).inspect();
        return wire.State.Running && wire.State.StartedAt !== State.StartedAt ? wire : undefined;
      },
      { withinMs: 60_000, everyMs: 100 },
    );
    expect(after.Id).toBe(Id);
    await world.untilReady(stack);
  });

  test('what docker compose takes down is made again, with its data', async () => {
    const volume = await world.docker.getVolume(`${stack}_data`).inspect();
    const filters = { label: [`io.stackctl.stack=${stack}`], status: ['running'] };
    const before = (await world.docker.listContainers({ filters })).map(({ Id }) => Id);
    // It fails when stackctl is so quick that the networks are in use again.
    await attempt('-p', stack, 'down', '--timeout', '1');
    await eventually(
      'others run in their place',
      async () => {
        const now = (await world.docker.listContainers({ filters })).map(({ Id }) => Id);
        return now.length === 3 && !now.some((id) => before.includes(id)) ? true : undefined;
      },
      { withinMs: 60_000, everyMs: 200 },
    );
    await world.untilReady(stack);
    const again = await world.docker.getVolume(`${stack}_data`).inspect();
    expect(again).toEqual(volume);
    expect(await world.writesOfTwoPasses(stack)).toEqual([]);
  });

  test('looking changed nothing: there is nothing to repair', async () => {
    await run('ls');
    await ofStack('ps', '-a');
    await ofStack('images');
    expect(await world.writesOfTwoPasses(stack)).toEqual([]);
  });
});
