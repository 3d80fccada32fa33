import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inspectOf } from '../support/engine-view.ts';
import { eventually } from '../support/eventually.ts';
import { inside } from '../support/inside.ts';
import { hasEngine, SMALL_IMAGE } from '../support/lab.ts';
import { newAgeKey, SopsWriter } from '../support/sops-writer.ts';
import { type Ran, World } from '../support/stackctld.ts';

/** Secrets and configs get another content, in clear files and in such that `sops` encrypted. */
describe.skipIf(!hasEngine())('rotation', () => {
  let world: World;
  let stack: string;
  let key: Awaited<ReturnType<typeof newAgeKey>>;
  const said: Ran[] = [];
  const SERVICES = ['encrypted', 'variables', 'manifest', 'plain', 'config', 'bystander'] as const;

  const manifest = (password: string) => {
    const service = (more: string) =>
      `{image: ${SMALL_IMAGE}, command: [sleep, "100000"], stop_signal: SIGKILL, deploy: {update_config: {monitor: 100ms}}${more}}`;
    return key.sops.yaml(
      `
services:
  encrypted: ${service(', secrets: [token]')}
  variables: ${service(', env_file: web.env')}
  manifest: ${service(`, environment: {PASSWORD: ${password}}`)}
  plain: ${service(', secrets: [clear]')}
  config: ${service(', configs: [{source: page, target: /page}]')}
  bystander: ${service('')}
secrets: {token: {file: token.sops}, clear: {file: clear.txt}}
configs: {page: {file: page.txt}}
`,
      '^environment$',
    );
  };

  const ids = async () =>
    Object.fromEntries(
      await Promise.all(
        SERVICES.map(
          async (name) => [name, (await inspectOf(world.docker, `${stack}-${name}-1`))?.Id] as const,
        ),
      ),
    );

  /** Which services have another container once the stack has settled on this change. */
  const replacedBy = async (change: () => Promise<unknown>, isThere: () => Promise<boolean>) => {
    const before = await ids();
    await change();
    await eventually('the change is there', async () => ((await isThere()) ? true : undefined), {
      withinMs: 60_000,
      everyMs: 200,
    }).catch(async (error: Error) => {
      throw new Error(`${error.message}\n${(await world.log()).slice(-3000)}`);
    });
    await world.untilReady(stack);
    const after = await ids();
    return SERVICES.filter((name) => before[name] !== after[name]);
  };
  const says = (service: string, command: string, expected: string) => async () =>
    (await inside(world.docker, `${stack}-${service}-1`, ['sh', '-c', command]).catch(() => undefined))
      ?.stdout === expected;
  /** A file that is mounted shows its new content to the old container too. */
  const isAnother = async (service: string) => {
    const before = (await ids())[service];
    return async () => {
      const now = (await ids())[service];
      return now !== undefined && now !== before;
    };
  };
  const ctl = async (...argv: string[]): Promise<Ran> => {
    const ran = await world.ctl(...argv);
    said.push(ran);
    return ran;
  };

  beforeAll(async () => {
    world = await World.create();
    stack = `s${world.unique}`;
    key = await newAgeKey(join(world.directory, 'age.txt'));
    await world.start(['--sops-age-key-file', key.path, '--resync', '2s']);
    await world.write('token.sops', await key.sops.binary('canary-token-1'));
    await world.write('web.env', await key.sops.dotenv({ TOKEN: 'canary-env-1' }));
    await world.write('clear.txt', 'clear-1');
    await world.write('page.txt', 'page-1');
    await world.write(`${stack}.compose.yaml`, await manifest('canary-manifest-1'));
    await world.untilReady(stack);
  });
  afterAll(() => world?.dispose());

  test('what is encrypted reaches who it is for', async () => {
    expect(await says('encrypted', 'cat /run/secrets/token', 'canary-token-1')()).toBe(true);
    expect(await says('variables', 'printf %s "$TOKEN"', 'canary-env-1')()).toBe(true);
    expect(await says('manifest', 'printf %s "$PASSWORD"', 'canary-manifest-1')()).toBe(true);
  });

  test('encrypting the same again, for one recipient more, replaces nothing', async () => {
    const before = await ids();
    const { recipient } = await newAgeKey(join(world.directory, 'other.txt'));
    const sops = new SopsWriter(recipient, key.recipient);
    await world.write('token.sops', await sops.binary('canary-token-1'));
    await world.write('web.env', await sops.dotenv({ TOKEN: 'canary-env-1' }));
    await world.write(`${stack}.compose.yaml`, await manifest('canary-manifest-1'));
    expect(await world.writesOfTwoPasses(stack)).toEqual([]);
    expect(await ids()).toEqual(before);
  });

  test('another value replaces those who use it, and nobody else', async () => {
    const write = (name: string, text: string) => () => world.write(name, text);
    expect(
      await replacedBy(
        write('token.sops', await key.sops.binary('canary-token-2')),
        says('encrypted', 'cat /run/secrets/token', 'canary-token-2'),
      ),
    ).toEqual(['encrypted']);
    expect(
      await replacedBy(
        write('web.env', await key.sops.dotenv({ TOKEN: 'canary-env-2' })),
        says('variables', 'printf %s "$TOKEN"', 'canary-env-2'),
      ),
    ).toEqual(['variables']);
    expect(
      await replacedBy(
        write(`${stack}.compose.yaml`, await manifest('canary-manifest-2')),
        says('manifest', 'printf %s "$PASSWORD"', 'canary-manifest-2'),
      ),
    ).toEqual(['manifest']);
    expect(await replacedBy(write('clear.txt', 'clear-2'), await isAnother('plain'))).toEqual(['plain']);
    expect(await replacedBy(write('page.txt', 'page-2'), await isAnother('config'))).toEqual(['config']);
    expect(await says('plain', 'cat /run/secrets/clear', 'clear-2')()).toBe(true);
    expect(await says('config', 'cat /page', 'page-2')()).toBe(true);
  });

  test('a file that was changed without its key is told of, and all stays as it is', async () => {
    const before = await ids();
    const path = join(world.manifests, 'web.env');
    const good = await readFile(path, 'utf8');
    await world.write('web.env', `${good}MORE=smuggled\n`);
    const problem = await eventually(
      'it is told',
      async () => (await world.status(stack))?.conditions.find(({ message }) => message.includes('web.env:')),
      { withinMs: 30_000, everyMs: 200 },
    );
    expect(problem.message).toMatch(/web\.env:\d+:\d+/);
    expect(await ids()).toEqual(before);
    await world.write('web.env', good);
    await eventually(
      'it is good again',
      async () => {
        const conditions = (await world.status(stack))?.conditions;
        const ready = conditions?.find(({ type }) => type === 'Ready');
        return ready?.status === 'True' && !ready.message.includes('web.env') ? true : undefined;
      },
      { withinMs: 30_000, everyMs: 200 },
    );
    expect(await ids()).toEqual(before);
  });

  test('what is applied goes to the daemon encrypted, and is decrypted there', async () => {
    const name = `${stack}a`;
    await world.file('web.env', await key.sops.dotenv({ TOKEN: 'canary-applied-env' }));
    const text = `
name: ${name}
services:
  web:
    image: ${SMALL_IMAGE}
    command: [sleep, "100000"]
    stop_signal: SIGKILL
    env_file: web.env
    environment: {PASSWORD: canary-applied}
`;
    const path = await world.file('compose.yaml', await key.sops.yaml(text, '^environment$'));
    const ran = await ctl('apply', '-f', path, '--timeout', '60s');
    expect(ran.code, ran.stderr).toBe(0);
    const env = (await inspectOf(world.docker, `${name}-web-1`))?.Config.Env;
    expect(env).toEqual(expect.arrayContaining(['PASSWORD=canary-applied', 'TOKEN=canary-applied-env']));
    expect((await ctl('diff', '-f', path)).code).toBe(0);
  });

  test('a daemon that comes back without its key deletes nothing, and goes on once it has the key', async () => {
    const before = await ids();
    await world.kill();
    const earlier = (await world.log()).length;
    const told = async () => (await world.log()).slice(earlier);
    await world.start(['--resync', '1s', '--delete-grace', '1s']);
    await eventually(
      'several readings of the source have passed',
      async () => {
        await world.write('touched.txt', String(Math.random()));
        const log = await told();
        const readings = log.split('a source was read').length - 1;
        return readings > 8 && log.includes('has no age key') ? true : undefined;
      },
      { withinMs: 60_000, everyMs: 500 },
    );
    expect(await told()).not.toContain('deleting a stack');
    expect(await ids()).toEqual(before);
    await world.kill();
    await world.start(['--sops-age-key-file', key.path, '--resync', '2s']);
    await world.untilReady(stack);
    expect(await ids()).toEqual(before);
  });

  test('no value is anywhere but in the containers that have it', async () => {
    for (const format of ['wide', 'json', 'yaml']) await ctl('get', 'stacks', stack, '-o', format);
    await ctl('describe', stack);
    await ctl('history', stack, '-o', 'json');
    await ctl('events', stack, '-o', 'json');
    await world.write(`${stack}.compose.yaml`, await manifest('canary-manifest-3'));
    await ctl('diff', stack);
    const file = join(world.manifests, `${stack}.compose.yaml`);
    for (const verb of ['config', 'validate', 'diff']) await ctl(verb, '-f', file);
    expect(said.map(({ stdout }) => stdout).join()).toContain('[encrypted]');
    await eventually(
      'the last manifest is rolled out',
      async () =>
        (await says('manifest', 'printf %s "$PASSWORD"', 'canary-manifest-3')()) ? true : undefined,
      { withinMs: 60_000, everyMs: 200 },
    );
    await world.untilReady(stack);
    for (const service of SERVICES) {
      const { Config } = (await inspectOf(world.docker, `${stack}-${service}-1`)) ?? {};
      expect(JSON.stringify(Config?.Labels)).toContain(stack);
      expect(JSON.stringify([Config?.Labels, Config?.Cmd])).not.toContain('canary');
    }
    await world.stop();
    expect(await world.log()).toContain('create container');
    expect(await world.log()).not.toMatch(/canary|AGE-SECRET-KEY/);
    expect(said.map(({ stdout, stderr }) => stdout + stderr).join('\n')).not.toMatch(/canary|AGE-SECRET-KEY/);
    const files = await readdir(world.stateDirectory, { recursive: true, withFileTypes: true });
    const kept = files.filter((each) => each.isFile()).map((each) => join(each.parentPath, each.name));
    expect(kept.length).toBeGreaterThan(3);
    for (const path of kept) expect(plain(await readFile(path)), path).not.toMatch(/canary|AGE-SECRET-KEY/);
  });
});

function plain(bytes: Buffer): string {
  return bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes).toString() : bytes.toString();
}
