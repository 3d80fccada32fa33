import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContainerInspectInfo } from 'dockerode';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { inside } from '../support/inside.ts';
import { hasEngine, SMALL_IMAGE } from '../support/lab.ts';
import { World } from '../support/stackctld.ts';

/**
 * What docker compose gets wrong, and stackctl must not (measured with docker compose 2.26 and 2.40): the cases that
 * drift.test.ts does not have already.
 */
describe.skipIf(!hasEngine())('what docker compose gets wrong', () => {
  let world: World;
  let stack: string;
  let image: string | undefined;
  const inspect = (service: string): Promise<ContainerInspectInfo> =>
    world.docker.getContainer(`${stack}-${service}-1`).inspect();
  const put = (text: string) => world.write(`${stack}.compose.yaml`, text);

  /** Runs a program in a container of the stack; while there is none to run it in, that is no output and no success. */
  const exec = (service: string, ...argv: string[]) =>
    inside(world.docker, `${stack}-${service}-1`, argv).catch(() => ({ code: -1, stdout: '', stderr: '' }));

  async function untilGeneration(after: number): Promise<void> {
    await eventually(
      'the edit is seen',
      async () => (((await world.status(stack))?.generation ?? 0) > after ? true : undefined),
      { withinMs: 60_000, everyMs: 100 },
    );
    await world.untilReady(stack);
  }

  /** Writes the manifest and waits until it is what runs. */
  async function edit(text: string): Promise<void> {
    const before = (await world.status(stack))?.generation ?? 0;
    await put(text);
    await untilGeneration(before);
  }

  beforeAll(async () => {
    world = await World.create();
    stack = `t${world.unique}`;
    await world.start();
  });
  afterAll(async () => {
    await world.dispose();
    if (image !== undefined) await world.docker.getImage(`${image}:1`).remove();
  });

  const quick = 'image: stackctl.local/busybox:1\n    stop_signal: SIGKILL';

  test('rows 1 and 2: after a change of a network option everybody is still found by name and alias', async () => {
    const text = (opts: string) => `
services:
  web:
    ${quick}
    command: [sleep, "100000"]
  db:
    ${quick}
    command: [sleep, "100000"]
    networks: {default: {aliases: [database]}}
networks: {default: {${opts}}}
`;
    await put(text(''));
    await world.untilReady(stack);
    const before = await Promise.all([inspect('web'), inspect('db')]);
    await edit(text('driver_opts: {com.docker.network.bridge.enable_icc: "false"}'));
    const after = await Promise.all([inspect('web'), inspect('db')]);
    expect(after.map((wire) => wire.State.Pid)).toEqual(before.map((wire) => wire.State.Pid));
    for (const name of ['db', 'database', `${stack}-db-1`]) {
      expect((await exec('web', 'nslookup', name)).code, name).toBe(0);
    }
  });

  test('row 6: a stopped container whose network was deleted is put on the new one and started', async () => {
    await edit(`
services:
  web:
    ${quick}
    command: [sleep, "100001"]
    networks: [lone]
networks: {lone: {internal: true}}
`);
    const { Id } = await inspect('web');
    await world.ctl('suspend', stack);
    await world.docker.getContainer(`${stack}-web-1`).stop({ t: 0 });
    await world.docker.getNetwork(`${stack}_lone`).remove();
    await world.ctl('resume', stack);
    await eventually('it runs again', async () => ((await inspect('web')).State.Running ? true : undefined), {
      withinMs: 60_000,
    });
    await world.untilReady(stack);
    const wire = await inspect('web');
    const network = await world.docker.getNetwork(`${stack}_lone`).inspect();
    expect(wire.Id).toBe(Id);
    expect(wire.NetworkSettings.Networks[`${stack}_lone`]?.NetworkID).toBe(network.Id);
    expect(network.Internal).toBe(true);
  });

  test('row 8: an unhealthy container is restarted, the same one, and the event says why', async () => {
    await edit(`
services:
  web:
    ${quick}
    command: [sh, -c, "touch /tmp/well; exec sleep 100000"]
    healthcheck: {test: [CMD, test, -e, /tmp/well], interval: 1s, retries: 2}
`);
    const before = await inspect('web');
    await exec('web', 'rm', '/tmp/well');
    await eventually(
      'it was restarted',
      async () => {
        const now = await inspect('web');
        return now.State.StartedAt !== before.State.StartedAt && now.State.Health?.Status === 'healthy'
          ? true
          : undefined;
      },
      { withinMs: 60_000, everyMs: 200 },
    );
    expect((await inspect('web')).Id).toBe(before.Id);
    const events = await world.events(stack);
    expect(events.some((event) => event.reason === 'Restarted' && event.message.includes('Unhealthy'))).toBe(
      true,
    );
  });

  test('row 12: a config file replaced by mv, inline content and a secret from a variable are all rolled out', async () => {
    const text = (content: string, secret: string) => `
services:
  web:
    ${quick}
    command: [sleep, "100002"]
    configs: [{source: file, target: /etc/file}, {source: inline, target: /etc/inline}]
    secrets: [token]
configs:
  file: {file: ./page.txt}
  inline: {content: "${content}"}
secrets: {token: {environment: TOKEN}}
# ${secret}
`;
    await world.write('page.txt', 'one');
    await world.write('.env', 'TOKEN=first-secret\n');
    await edit(text('inline one', ''));
    const read = async () =>
      (await exec('web', 'cat', '/etc/file', '/etc/inline', '/run/secrets/token')).stdout;
    /** Once the replacement is over and the container has its final name. */
    const untilRead = (wanted: string) =>
      eventually(wanted, async () => ((await read()) === wanted ? true : undefined), {
        withinMs: 60_000,
        everyMs: 100,
      });
    await untilRead('oneinline onefirst-secret');

    const replaced = join(world.manifests, 'page.new');
    await writeFile(replaced, 'two');
    await rename(replaced, join(world.manifests, 'page.txt'));
    await untilRead('twoinline onefirst-secret');
    await world.untilReady(stack);
    await edit(text('inline two', ''));
    await untilRead('twoinline twofirst-secret');
    await world.write('.env', 'TOKEN=second-secret\n');
    await untilRead('twoinline twosecond-secret');
    await world.untilReady(stack);
    const shown = [
      await world.log(),
      JSON.stringify(await world.status(stack)),
      JSON.stringify(await world.events(stack)),
      JSON.stringify((await inspect('web')).Config.Labels),
    ].join('\n');
    expect(shown).not.toContain('first-secret');
    expect(shown).not.toContain('second-secret');
  });

  test('row 13: a bind directory that was deleted and made again is mounted anew', async () => {
    const directory = join(world.directory, 'bound');
    await mkdir(directory);
    await writeFile(join(directory, 'file'), 'old');
    await edit(`
services:
  web:
    ${quick}
    command: [sleep, "100003"]
    volumes: ["${directory}:/bound:ro"]
`);
    const { Id } = await inspect('web');
    await rm(directory, { recursive: true });
    await mkdir(directory);
    await writeFile(join(directory, 'file'), 'new');
    await world.ctl('reconcile', stack);
    await eventually(
      'the new directory is seen inside',
      async () => ((await exec('web', 'cat', '/bound/file')).stdout === 'new' ? true : undefined),
      { withinMs: 60_000, everyMs: 200 },
    );
    expect((await inspect('web')).Id).toBe(Id);
    await world.untilReady(stack);
  });

  test('rows 14 and 15: a changed volume keeps its data and says so; what is taken out of the file goes, volumes stay', async () => {
    const text = (volume: string, rest: string) => `
services:
  web:
    ${quick}
    command: [sleep, "100004"]
    volumes: [data:/data]
${rest}
volumes: {data: {${volume}}}
`;
    const extra = `  extra:
    ${quick}
    command: [sleep, "100004"]
    networks: [side]
    volumes: [more:/more]
networks: {side: {}}`;
    await edit(text('}, more: {', extra));
    await exec('web', 'sh', '-c', 'echo precious >/data/token');
    const { Id } = await inspect('web');
    await edit(text('', ''));
    await expect(inspect('extra')).rejects.toMatchObject({ statusCode: 404 });
    await expect(world.docker.getNetwork(`${stack}_side`).inspect()).rejects.toMatchObject({
      statusCode: 404,
    });
    expect((await world.docker.getVolume(`${stack}_more`).inspect()).Name).toBe(`${stack}_more`);

    await put(text('driver_opts: {type: tmpfs, device: tmpfs}', ''));
    const status = await eventually(
      'it is refused',
      async () => {
        const now = await world.status(stack);
        return now?.conditions.some((each) => each.reason === 'VolumeWouldBeLost') === true ? now : undefined;
      },
      { withinMs: 60_000, everyMs: 100 },
    );
    expect(status.conditions.find((each) => each.type === 'Ready')?.status).toBe('False');
    expect((await inspect('web')).Id).toBe(Id);
    expect((await exec('web', 'cat', '/data/token')).stdout).toContain('precious');
    await edit(text('', ' '));
  });

  test('row 19: inherited volumes are shared, read-only where so asked, also where the image declares them', async () => {
    image = `stackctl.local/${stack}`;
    const made = await world.docker.createContainer({ Image: SMALL_IMAGE, Cmd: ['true'] });
    await made.commit({ repo: image, tag: '1', changes: 'VOLUME ["/var/lib/app/", "/data/"]' });
    await made.remove();
    await edit(`
services:
  app:
    image: ${image}:1
    stop_signal: SIGKILL
    command: [sh, -c, "echo precious >/var/lib/app/token; exec sleep 100005"]
    volumes: [data:/data]
  backup:
    image: ${image}:1
    stop_signal: SIGKILL
    command: [sleep, "100005"]
    volumes_from: ["app:ro"]
volumes: {data: {}}
`);
    const read = () => exec('backup', 'cat', '/var/lib/app/token');
    await eventually('it is read', async () => ((await read()).stdout === 'precious\n' ? true : undefined), {
      withinMs: 30_000,
    });
    expect((await exec('backup', 'touch', '/var/lib/app/token')).code).toBe(1);
    const [app, backup] = await Promise.all([inspect('app'), inspect('backup')]);
    const mounts = ({ Mounts }: ContainerInspectInfo) =>
      Mounts.map(({ Name, Destination }) => `${Name} ${Destination}`).sort();
    expect(mounts(app)).toEqual([
      expect.stringMatching(new RegExp(`^${stack}_app_1_[0-9a-f]{8} /var/lib/app$`)),
      `${stack}_data /data`,
    ]);
    expect(mounts(backup)).toEqual(mounts(app));
    expect(await world.writesOfTwoPasses(stack)).toEqual([]);
  });
});
