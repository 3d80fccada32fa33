import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { hasEngine } from '../support/lab.ts';
import { World } from '../support/stackctld.ts';

/** Several directories and applied manifests side by side; what is deleted when manifests go; drift that is only told. */
describe.skipIf(!hasEngine())('stacks of several sources', () => {
  let world: World;
  let other: string;
  const named = (name: string) => `${name}${world.unique}`;
  const stack = (name: string, control = '', more = '') =>
    JSON.stringify({
      apiVersion: 'stackctl.io/v1alpha1',
      kind: 'Stack',
      metadata: { name: named(name) },
    }).replace(
      /\}$/,
      `, "spec": {${control} "services": {"web": {"image": "stackctl.local/busybox:1", "command": ["sleep", "100000"], "stop_signal": "SIGKILL", "networks": {"shared": {}}${more}}}, "networks": {"shared": {"name": "${named('shared')}"${name === 'base' ? '' : ', "external": true'}}}}}`,
    );

  beforeAll(async () => {
    world = await World.create();
    other = join(world.directory, 'other');
    await mkdir(other);
    for (const name of ['one', 'two', 'three'])
      await world.write(`${name}.yaml`, stack(name, `"dependsOn": [{"name": "${named('base')}"}],`));
    await start();
  });
  afterAll(() => world.dispose());

  const start = () => world.start(['--manifests', other, '--delete-grace', '1s', '--resync', '5s']);
  const container = (name: string) => world.docker.getContainer(`${named(name)}-web-1`);
  const inspect = (name: string) =>
    container(name)
      .inspect()
      .catch(() => undefined);
  const ready = async (name: string) =>
    (await world.status(named(name)))?.conditions.find(({ type }) => type === 'Ready');
  const until = (what: string, isSo: () => Promise<boolean>) =>
    eventually(what, async () => ((await isSo()) ? true : undefined), { withinMs: 90_000, everyMs: 200 });

  test('wait for one of another source, which has their network, and are started after it', async () => {
    await until(
      'one waits for base',
      async () => (await ready('one'))?.message.includes('no source has a manifest') === true,
    );
    expect((await inspect('one'))?.State.Running).not.toBe(true);
    await writeFile(join(other, 'base.yaml'), stack('base'));
    for (const name of ['base', 'one', 'two', 'three']) await world.untilReady(named(name));
    const startedAt = async (name: string) => Date.parse((await container(name).inspect()).State.StartedAt);
    expect(await startedAt('one')).toBeGreaterThan(await startedAt('base'));
  });

  test('of one name: the first keeps it, and apply --force takes it over until delete hands it back', async () => {
    const before = (await inspect('one'))?.Id;
    await writeFile(join(other, 'one.yaml'), stack('one', '', ', "environment": {"RIVAL": "1"}'));
    await until(
      'the conflict is told',
      async () =>
        (await world.status(named('one')))?.problems.some(({ code }) => code === 'DuplicateStack') === true,
    );
    expect((await inspect('one'))?.Id).toBe(before);
    await rm(join(other, 'one.yaml'));

    const path = await world.file('mine.yaml', stack('one', '', ', "environment": {"MINE": "1"}'));
    const refused = await world.ctl('apply', '-f', path);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('--force');
    const forced = await world.ctl('apply', '-f', path, '--force', '--timeout', '60s');
    expect(forced.code, forced.stderr).toBe(0);
    expect((await inspect('one'))?.Config.Env).toContain('MINE=1');
    await world.stop();
    await start();
    await world.untilReady(named('one'));
    expect((await inspect('one'))?.Config.Env).toContain('MINE=1');
    const given = await world.ctl('delete', named('one'));
    expect(given.stdout).toContain(`stack/${named('one')} handed back to directory:${world.manifests}`);
    await until('the manifest of the directory counts', async () => {
      const live = await inspect('one');
      return live?.State.Running === true && !live.Config.Env.includes('MINE=1');
    });
    await world.untilReady(named('one'));
    expect(await world.writesOfTwoPasses(named('one'))).toEqual([]);
  });

  test('with driftDetection warn: drift is told, diff says 1, and a changed manifest is carried out all the same', async () => {
    const warn = `"dependsOn": [{"name": "${named('base')}"}], "driftDetection": {"mode": "warn"},`;
    await world.write('two.yaml', stack('two', warn, ', "mem_limit": "32m"'));
    await until(
      'it is as wanted',
      async () => (await inspect('two'))?.HostConfig.Memory === 32 * 1024 * 1024,
    );
    await world.untilReady(named('two'));
    expect(await world.writesOfTwoPasses(named('two'))).toEqual([]);
    await container('two').update({ Memory: 16 * 1024 * 1024, MemorySwap: 32 * 1024 * 1024 });
    await until('it is told', async () => (await ready('two'))?.reason === 'Drifted');
    expect(await world.writesOfTwoPasses(named('two'))).toEqual([]);
    expect(await ready('two')).toMatchObject({ status: 'True', reason: 'Drifted' });
    expect((await world.status(named('two')))?.sync).toBe('OutOfSync');
    const diff = await world.ctl('diff', named('two'));
    expect([diff.code, diff.stdout.includes('resources.Memory')]).toEqual([1, true]);
    const events = await world.events(named('two'));
    expect(events.some(({ reason, type }) => reason === 'Drifted' && type === 'Warning')).toBe(true);
    await world.write('two.yaml', stack('two', warn, ', "mem_limit": "48m"'));
    await until(
      'it is as wanted',
      async () => (await inspect('two'))?.HostConfig.Memory === 48 * 1024 * 1024,
    );
    await until(
      'nothing is told any more',
      async () => (await ready('two'))?.reason === 'ReconciliationSucceeded',
    );
  });

  test('of which one has the volume of another: delete --volumes of that one removes nothing, and of both all', async () => {
    const having = (name: string, volume: string) =>
      `name: ${named(name)}\nservices: {web: {image: "stackctl.local/busybox:1", command: [sleep, "100000"], stop_signal: SIGKILL, volumes: ["data:/data"]}}\nvolumes: {data: ${volume}}\n`;
    const owner = await world.file('owner.compose.yaml', having('owner', '{}'));
    const user = await world.file(
      'user.compose.yaml',
      having('user', `{name: ${named('owner')}_data, external: true}`),
    );
    for (const file of [owner, user])
      expect((await world.ctl('apply', '-f', file, '--timeout', '90s')).code).toBe(0);
    const before = world.proxy.writes().length;
    const refused = await world.ctl('delete', named('owner'), '--volumes');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(
      `volume ${named('owner')}_data is used by container ${named('user')}-web-1 of stack ${named('user')}`,
    );
    expect(world.proxy.writes().slice(before)).toEqual([]);
    expect((await inspect('owner'))?.State.Running).toBe(true);
    const both = await world.ctl('delete', named('owner'), named('user'), '--volumes');
    expect(both.code, both.stderr).toBe(0);
    const { Volumes } = await world.docker.listVolumes();
    expect(Volumes.map(({ Name }) => Name)).not.toContain(`${named('owner')}_data`);
  });

  test('of which many lose their manifests: one goes in ten minutes, also over restarts, and others when confirmed', async () => {
    await rm(join(world.manifests, 'one.yaml'));
    await until('one is gone', async () => (await inspect('one')) === undefined);
    await rm(join(world.manifests, 'two.yaml'));
    await until('two is held', async () => (await ready('two'))?.reason === 'TooManyDeletions');
    await world.stop();
    await start();
    expect(await world.writesOfTwoPasses(named('two'))).toEqual([]);
    // The time of grace begins anew with a daemon, and what the last one said is shown until it has.
    await until('two is held again', async () =>
      (await world.ctl('get', 'stacks')).stderr.includes(`stack/${named('two')} is kept (TooManyDeletions)`),
    );
    expect((await inspect('two'))?.State.Running).toBe(true);
    expect((await world.ctl('delete', named('two'))).code).toBe(1);
    expect((await world.ctl('delete', named('two'), '--confirm')).code).toBe(0);
    expect(await inspect('two')).toBeUndefined();

    await rm(join(world.manifests, 'three.yaml'));
    await rm(join(other, 'base.yaml'));
    await until(
      'the last of a source is kept',
      async () => (await ready('base'))?.reason === 'SourceSuspect',
    );
    expect((await inspect('base'))?.State.Running).toBe(true);
  });
});
