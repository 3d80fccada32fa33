import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { StackStatus } from '../../src/model/status.ts';
import { AppliedStacks, plain, slow } from '../support/applied-stacks.ts';
import { eventually } from '../support/eventually.ts';
import { inside } from '../support/inside.ts';
import { hasEngine } from '../support/lab.ts';
import { World } from '../support/stackctld.ts';

const isReady = (status: StackStatus | undefined): boolean =>
  status?.conditions.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true;

describe.skipIf(!hasEngine())('what a user does with stackctl', () => {
  let world: World;
  let stacks: AppliedStacks;

  beforeAll(async () => {
    world = await World.create();
    stacks = new AppliedStacks(world);
    await world.start();
  });
  afterEach(() => stacks.deleteAll());
  afterAll(() => world.dispose());

  describe('apply', () => {
    test('of a file waits until the service works, and says so', async () => {
      const stack = stacks.newName();
      const path = await world.file(`${stack}/compose.yaml`, slow(stack));
      const ran = await world.ctl('apply', '-f', path);
      const { State } = await world.docker.getContainer(`${stack}-web-1`).inspect();
      expect({ code: ran.code, health: State.Health?.Status }).toEqual({ code: 0, health: 'healthy' });
      expect(ran.stdout).toBe(`stack/${stack} created\nstack/${stack} ready\n`);
    });

    test('ends with what lint finds, which changes nothing, and the waiver of a service has no part in what runs', async () => {
      const stack = stacks.newName();
      const token = 'a1b2c3d4e5';
      const open = `${plain(stack)}    environment: {API_TOKEN: ${token}}\n`;
      const waived = `${open}    x-stackctl: {lint: {ignore: [{rule: secret-in-environment, reason: of a test}]}}\n`;
      const path = await world.file(`${stack}/compose.yaml`, open);
      const first = await world.ctl('apply', '-f', path);
      expect(first).toMatchObject({ code: 0, stdout: `stack/${stack} created\nstack/${stack} ready\n` });
      const [head, worst] = first.stderr.trimEnd().split('\n').slice(-4);
      expect(head).toMatch(/^lint: 1 error, \d+ warnings in /);
      expect(worst).toContain('(secret-in-environment)');
      expect(first.stderr).not.toContain(token);
      const before = await stacks.containers(stack);

      await world.file(`${stack}/compose.yaml`, waived);
      const second = await world.ctl('apply', '-f', path);
      expect(second.code).toBe(0);
      expect(second.stderr).not.toContain('secret-in-environment');
      expect(await stacks.containers(stack)).toEqual(before);
      expect((await world.ctl('apply', '-f', path, '--no-lint')).stderr).not.toContain('lint');
      expect(await world.ctl('lint', path, '--rule', 'secret-in-environment')).toMatchObject({
        code: 0,
        stdout: '',
      });
    });

    test('of the same again says unchanged, and neither it nor the passes after it write anything', async () => {
      const { stack, path } = await stacks.applied(plain);
      const before = await stacks.containers(stack);
      const ran = await stacks.withoutWrites(() => world.ctl('apply', '-f', path));
      expect(ran).toMatchObject({ code: 0, stdout: `stack/${stack} unchanged\nstack/${stack} ready\n` });
      expect(await world.writesOfTwoPasses(stack)).toEqual([]);
      expect(await stacks.containers(stack)).toEqual(before);
    });

    test('of a directory takes every manifest of its tree, of both forms', async () => {
      const [lifted, enveloped] = [stacks.newName(), stacks.newName()];
      await world.file(`${lifted}/one/compose.yaml`, slow(lifted));
      await world.file(
        `${lifted}/two/stack.yaml`,
        `{apiVersion: stackctl.io/v1alpha1, kind: Stack, metadata: {name: ${enveloped}}, spec: {
          dependsOn: [{name: ${lifted}}],
          services: {web: {image: "stackctl.local/busybox:1", networks: {own: {}}}}, networks: {own: {}}}}`,
      );
      const path = await world.file(`${lifted}/two/data.yaml`, 'just: data\n');
      const ran = await world.ctl('apply', '-f', path.replace('/two/data.yaml', ''));
      expect(ran).toMatchObject({ code: 0 });
      expect(await stacks.containers(lifted)).toMatchObject([{ name: `${lifted}-web-1`, state: 'running' }]);
      expect(await stacks.containers(enveloped)).toMatchObject([
        { name: `${enveloped}-web-1`, state: 'running' },
      ]);
      expect(await stacks.networks(enveloped)).toEqual([`${enveloped}_own`]);
      // It waited for the other to work, which that does a second after its start.
      const startedAtMs = async (stack: string) =>
        Date.parse((await world.docker.getContainer(`${stack}-web-1`).inspect()).State.StartedAt);
      expect((await startedAtMs(enveloped)) - (await startedAtMs(lifted))).toBeGreaterThan(1000);
    });

    test('of stdin takes what another program writes', async () => {
      const stack = stacks.newName();
      const ran = await world.ctlReading(plain(stack), 'apply', '-f', '-');
      expect(ran).toMatchObject({ code: 0 });
      expect(await stacks.containers(stack)).toMatchObject([{ name: `${stack}-web-1`, state: 'running' }]);
    });

    test('with --wait=false returns before the service works, and wait waits for it', async () => {
      const stack = stacks.newName();
      // So long that it cannot work yet when the program has ended.
      const path = await world.file(`${stack}/compose.yaml`, slow(stack, 10));
      expect(await world.ctl('apply', '-f', path, '--wait=false', '--no-lint')).toMatchObject({ code: 0 });
      expect(isReady(await world.status(stack))).toBe(false);
      const waited = await world.ctl('wait', `stack/${stack}`, '--for=condition=Ready', '--timeout', '90s');
      expect(waited.code).toBe(0);
      const { State } = await world.docker.getContainer(`${stack}-web-1`).inspect();
      expect(State.Health?.Status).toBe('healthy');
    });

    test('with --dry-run makes nothing, remembers nothing and changes nothing', async () => {
      const stack = stacks.newName();
      const path = await world.file(`${stack}/compose.yaml`, plain(stack));
      expect(await stacks.withoutWrites(() => world.ctl('apply', '-f', path, '--dry-run'))).toMatchObject({
        code: 0,
      });
      expect(await stacks.containers(stack)).toEqual([]);
      expect(await world.status(stack)).toBeUndefined();

      await world.ctl('apply', '-f', path);
      const before = { containers: await stacks.containers(stack), status: await world.status(stack) };
      await world.file(`${stack}/compose.yaml`, plain(stack, '    environment: {ANOTHER: "1"}'));
      const ran = await stacks.withoutWrites(() => world.ctl('apply', '-f', path, '--dry-run'));
      expect(ran.stdout.split('\n')[0]).toBe(`stack/${stack} configured (dry run)`);
      expect(await world.writesOfTwoPasses(stack)).toEqual([]);
      expect(await stacks.containers(stack)).toEqual(before.containers);
      expect((await world.status(stack))?.generation).toBe(before.status?.generation);
    });

    test('of a tree with one fault in it applies nothing of it', async () => {
      const [good, bad] = [stacks.newName(), stacks.newName()];
      await world.file(`${good}/a/compose.yaml`, plain(good));
      const path = await world.file(
        `${good}/b/compose.yaml`,
        `name: ${bad}\nservices: {web: {imag: nothing}}\n`,
      );
      const ran = await stacks.withoutWrites(() =>
        world.ctl('apply', '-f', path.replace('/b/compose.yaml', '')),
      );
      expect(ran.code).toBe(1);
      expect(ran.stderr).toContain(`${good}/b/compose.yaml:2`);
      expect(await world.status(good)).toBeUndefined();
      expect(await stacks.containers(good)).toEqual([]);
    });

    test('of what a directory owns is refused', async () => {
      const stack = stacks.newName();
      await world.write(`${stack}.compose.yaml`, plain(stack));
      await world.untilReady(stack);
      const path = await world.file(`${stack}/compose.yaml`, plain(stack));
      expect(await stacks.withoutWrites(() => world.ctl('apply', '-f', path))).toMatchObject({ code: 1 });
    });

    test('of an image that is nowhere fails, in time, and says which', async () => {
      const stack = stacks.newName();
      const text = `name: ${stack}\nservices: {web: {image: "stackctl.local/nowhere:1", pull_policy: never}}\n`;
      const path = await world.file(`${stack}/compose.yaml`, text);
      const ran = await world.ctl('apply', '-f', path, '--timeout', '20s');
      expect(ran.code).toBe(1);
      expect(ran.stderr).toContain('stackctl.local/nowhere:1');
    });
  });

  describe('diff', () => {
    test('exits 0 when nothing differs, 1 when something does, 2 when it cannot be known; and changes nothing', async () => {
      const { stack, path } = await stacks.applied(plain);
      const codes = async (...argv: string[]) => (await world.ctl('diff', ...argv)).code;
      await stacks.withoutWrites(async () => {
        expect(await codes('-f', path)).toBe(0);
        expect(await codes(stack)).toBe(0);
        await world.file(`${stack}/compose.yaml`, plain(stack, '    mem_limit: 32m'));
        expect(await codes('-f', path)).toBe(1);
        // Of what was applied, nothing differs.
        expect(await codes(stack)).toBe(0);
        await world.file(`${stack}/compose.yaml`, plain(stack, '    mem_limit: [32m]'));
        expect(await codes('-f', path)).toBe(2);
      });
      await world.ctl('suspend', stack);
      await world.docker.getContainer(`${stack}-web-1`).remove({ force: true });
      expect(await codes(stack)).toBe(1);
    });

    test('names the fields that differ', async () => {
      const { stack, path } = await stacks.applied((name) => plain(name, '    mem_limit: 32m'));
      await world.file(`${stack}/compose.yaml`, plain(stack, '    mem_limit: 48m'));
      const { items } = JSON.parse((await world.ctl('diff', '-f', path, '-o', 'json')).stdout) as {
        items: { name: string; changes: { object: string; fields: { path: string }[] }[] }[];
      };
      expect(items.map(({ name }) => name)).toEqual([stack]);
      const fields = items[0]?.changes.flatMap(({ fields }) => fields.map(({ path }) => path));
      expect(fields).toContain('resources.Memory');
    });
  });

  describe('suspend', () => {
    test('leaves a stack alone whatever happens to it, over a restart of the daemon too; resume repairs it', async () => {
      const { stack } = await stacks.applied(plain);
      const name = `${stack}-web-1`;
      expect((await world.ctl('suspend', stack)).code).toBe(0);
      await world.docker.getContainer(name).stop({ t: 0 });
      expect(await world.writesOfTwoPasses(stack)).toEqual([]);
      expect(await world.status(stack)).toMatchObject({ suspended: true, sync: 'OutOfSync' });

      await world.stop();
      await world.start();
      expect(await world.writesOfTwoPasses(stack)).toEqual([]);
      expect((await world.docker.getContainer(name).inspect()).State.Running).toBe(false);

      const { Id } = await world.docker.getContainer(name).inspect();
      expect((await world.ctl('resume', stack)).code).toBe(0);
      await world.untilReady(stack);
      const { Id: after, State } = await world.docker.getContainer(name).inspect();
      expect({ id: after, running: State.Running }).toEqual({ id: Id, running: true });
    });

    test('counts for what is applied meanwhile: it is taken, and done on resume', async () => {
      const { stack, path } = await stacks.applied(plain);
      const before = await stacks.containers(stack);
      await world.ctl('suspend', stack);
      await world.file(`${stack}/compose.yaml`, plain(stack, '    environment: {ANOTHER: "1"}'));
      const ran = await stacks.withoutWrites(() => world.ctl('apply', '-f', path));
      expect(ran.code).toBe(0);
      expect(await stacks.containers(stack)).toEqual(before);
      await world.ctl('resume', stack);
      await eventually(
        'the new container',
        async () => {
          const [web, ...others] = await stacks.containers(stack);
          return others.length === 0 && web?.id !== before[0]?.id ? true : undefined;
        },
        { withinMs: 60_000, everyMs: 100 },
      );
    });
  });

  describe('delete', () => {
    const kept = (stack: string) =>
      plain(
        stack,
        '    networks: [own]\n    volumes: [data:/data]\nnetworks: {own: {}}\nvolumes: {data: {}}',
      );

    test('removes containers and networks and keeps volumes, for who applies it again', async () => {
      const { stack, path } = await stacks.applied(kept);
      await inside(world.docker, `${stack}-web-1`, ['sh', '-c', 'echo precious > /data/file']);
      expect(await world.ctl('delete', stack)).toMatchObject({ code: 0, stdout: `stack/${stack} deleted\n` });
      expect(await stacks.containers(stack)).toEqual([]);
      expect(await stacks.networks(stack)).toEqual([]);
      expect(await stacks.volumes(stack)).toEqual([`${stack}_data`]);
      expect(await world.status(stack)).toBeUndefined();

      expect(await world.ctl('apply', '-f', path)).toMatchObject({ code: 0 });
      const read = await inside(world.docker, `${stack}-web-1`, ['cat', '/data/file']);
      expect(read.stdout).toBe('precious\n');
    });

    test('with --volumes removes those too, and nobody else', async () => {
      const [{ stack, path }, { stack: other }] = [await stacks.applied(kept), await stacks.applied(kept)];
      const before = await stacks.containers(other);
      expect(await world.ctl('delete', '-f', path, '--volumes')).toMatchObject({ code: 0 });
      expect(await stacks.containers(stack)).toEqual([]);
      expect(await stacks.volumes(stack)).toEqual([]);
      expect(await stacks.volumes(other)).toEqual([`${other}_data`]);
      expect(await stacks.containers(other)).toEqual(before);
    });

    test('waits, with wait --for=delete, for one who does not', async () => {
      const { stack } = await stacks.applied(kept);
      expect((await world.ctl('delete', stack, '--wait=false')).code).toBe(0);
      expect((await world.ctl('wait', stack, '--for=delete')).code).toBe(0);
      expect(await stacks.containers(stack)).toEqual([]);
    });

    test('of what is not there fails, unless that is no failure', async () => {
      expect((await world.ctl('delete', 'no-such')).code).toBe(1);
      expect((await world.ctl('delete', 'no-such', '--ignore-not-found')).code).toBe(0);
    });
  });
});
