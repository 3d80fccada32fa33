import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { type InspectedDocument, readInspected, withoutCorpus } from '../support/corpus.ts';
import { isInOthersWay, renamed } from '../support/corpus-stack.ts';
import { dockerCompose, findDockerCompose } from '../support/docker-compose.ts';
import { eventually } from '../support/eventually.ts';
import { inside } from '../support/inside.ts';
import { hasEngine, SMALL_IMAGE } from '../support/lab.ts';
import { skipLoudly } from '../support/loud-skip.ts';
import { World } from '../support/stackctld.ts';

const compose = hasEngine() ? findDockerCompose() : { missing: 'there is no engine' };
const isSkipped =
  !hasEngine() ||
  skipLoudly(
    'adopting projects of docker compose',
    'missing' in compose ? compose.missing : undefined,
    false,
  );

/** How many documents of the corpus are taken over: as many as come up at all, up to this. */
const DOCUMENTS = 30;

const SHOP = (ports: string) => `
services:
  web:
    image: ${SMALL_IMAGE}
    command: [sh, -c, "exec sleep 100000"]
    stop_signal: SIGKILL
    ports: ["${ports}"]
    environment: {A: "1", B: two}
    volumes: ["data:/data", "/cache", "./conf:/conf:ro"]
    depends_on: [db]
    networks: [front, back]
    healthcheck: {test: [CMD, "true"], interval: 1s}
    configs: [{source: page, target: /page}]
    secrets: [token]
    deploy: {resources: {limits: {memory: 64M}}}
  db:
    image: ${SMALL_IMAGE}
    command: sleep 100000
    stop_signal: SIGKILL
    restart: unless-stopped
    networks: {back: {aliases: [store]}}
networks: {front: {}, back: {internal: true}}
volumes: {data: {}}
configs: {page: {content: hello}}
secrets: {token: {file: ./token}}
`;

function run(...argv: readonly string[]) {
  if ('missing' in compose) throw new Error(compose.missing);
  return dockerCompose(compose.command, inject('engineHost') ?? '', argv);
}

/** Those that nobody named bear no label, so that no deletion knows them. */
async function unnamedVolumes(world: World, name: string): Promise<readonly string[]> {
  const filters = { label: [`com.docker.compose.project=${name}`] };
  const containers = await world.docker.listContainers({ all: true, filters });
  const names = containers.flatMap(({ Mounts }) => Mounts.map((mount) => mount.Name ?? ''));
  return names.filter((each) => /^[0-9a-f]{64}$/.test(each));
}

/** Removes all of a project, whoever has it by now. */
async function down(world: World, name: string): Promise<void> {
  const unnamed = await unnamedVolumes(world, name);
  await rm(join(world.manifests, name), { recursive: true, force: true });
  await world.ctl('delete', name, '--volumes', '--ignore-not-found');
  await run('-p', name, 'down', '--volumes', '--remove-orphans', '-t', '0');
  await removeVolumes(world, unnamed);
}

async function removeVolumes(world: World, names: readonly string[]): Promise<void> {
  for (const name of names)
    await world.docker
      .getVolume(name)
      .remove()
      .catch(() => undefined);
}

