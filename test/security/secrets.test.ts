// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Compose's variables
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLog } from '../../src/log.ts';
import { eventually } from '../support/eventually.ts';
import { WholeDaemon } from '../support/whole-daemon.ts';

/** Threat table 4.4: what is secret is in nothing that the daemon says or keeps. */

const CANARIES = {
  environment: 'canary-inline-environment',
  envFile: 'canary-of-an-env-file',
  stackVariable: 'canary-of-the-stacks-variables',
  secretFile: 'canary-of-a-secret-file',
  secretVariable: 'canary-of-a-secret-variable',
  config: 'canary-inside-a-config',
  process: 'canary-of-the-process',
} as const;

const manifest = (change: string) => `
name: demo
services:
  web:
    image: app:1
    environment: {PASSWORD: "${CANARIES.environment}", OTHER: "\${STACK_VARIABLE}", CHANGE: "${change}"}
    env_file: web.env
    command: [serve, "--password", "${CANARIES.environment}"]
    secrets: [file, variable]
    configs: [{source: page, target: /page}]
secrets:
  file: {file: ./secret.txt}
  variable: {environment: SECRET_VARIABLE}
configs:
  page: {content: "${CANARIES.config}"}
`;

let daemon: WholeDaemon;

beforeAll(async () => {
  process.env['STACKCTL_CANARY'] = CANARIES.process;
  daemon = new WholeDaemon();
  daemon.put(
    '.env',
    `STACK_VARIABLE=${CANARIES.stackVariable}\nSECRET_VARIABLE=${CANARIES.secretVariable}\n`,
  );
  daemon.put('web.env', `TOKEN=${CANARIES.envFile}\n`);
  daemon.put('secret.txt', CANARIES.secretFile);
  daemon.put('compose.yaml', manifest('1'));
  await daemon.start();
});
afterAll(async () => {
  delete process.env['STACKCTL_CANARY'];
  await daemon.stop();
});

const asked = () => JSON.stringify(daemon.asked);

/** The whole of a person's curiosity. */
async function askEverything(): Promise<void> {
  for (const format of ['wide', 'json', 'yaml']) await daemon.ctl('get', 'demo', '-o', format);
  await daemon.ctl('describe', 'demo');
  await daemon.ctl('diff', 'demo');
  await daemon.ctl('history', 'demo', '-o', 'json');
  await daemon.ctl('events', 'demo', '-o', 'json');
}

function expectSilence(): void {
  const said: Readonly<Record<string, string>> = {
    'the log': daemon.log,
    'the command line': daemon.printed.replaceAll(EXCERPT, ''),
    ...Object.fromEntries(filesBelow(daemon.state).map((path) => [path, readable(path)])),
  };
  for (const [who, text] of Object.entries(said)) {
    const heard = (isManifest(who) ? NOT_IN_MANIFEST : Object.values(CANARIES)).filter((canary) =>
      isIn(text, canary),
    );
    if (heard.length > 0 && who === 'the command line')
      console.log(
        text.slice(Math.max(0, text.indexOf(heard[0] ?? '') - 900), text.indexOf(heard[0] ?? '') + 300),
      );
    expect(heard, `${who} tells it`).toEqual([]);
  }
}

/** The line of the user's own file that a problem points at: the command line reads it with the user's rights. */
const EXCERPT = /^ *\d+ \| .*$/gm;

/** These hold manifests as they were written, and so what their author wrote into them; nothing that they refer to. */
const isManifest = (path: string): boolean => /\/state\/(applied|last-good)\//.test(path);
const NOT_IN_MANIFEST = Object.entries(CANARIES).flatMap(([kind, canary]) =>
  kind === 'environment' || kind === 'config' ? [] : [canary],
);

/** As it is, or in Base64 at any offset. */
function isIn(text: string, canary: string): boolean {
  const encoded = [0, 1, 2].map((offset) =>
    Buffer.from(' '.repeat(offset) + canary)
      .toString('base64')
      .slice(4, -4),
  );
  return [canary, ...encoded].some((form) => text.includes(form));
}

