import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inspectOf } from '../support/engine-view.ts';
import { eventually } from '../support/eventually.ts';
import { inside } from '../support/inside.ts';
import { hasEngine, SMALL_IMAGE } from '../support/lab.ts';
import { type Ran, World } from '../support/stackctld.ts';

/** What each of them is meant for reaches the container; nobody else ever hears of it. */
const CANARIES = {
  environment: 'canary-inline-environment',
  envFile: 'canary-of-an-env-file',
  secret: 'canary-of-a-secret-file',
  config: 'canary-inside-a-config',
  build: 'canary-of-a-build-argument',
  daemon: 'canary-of-the-daemons-own-environment',
} as const;
/** Written into the manifest itself, which the state directory keeps as it is (docs/security.md). */
const IN_THE_MANIFEST: readonly string[] = [CANARIES.environment, CANARIES.config, CANARIES.build];

describe.skipIf(!hasEngine())('secrets on a real engine', () => {
  let world: World;
  let stack: string;
  const said: Ran[] = [];

  const manifest = (change: number) => `
services:
  web:
    image: ${SMALL_IMAGE}
    command: [sleep, "100000"]
    stop_signal: SIGKILL
    environment: {PASSWORD: "${CANARIES.environment}", CHANGE: "${change}"}
    env_file: web.env
    secrets: [token]
    configs: [{source: page, target: /page}]
    deploy: {update_config: {monitor: 100ms}}
  built:
    build:
      context: .
      dockerfile_inline: |
        FROM ${SMALL_IMAGE}
        ARG TOKEN
        LABEL change=${change}
      args: {TOKEN: "${CANARIES.build}"}
    image: stackctl.local/${stack}:${change}
    command: [sleep, "100000"]
    stop_signal: SIGKILL
    deploy: {update_config: {monitor: 100ms}}
  broken:
    image: ${SMALL_IMAGE}
    command: [no-such-program, "${CANARIES.environment}"]
secrets: {token: {file: ./token.txt}}
configs: {page: {content: "${CANARIES.config}"}}
`;

  beforeAll(async () => {
    // The engine's client would print every request and answer.
    world = await World.create({ env: { DEBUG: 'modem,modem:*,*', CANARY: CANARIES.daemon } });
    stack = `t${world.unique}`;
    await world.start();
    await world.write('web.env', `TOKEN=${CANARIES.envFile}\n`);
    await world.write('token.txt', CANARIES.secret);
  });
  afterAll(async () => {
    for (const change of [1, 2]) {
      const image = world?.docker.getImage(`stackctl.local/${stack}:${change}`);
      await image?.remove({ force: true }).catch(() => undefined);
    }
    await world?.dispose();
  });

  const ctl = async (...argv: string[]) => {
    said.push(await world.ctl(...argv));
  };

  /** Both that can run do so in this revision; the third never can. */
  const runs = (change: number) =>
    eventually(
      'web and built run, and broken is told of',
      async () => {
        const status = await world.status(stack);
        const isReady = (name: string) =>
          status?.services.find((service) => service.name === name)?.ready === 1;
        const web = await inspectOf(world.docker, `${stack}-web-1`);
        const isNew = web?.Config.Env?.includes(`CHANGE=${change}`) === true;
        return isNew && isReady('web') && isReady('built') ? status : undefined;
      },
      { withinMs: 90_000, everyMs: 200 },
    ).catch(async (error: Error) => {
      throw new Error(`${error.message}\n${(await world.log()).slice(-3000)}`);
    });

  test('reach who they are for', async () => {
    await world.write(`${stack}.compose.yaml`, manifest(1));
    await runs(1);
    const read = async (command: string) =>
      (await inside(world.docker, `${stack}-web-1`, ['sh', '-c', command])).stdout;
    expect(await read('echo $PASSWORD $TOKEN; cat /run/secrets/token /page')).toBe(
      `${CANARIES.environment} ${CANARIES.envFile}\n${CANARIES.secret}${CANARIES.config}`,
    );
  });

  test('and are in nothing else, whatever happens to the stack', async () => {
    await world.docker.getContainer(`${stack}-web-1`).stop({ t: 0 });
    await world.write(`${stack}.compose.yaml`, manifest(2));
    await ctl('diff', stack);
    await runs(2);
    await world.write(`${stack}.compose.yaml`, manifest(2).replace('image:', 'imagine:'));
    await world.kill();
    await world.start();
    for (const format of ['wide', 'json', 'yaml']) await ctl('get', 'stacks', stack, '-o', format);
    await ctl('describe', stack);
    await ctl('history', stack, '-o', 'json');
    await ctl('events', stack, '-o', 'json');
    await world.stop();

    const log = await world.log();
    const printed = said.map(({ stdout, stderr }) => stdout + stderr).join('\n');
    // Without these nothing was looked at.
    expect(log).toContain('create container');
    expect(printed).toContain(`${stack}-web-1`);
    for (const canary of Object.values(CANARIES)) {
      expect(log.includes(canary), `${canary} in the log`).toBe(false);
      expect(printed.includes(canary), `${canary} on the terminal`).toBe(false);
    }
    const files = await readdir(world.stateDirectory, { recursive: true, withFileTypes: true });
    const kept = files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name));
    expect(kept.length).toBeGreaterThan(3);
    for (const path of kept) {
      const isManifest = /\/(last-good|applied)\//.test(path);
      const canaries = Object.values(CANARIES).filter(
        (each) => !isManifest || !IN_THE_MANIFEST.includes(each),
      );
      const text = plain(await readFile(path));
      for (const canary of canaries) expect(text.includes(canary), `${canary} in ${path}`).toBe(false);
    }
  });
});

function plain(bytes: Buffer): string {
  try {
    return gunzipSync(bytes).toString();
  } catch {
    return bytes.toString();
  }
}
