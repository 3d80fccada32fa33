import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { authHeader, readRegistryAuths, registryOf } from '../../../../src/engine/docker/registry-auth.ts';

function configDirectory(text: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'stackctl-auth-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  writeFileSync(join(directory, 'config.json'), text);
  return directory;
}

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
        'broken.example': { auth: 'bm9jb2xvbg==' },
      },
      credsStore: 'desktop',
    }),
  );
  const auths = await readRegistryAuths(directory);
  expect([...auths.keys()].sort()).toEqual(['ghcr.io', HUB, 'registry:5000'].sort());
  expect(auths.get(HUB)).toMatchObject({ username: 'me', password: 'pass:word' });
  expect(auths.get('registry:5000')).toMatchObject({ identitytoken: 't' });
});

test.each(['', 'not json', 'null', '[]', '{"auths":null}', '{"auths":{"x":null}}'])(
  'a config.json of %j means no login',
  async (text) => {
    expect((await readRegistryAuths(configDirectory(text))).size).toBe(0);
  },
);

test('no config.json means no login', async () => {
  expect((await readRegistryAuths('/nonexistent')).size).toBe(0);
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