function filesBelow(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true })
    .map((name) => join(directory, String(name)))
    .filter((path) => statSync(path).isFile());
}

function readable(path: string): string {
  const bytes = readFileSync(path);
  const isZipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return (isZipped ? gunzipSync(bytes) : bytes).toString('latin1');
}

describe('a daemon that has a stack with every kind of secret', () => {
  test('gave them to the container, and to nobody else', async () => {
    await eventually('the container is there', async () => (daemon.asked.length > 0 ? true : undefined), {
      withinMs: 30_000,
      everyMs: 50,
    });
    // Otherwise it would be no wonder that nothing is told.
    const { process: ofTheProcess, secretFile: mounted, ...given } = CANARIES;
    for (const canary of Object.values(given)) expect(asked()).toContain(canary);
    for (const canary of [ofTheProcess, mounted]) expect(asked()).not.toContain(canary);
    for (const { labels } of daemon.asked) expect(JSON.stringify(labels)).not.toContain('canary');
    await askEverything();
    expect(daemon.printed).toContain('demo');
    expect(filesBelow(daemon.state).length).toBeGreaterThan(2);
    expectSilence();
  });

  test('tells nothing of a change of them, nor of an engine that refuses', async () => {
    daemon.engine.onCall = ({ writeNumber }) => (writeNumber % 2 === 1 ? 'fail' : 'ok');
    daemon.put('web.env', `TOKEN=${CANARIES.envFile}-2\n`);
    daemon.put('secret.txt', `${CANARIES.secretFile}-2`);
    daemon.put('compose.yaml', manifest('2'));
    await eventually('the new one is there', async () => (asked().includes('CHANGE=2') ? true : undefined), {
      withinMs: 30_000,
      everyMs: 50,
    });
    await askEverything();
    expectSilence();
    daemon.engine.onCall = () => 'ok';
  });

  test.each([
    ['broken YAML', (text: string) => text.replace('command: [', 'command: [[')],
    [
      'a wrong type',
      (text: string) => text.replace('{PASSWORD: ', '{PASSWORD: {}, X: [').replace('", OTHER', '"], OTHER'),
    ],
    ['an unknown field', (text: string) => text.replace('command:', 'comand:')],
    ['a variable that is required', (text: string) => text.replace('${STACK_VARIABLE}', '${NOT_THERE:?}')],
    [
      'a template without an end',
      (text: string) => text.replace('${STACK_VARIABLE}', `\${${CANARIES.environment}`),
    ],
    ['too large a value', (text: string) => text.replace('CHANGE: "3"', `CHANGE: "${'x'.repeat(200_000)}"`)],
  ])('tells nothing of a manifest with %s', async (_, spoil) => {
    const bad = spoil(manifest('3'));
    expect(bad).not.toBe(manifest('3'));
    const path = daemon.put('compose.yaml', bad);
    const before = daemon.log.length;
    await eventually(
      'it is told what is wrong',
      async () => (daemon.log.slice(before).includes('a source was read') ? true : undefined),
      { withinMs: 30_000, everyMs: 50 },
    );
    await daemon.ctl('reconcile', 'demo');
    await askEverything();
    expect(daemon.printed).toContain(path);
    expectSilence();
  });

  test('keeps to itself what it reads again at its next start', () => {
    for (const path of filesBelow(daemon.state)) expect(statSync(path).mode & 0o077).toBe(0);
  });
});

test('what carries secrets is struck out of the log, should it ever get there', () => {
  const lines: string[] = [];
  const logger = createLog('trace', { write: (line) => lines.push(line) });
  const secret = 'canary';
  logger.info(
    { environment: { A: secret }, container: { Env: [secret] }, login: { password: secret, auth: secret } },
    'x',
  );
  logger.info(
    { config: { content: secret }, env: [secret], request: { token: secret, files: [secret] } },
    'x',
  );
  expect(lines.join()).not.toContain(secret);
  expect(lines).toHaveLength(2);
});