describe.skipIf(isSkipped)('a project that docker compose runs', () => {
  let world: World;
  let project: string;
  let path: string;
  let count = 0;

  /** Everything of a project: what must still be there after it was taken over. */
  const objects = async (name: string) => {
    const filters = { label: [`com.docker.compose.project=${name}`] };
    const [containers, networks, volumes] = await Promise.all([
      world.docker.listContainers({ all: true, filters }),
      world.docker.listNetworks({ filters }),
      world.docker.listVolumes({ filters }),
    ]);
    const started = containers.map(async ({ Id }) => {
      const { State } = await world.docker.getContainer(Id).inspect();
      return `${Id} ${State.StartedAt} ${State.Pid}`;
    });
    return {
      containers: (await Promise.all(started)).sort(),
      networks: networks.map(({ Id }) => Id).sort(),
      volumes: (volumes.Volumes ?? []).map(({ Name }) => Name).sort(),
    };
  };
  const write = async (name: string, text: string): Promise<string> => {
    const directory = join(world.directory, name);
    await mkdir(join(directory, 'conf'), { recursive: true });
    await writeFile(join(directory, 'token'), 'secret');
    await writeFile(join(directory, 'compose.yaml'), text);
    return join(directory, 'compose.yaml');
  };
  const shop = async (): Promise<void> => {
    count += 1;
    project = `p${world.unique}${count}`;
    path = await write(project, SHOP('127.0.0.1::80'));
    const up = await run('-f', path, 'up', '-d');
    expect(up.code, up.stderr).toBe(0);
  };

  beforeAll(async () => {
    world = await World.create();
    await world.start();
  });
  afterEach(async () => {
    if (project !== undefined) await down(world, project);
  });
  afterAll(() => world.dispose());

  test('is not taken by an apply of the same name, and shown on demand', async () => {
    await shop();
    const before = [await objects(project), world.proxy.writes().length];
    const refused = await world.ctl('apply', '-f', path);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain(`stackctl adopt ${project}`);
    expect(await world.status(project)).toBeUndefined();
    const shown = await world.ctl('adopt', project, '--dry-run');
    expect(shown).toMatchObject({ code: 0, stdout: `project/${project}: nothing would change\n` });
    expect([await objects(project), world.proxy.writes().length]).toEqual(before);
    expect((await world.ctl('adopt', 'no-such-project')).code).toBe(1);
  });

  test.each([
    ['adopt', () => ['adopt', project]],
    ['apply --adopt', () => ['apply', '-f', path, '--adopt']],
  ])('is taken over by %s without a single write, and looked after from then on', async (_, argv) => {
    await shop();
    const before = await objects(project);
    const writes = world.proxy.writes().length;
    expect(await world.ctl(...argv())).toMatchObject({ code: 0 });
    expect(await world.status(project)).toMatchObject({ sync: 'Synced', health: 'Healthy' });
    expect(await world.writesOfTwoPasses(project)).toEqual([]);
    expect(world.proxy.writes().slice(writes)).toEqual([]);
    expect(await objects(project)).toEqual(before);

    // Remembered over a restart, and healed.
    await world.stop();
    await world.start();
    await world.untilReady(project);
    expect(await objects(project)).toEqual(before);
    const db = world.docker.getContainer(`${project}-db-1`);
    await db.stop({ t: 0 });
    await eventually('db runs again', async () => ((await db.inspect()).State.Running ? true : undefined));

    // A change of one service replaces that one, which keeps what it had in a volume without a name.
    await inside(world.docker, `${project}-web-1`, ['sh', '-c', 'echo mine | tee /cache/mark > /data/mark']);
    const { Id } = await db.inspect();
    await write(project, SHOP('127.0.0.1::80').replace('B: two', 'B: three'));
    expect(await world.ctl('apply', '-f', path)).toMatchObject({ code: 0 });
    const marks = await inside(world.docker, `${project}-web-1`, ['cat', '/cache/mark', '/data/mark']);
    expect(marks.stdout).toBe('mine\nmine\n');
    expect((await db.inspect()).Id).toBe(Id);

    const unnamed = await unnamedVolumes(world, project);
    expect(await world.ctl('delete', project, '--volumes')).toMatchObject({ code: 0 });
    expect((await objects(project)).containers).toEqual([]);
    await removeVolumes(world, unnamed);
  });

  test('is not taken over when that would change it, unless that is wanted', async () => {
    await shop();
    const before = await objects(project);
    await write(project, SHOP('127.0.0.1::80').replace('B: two', 'B: three'));
    const refused = await world.ctl('adopt', project);
    expect(refused.code).toBe(1);
    expect(refused.stdout).toContain('Env.B');
    expect(refused.stdout).not.toContain('three');
    expect(refused.stderr).toContain('--yes');
    expect(await objects(project)).toEqual(before);
    expect(await world.ctl('adopt', project, '--yes')).toMatchObject({ code: 0 });
    const web = await world.docker.getContainer(`${project}-web-1`).inspect();
    expect(web.Config.Env).toContain('B=three');
    const after = await objects(project);
    expect(after.networks).toEqual(before.networks);
    expect(after.containers.filter((each) => before.containers.includes(each))).toHaveLength(1);
  });

  test('of a manifest directory is taken over for the manifest that is there', async () => {
    await shop();
    const before = await objects(project);
    await mkdir(join(world.manifests, project, 'conf'), { recursive: true });
    await world.write(
      `${project}/compose.yaml`,
      SHOP('127.0.0.1::80').replaceAll('./', `${world.directory}/${project}/`),
    );
    await eventually('it is known', () => world.status(project), { withinMs: 60_000 });
    expect(await world.ctl('adopt', project)).toMatchObject({ code: 0 });
    expect(await objects(project)).toEqual(before);
    expect((await world.status(project))?.source.kind).toBe('directory');
  });
});

describe.skipIf(isSkipped || withoutCorpus())('projects of the corpus that docker compose runs', () => {
  test('are taken over without a single write', async () => {
    if ('missing' in compose) throw new Error(compose.missing);
    const world = await World.create();
    const found: { file: string; adopted: unknown }[] = [];
    try {
      await world.start();
      for (const [index, document] of runnable().entries()) {
        if (found.length === DOCUMENTS) break;
        const name = `c${world.unique}${index}`;
        const { input, file } = renamed(document, name, SMALL_IMAGE);
        const path = await world.file(`${name}/compose.yaml`, JSON.stringify(input));
        try {
          const up = await run('-p', name, '-f', path, 'up', '-d', '-t', '0');
          const filters = { label: [`com.docker.compose.project=${name}`] };
          const ids = async () =>
            (await world.docker.listContainers({ all: true, filters }))
              .map(({ Id, State }) => `${Id} ${State}`)
              .sort();
          const before = await ids();
          const writes = world.proxy.writes().length;
          if (up.code === 0 && before.length > 0 && before.every((each) => each.endsWith(' running'))) {
            const { code, stdout, stderr } = await world.ctl('adopt', name);
            const isSame = JSON.stringify(await ids()) === JSON.stringify(before);
            const changes = [
              ...(await world.writesOfTwoPasses(name).catch(() => [])),
              ...world.proxy.writes().slice(writes),
            ];
            found.push({
              file,
              adopted: code === 0 && isSame && changes.length === 0 ? true : { stdout, stderr, changes },
            });
          }
        } finally {
          await down(world, name);
        }
      }
    } finally {
      await world.dispose();
    }
    console.error(`taken over after docker compose ${compose.version}: ${found.length} documents`);
    expect(found.filter(({ adopted }) => adopted !== true)).toEqual([]);
    expect(found).toHaveLength(DOCUMENTS);
  }, 900_000);
});

/** Without binds, which would leave directories on this host, and without what others could be in the way of. */
function runnable(): readonly InspectedDocument[] {
  return readInspected('28.5.2').filter((document) => {
    const text = JSON.stringify(document.input);
    const isSafe = !/"bind"|"file":|"external":true|"network_mode":"host"|"privileged"|"healthcheck"/.test(
      text,
    );
    return isSafe && document.containers.length > 0 && !isInOthersWay(document);
  });
}
