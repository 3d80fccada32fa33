import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSops } from '../../src/sops/open.ts';
import { eventually } from '../support/eventually.ts';
import { newAgeKey } from '../support/sops-writer.ts';
import { WholeDaemon } from '../support/whole-daemon.ts';

/** What was encrypted is in nothing that the daemon says or keeps, and nothing that is encrypted can stall it. */

const PATTERN = '^(environment|content)$';
const manifest = (change: string) => `
name: demo
services:
  web:
    image: app:1
    environment: {PASSWORD: canary-environment, CHANGE: "${change}"}
    env_file: web.env
    secrets: [token]
    configs: [page]
secrets: {token: {file: token.sops}}
configs: {page: {content: canary-config}}
`;

let daemon: WholeDaemon;
let keys: string;
let key: Awaited<ReturnType<typeof newAgeKey>>;

beforeAll(async () => {
  keys = await mkdtemp(join(tmpdir(), 'stackctl-keys-'));
  key = await newAgeKey(join(keys, 'age.txt'));
  daemon = new WholeDaemon();
  daemon.sopsAgeKeyFile = key.path;
  daemon.put('web.env', await key.sops.dotenv({ TOKEN: 'canary-env-file' }));
  daemon.put('token.sops', await key.sops.binary('canary-secret'));
  daemon.put('compose.yaml', await key.sops.yaml(manifest('1'), PATTERN));
  await daemon.start();
});
afterAll(async () => {
  await daemon.stop();
  rmSync(keys, { recursive: true });
});

async function askEverything(): Promise<void> {
  for (const format of ['wide', 'json', 'yaml']) await daemon.ctl('get', 'demo', '-o', format);
  await daemon.ctl('describe', 'demo');
  await daemon.ctl('diff', 'demo');
  await daemon.ctl('history', 'demo', '-o', 'json');
  await daemon.ctl('events', 'demo', '-o', 'json');
  const file = join(daemon.directory, 'compose.yaml');
  for (const verb of ['config', 'validate', 'diff']) await daemon.ctl(verb, '-f', file);
}

function kept(): readonly (readonly [string, string])[] {
  return readdirSync(daemon.state, { recursive: true })
    .map((name) => join(daemon.state, String(name)))
    .filter((path) => statSync(path).isFile())
    .map((path) => {
      const bytes = readFileSync(path);
      const isZipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
      return [path, (isZipped ? gunzipSync(bytes) : bytes).toString('latin1')] as const;
    });
}

function expectSilence(): void {
  const said = [['the log', daemon.log], ['the command line', daemon.printed], ...kept()] as const;
  const encoded = ['canary-', ' canary-', '  canary-'].map((text) =>
    Buffer.from(text).toString('base64').slice(4, -4),
  );
  for (const [who, text] of said) {
    const heard = ['canary-', 'AGE-SECRET-KEY', ...encoded].filter((form) => text.includes(form));
    expect(heard, `${who} tells it`).toEqual([]);
  }
}

const until = (what: string, level: () => boolean) =>
  eventually(what, async () => (level() ? true : undefined), { withinMs: 30_000, everyMs: 50 });

describe('a daemon that has a stack of which all is encrypted', () => {
  test('gave it to the container, and to nobody else', async () => {
    await until('the container is there', () => daemon.asked.length > 0);
    const asked = JSON.stringify(daemon.asked);
    for (const canary of ['canary-environment', 'canary-env-file']) expect(asked).toContain(canary);
    for (const { labels } of daemon.asked) expect(JSON.stringify(labels)).not.toContain('canary');
    await askEverything();
    expect(daemon.printed).toContain('demo');
    expect(kept().length).toBeGreaterThan(2);
    expectSilence();
  });

  test('tells nothing of a change, of an engine that refuses, nor of a file that was changed', async () => {
    daemon.engine.onCall = ({ writeNumber }) => (writeNumber % 2 === 1 ? 'fail' : 'ok');
    daemon.put('compose.yaml', await key.sops.yaml(manifest('2'), PATTERN));
    await until('the new one is there', () => JSON.stringify(daemon.asked).includes('CHANGE=2'));
    daemon.engine.onCall = () => 'ok';
    const good = await key.sops.yaml(manifest('3'), PATTERN);
    daemon.put('compose.yaml', good.replace('image: app:1', 'image: app:2'));
    await eventually(
      'it is told what is wrong',
      async () => {
        await daemon.ctl('describe', 'demo');
        return daemon.printed.includes('its MAC does not fit') ? true : undefined;
      },
      { withinMs: 30_000, everyMs: 200 },
    );
    await askEverything();
    expectSilence();
  });
});

describe('a hostile file', () => {
  const withPattern = (pattern: string) =>
    `${'a'.repeat(50_000)}!: x\nsops: {mac: x, lastmodified: x, encrypted_regex: '${pattern}'}\n`;

  test.each(['^(a+)+$', '^(a|aa)*$', '^(.*)*$', '(?i)^([a-z]+)*$'])(
    'with the pattern %s is read in linear time',
    (pattern) => {
      const startedMs = performance.now();
      const opened = openSops('x.yaml', withPattern(pattern), () => ({ dataKey: Buffer.alloc(32) }));
      expect(opened.kind).toBe('failed');
      expect(performance.now() - startedMs).toBeLessThan(10_000);
    },
  );

  test.each([
    ['no mapping', 'a: b\nsops: 1\nx: sops_mac\n'],
    ['a prototype', 'a: b\nsops: {mac: x, lastmodified: x, constructor__map_prototype: {}}\n'],
    ['an alias bomb', `a: &a [x,x,x,x,x,x,x,x,x]\n${'b: [*a,*a]\n'.repeat(3)}sops: {mac: "\n`],
    ['recipients without an end', `sops_mac=x\nsops_lastmodified=x\n${recipients(5000)}`],
    ['a flattened circle', 'sops_mac=x\nsops_lastmodified=x\nsops_age__map_age__list_0=x\n'],
  ])('with %s is refused', (_, text) => {
    const name = text.startsWith('sops_') ? 'x.env' : 'x.yaml';
    const opened = openSops(name, text, () => ({ dataKey: Buffer.alloc(32) }));
    expect(opened.kind).toBe('failed');
  });
});

function recipients(count: number): string {
  return Array.from(
    { length: count },
    (_, index) => `sops_age__list_${index}__map_recipient=r\nsops_age__list_${index}__map_enc=e\n`,
  ).join('');
}
