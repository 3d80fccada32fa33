import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { HelperLogin } from '../../../../src/engine/docker/credential-helper.ts';
import {
  authHeader,
  readRegistryAuth,
  readRegistryAuths,
  registryOf,
} from '../../../../src/engine/docker/registry-auth.ts';
import { Failure } from '../../../../src/model/failure.ts';

function configDirectory(text: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'stackctl-auth-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  writeFileSync(join(directory, 'config.json'), text);
  return directory;
}

const noFailure = (failure: Failure): void => {
  throw failure;
};

/** Helpers that know these logins, by `NAME REGISTRY`, and fail for those that are named `broken`. */
const helpers =
  (logins: Readonly<Record<string, HelperLogin>>) =>
  async (name: string, registry: string): Promise<HelperLogin | undefined> => {
    if (name === 'broken') throw new Failure('refused', 'the helper broke');
    return logins[`${name} ${registry}`];
  };

const HUB = 'https://index.docker.io/v1/';

test.each([
  ['nginx', HUB],
  ['library/nginx:1', HUB],
  ['docker.io/library/nginx', HUB],
  ['ghcr.io/me/x:1', 'ghcr.io'],
  ['localhost/x', 'localhost'],
  ['registry:5000/x@sha256:00', 'registry:5000'],
])('%s comes from %s', (ref, registry) => {
  expect(registryOf(ref)).toBe(registry);
});

test('logins are read by registry, in each of their forms', async () => {
  const auth = Buffer.from('me:pass:word').toString('base64');
  const directory = configDirectory(
    JSON.stringify({
      auths: {
        [HUB]: { auth },
        'https://ghcr.io': { username: 'u', password: 'p' },
        'registry:5000': { identitytoken: 't', auth },
        'helper.example': {},
        'token.example': { registrytoken: 'r' },
        'broken.example': { auth: 'bm9jb2xvbg==' },
      },
    }),
  );
  const auths = await readRegistryAuths(directory, noFailure);
  expect([...auths.keys()].sort()).toEqual(['ghcr.io', HUB, 'registry:5000', 'token.example'].sort());
  expect(auths.get(HUB)).toMatchObject({ username: 'me', password: 'pass:word' });
  expect(auths.get('registry:5000')).toMatchObject({ identitytoken: 't' });
});

test.each(['', 'not json', 'null', '[]', '{"auths":null}', '{"auths":{"x":null}}'])(
  'a config.json of %j means no login',
  async (text) => {
    expect((await readRegistryAuths(configDirectory(text), noFailure)).size).toBe(0);
  },
);

test('no config.json means no login', async () => {
  expect((await readRegistryAuths('/nonexistent', noFailure)).size).toBe(0);
});

describe('credential helpers', () => {
  const login = (username: string) => ({ username, secret: `secret of ${username}` });
  const auth = Buffer.from('me:plain').toString('base64');
  const config = (more: object) =>
    configDirectory(JSON.stringify({ auths: { [HUB]: {}, 'own.example': { auth } }, ...more }));

  test("a registry's own comes before that of all, and both before auths", async () => {
    const directory = config({ credHelpers: { 'own.example': 'own' }, credsStore: 'store' });
    const ask = helpers({
      'own own.example': login('own'),
      [`store ${HUB}`]: login('hub'),
      'store other.example': login('other'),
    });
    const of = (registry: string) => readRegistryAuth(directory, registry, ask);
    expect(await of('own.example')).toEqual({
      username: 'own',
      password: 'secret of own',
      serveraddress: 'own.example',
    });
    expect(await of(HUB)).toMatchObject({ username: 'hub', serveraddress: HUB });
    expect(await of('other.example')).toMatchObject({ username: 'other' });
    expect([...(await readRegistryAuths(directory, noFailure, ask)).keys()]).toEqual([HUB, 'own.example']);
  });

  test('one that knows no login leaves it to auths', async () => {
    const of = (registry: string) => readRegistryAuth(config({ credsStore: 'store' }), registry, helpers({}));
    expect(await of('own.example')).toMatchObject({ username: 'me', password: 'plain' });
    expect(await of('other.example')).toBeUndefined();
  });

  test('the user name <token> says that the secret is an identity token', async () => {
    const ask = helpers({ 'store other.example': login('<token>') });
    expect(await readRegistryAuth(config({ credsStore: 'store' }), 'other.example', ask)).toEqual({
      identitytoken: 'secret of <token>',
      serveraddress: 'other.example',
    });
  });

  test('one that fails stops a pull from its registry, and costs a build this one login', async () => {
    const directory = config({ credHelpers: { 'own.example': 'broken', [HUB]: 'own' } });
    const ask = helpers({ [`own ${HUB}`]: login('hub') });
    await expect(readRegistryAuth(directory, 'own.example', ask)).rejects.toThrow('the helper broke');
    const failures: string[] = [];
    const all = await readRegistryAuths(directory, ({ message }) => failures.push(message), ask);
    expect([...all.keys()]).toEqual([HUB]);
    expect(failures).toEqual(['the helper broke']);
  });
});

test('the header is URL-safe base64 with padding, as the engine decodes it', () => {
  const header = authHeader({ username: '??>>', password: 'ÿÿ' });
  expect(header).toMatch(/^[A-Za-z0-9_-]+=*$/);
  expect(header.length % 4).toBe(0);
  expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toEqual({
    username: '??>>',
    password: 'ÿÿ',
  });
});
