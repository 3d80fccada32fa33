import { chmod, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { cannotPull, OTHER, PullScene, web } from '../support/pull-scene.ts';
import { LOGIN } from '../support/registry.ts';

describe.skipIf(cannotPull('registry logins'))('images from a registry that wants a login', () => {
  let scene: PullScene;

  beforeAll(async () => {
    scene = await PullScene.create({ withLogin: true });
  });
  afterEach(async () => {
    await scene.stacks.deleteAll();
    await rm(join(scene.home, 'config.json'), { force: true });
  });
  afterAll(() => scene.dispose());

  const configure = (config: object) => writeFile(join(scene.home, 'config.json'), JSON.stringify(config));
  const auth = (password: string) => Buffer.from(`${LOGIN.username}:${password}`).toString('base64');
  const helper = async (name: string, script: string) => {
    const path = join(scene.home, `docker-credential-${name}`);
    await writeFile(path, `#!/bin/sh\n${script}\n`);
    await chmod(path, 0o755);
  };
  const ready = async (stack: string) => {
    await scene.world.untilReady(stack, { withinMs: 120_000 });
    expect(await scene.runningImage(stack)).toBe(await scene.idOf(scene.first));
  };
  /** Applies a stack whose image is there for those with a login; its name and what is said of it. */
  const refused = async () => {
    const stack = scene.stacks.newName();
    const ref = await scene.publish(scene.first, `${stack}:1`);
    await scene.apply(stack, web(ref) + OTHER, '--wait=false');
    const { message } = await scene.untilWeb(
      stack,
      'is refused',
      ({ state }) => state === 'ImagePullBackOff',
    );
    await eventually('the other service runs', async () => await scene.runningImage(stack, 'other'));
    expect(await scene.condition(stack, 'Ready')).toMatchObject({ status: 'False', reason: 'StepFailed' });
    return { stack, ref, message };
  };

  test('without one it is refused with a hint, and pulled once there is one in config.json', async () => {
    const { stack, message } = await refused();
    expect(message).toMatch(/docker login/);
    await configure({ auths: { [scene.registry.host]: { auth: auth(LOGIN.password) } } });
    await ready(stack);
  });

  test('a wrong password is refused with a hint', async () => {
    await configure({ auths: { [scene.registry.host]: { auth: auth('wrong-canary') } } });
    const { message } = await refused();
    expect(message).toMatch(/docker login/);
  });

  test.each([
    ['credHelpers', () => ({ credHelpers: { [scene.registry.host]: 'good' } })],
    ['credsStore', () => ({ auths: { [scene.registry.host]: {} }, credsStore: 'good' })],
  ])('a credential helper of %s has it', async (_, config) => {
    await helper(
      'good',
      `read -r server
[ "$*" = get ] && [ "$server" = '${scene.registry.host}' ] || { echo "credentials not found in native keychain"; exit 1; }
printf '{"ServerURL":"%s","Username":"${LOGIN.username}","Secret":"${LOGIN.password}"}\\n' "$server"`,
    );
    await configure(config());
    const stack = scene.stacks.newName();
    const ref = await scene.publish(scene.first, `${stack}:1`);
    await scene.applied(stack, web(ref));
    await ready(stack);
  });

  test('a credential helper that fails is named, and what it prints is not told', async () => {
    await helper('bad', `echo wrong-canary; echo wrong-canary >&2; exit 7`);
    await configure({ credHelpers: { [scene.registry.host]: 'bad' } });
    const { stack, message } = await refused();
    expect(message).toContain('docker-credential-bad');
    expect(message).toContain('exit code 7');
    // One of another registry is not asked.
    await configure({
      auths: { [scene.registry.host]: { auth: auth(LOGIN.password) } },
      credHelpers: { 'elsewhere.example': 'bad' },
    });
    await ready(stack);
  });

  test('a credential helper that is not there is named', async () => {
    await configure({ credsStore: 'nobody' });
    const { message } = await refused();
    expect(message).toContain('docker-credential-nobody');
    expect(message).toContain('ENOENT');
  });

  test('a build has the login for its base image', async () => {
    await configure({ auths: { [scene.registry.host]: { auth: auth(LOGIN.password) } } });
    const stack = scene.stacks.newName();
    const ref = await scene.publish(scene.first, `${stack}:1`);
    await scene.world.file(`${stack}/app/Dockerfile`, `FROM ${ref}\nLABEL built=${scene.world.unique}\n`);
    await scene.applied(stack, '  web: {build: ./app, stop_signal: SIGKILL}\n');
    scene.images.push(`${stack}-web`);
    expect(await scene.runningImage(stack)).toBe(await scene.idOf(`${stack}-web`));
  });

  test('no secret of any of these is in the log or in an event', async () => {
    const { stdout } = await scene.world.ctl('events');
    const log = await scene.world.log();
    expect(log).toContain('pull image');
    for (const secret of [LOGIN.password, auth(LOGIN.password), 'wrong-canary', auth('wrong-canary')]) {
      expect(stdout).not.toContain(secret);
      expect(log).not.toContain(secret);
    }
    expect(log).not.toContain('X-Registry');
  });
});
