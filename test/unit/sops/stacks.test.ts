// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Compose's variables
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadManifests, loadUnfilledManifests } from '../../../src/bin/local-loader.ts';
import { createCachingLoader } from '../../../src/controller/caching-loader.ts';
import { createInProcessLoader } from '../../../src/controller/in-process-loader.ts';
import { digestContext } from '../../../src/engine/build-context.ts';
import { UNRESTRICTED } from '../../../src/model/admission.ts';
import type { DesiredStack } from '../../../src/model/desired.ts';
import type { EngineInfo } from '../../../src/model/observed.ts';
import { Keyring } from '../../../src/sops/keyring.ts';
import { createFiles } from '../../../src/source/files.ts';
import { look } from '../../../src/source/fingerprint.ts';
import { newAgeKey, SopsWriter } from '../../support/sops-writer.ts';

/** Stacks of which parts are encrypted, from their texts to what they want of an engine. */

const ENGINE_INFO: EngineInfo = {
  id: 'engine',
  version: '28.5.1',
  apiVersion: '1.51',
  swarmActive: false,
  rootDirectory: '/var/lib/docker',
};
const SECRET_FIELDS = '^(environment|args|content|env)$';
const signal = new AbortController().signal;
let directory: string;
let key: Awaited<ReturnType<typeof newAgeKey>>;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'stackctl-sops-'));
  key = await newAgeKey(join(directory, 'age.txt'));
});
afterAll(() => rmSync(directory, { recursive: true }));

function put(name: string, text: string): string {
  writeFileSync(join(directory, name), text);
  return text;
}

const loaderWith = (keyFile: string | undefined = key.path) =>
  createCachingLoader(
    createInProcessLoader({
      files: createFiles({ digestContext }),
      look,
      home: undefined,
      keyring: new Keyring(keyFile),
    }),
    { monotonicMs: () => 0 },
  );

const manifest = (text: string) => [
  { path: join(directory, 'demo.compose.yaml'), relativePath: 'demo.compose.yaml', text },
];

/** What a stack wants, or what is wrong with it. */
async function resolve(text: string, loader = loaderWith()) {
  const found = await loader.find(manifest(text), signal);
  const [stack] = found.stacks;
  if (stack === undefined) return { desired: undefined, problems: found.problems, found };
  return { ...(await loader.resolve(stack, ENGINE_INFO, UNRESTRICTED, signal)), found };
}

const hashes = (desired: DesiredStack | undefined) =>
  desired &&
  Object.fromEntries(desired.services.map(({ name, containers }) => [name, containers[0]?.specHash]));
const container = (desired: DesiredStack | undefined) =>
  desired?.services.find(({ name }) => name === 'web')?.containers[0];
const codes = (problems: readonly { readonly code: string }[]) => problems.map(({ code }) => code);

describe('an env file', () => {
  const text = 'services: {web: {image: "app:1", env_file: web.env}, other: {image: "app:1"}}';

  test('gives its values to the service', async () => {
    put('web.env', await key.sops.dotenv({ TOKEN: 'the-canary', EMPTY: '', QUOTED: "'$as it is'" }));
    const { desired } = await resolve(text);
    expect(container(desired)?.config.Env).toEqual(['EMPTY=', 'QUOTED=$as it is', 'TOKEN=the-canary']);
  });

  test('that is encrypted again, for others too, changes no hash; another value changes that of its users', async () => {
    put('web.env', await key.sops.dotenv({ TOKEN: 'one' }));
    const before = await resolve(text);
    const other = await newAgeKey(join(directory, 'other.txt'));
    put('web.env', await new SopsWriter(other.recipient, key.recipient).dotenv({ TOKEN: 'one' }));
    const again = await resolve(text);
    expect(hashes(again.desired)).toEqual(hashes(before.desired));
    expect(again.desired?.revision).toBe(before.desired?.revision);
    put('web.env', await key.sops.dotenv({ TOKEN: 'two' }));
    const after = await resolve(text);
    expect(hashes(after.desired)?.['other']).toEqual(hashes(before.desired)?.['other']);
    expect(hashes(after.desired)?.['web']).not.toEqual(hashes(before.desired)?.['web']);
  });

  test('does not become what people are shown', async () => {
    put('.env', await key.sops.dotenv({ TAG: 'canary' }));
    put('label.env', await key.sops.dotenv({ label: 'canary' }));
    const shown = [
      'services: {web: {image: "app:${TAG}"}}',
      'services: {web: {image: "app:1", labels: {a: "${TAG}"}}}',
      'services: {web: {image: "app:1", command: ["--token", "${TAG}"]}}',
      'services: {web: {image: "app:1", label_file: label.env}}',
      'name: "${TAG}"\nservices: {web: {image: "app:1"}}',
    ];
    for (const each of shown) {
      const { desired, problems } = await resolve(each);
      expect(desired, each).toBeUndefined();
      expect(codes(problems), each).toContain('SecretShown');
      expect(JSON.stringify(problems)).not.toContain('canary');
    }
    const hidden = await resolve('services: {web: {image: "app:1", environment: {A: "x${TAG}"}}}');
    expect(container(hidden.desired)?.config.Env).toEqual(['A=xcanary']);
    put('.env', await key.sops.dotenv({ TAG: 'canary', DERIVED: 'a${TAG}' }));
    const derived = await resolve('services: {web: {image: "app:1", hostname: "${DERIVED}"}}');
    expect(codes(derived.problems)).toContain('SecretShown');
    rmSync(join(directory, '.env'));
  });
});

describe('a secret or config', () => {
  const text = `
services: {web: {image: "app:1", secrets: [token, plain], configs: [{source: page, target: /page}]}}
secrets: {token: {file: token.sops}, plain: {file: plain.txt}}
configs: {page: {file: page.yaml}}
`;

  test('is put into the container, byte by byte, and a file that is not encrypted is mounted', async () => {
    put('token.sops', await key.sops.binary('canary\n'));
    put('page.yaml', await key.sops.yaml('a: {b: [1, true, "x: y"]}\nc: "line\\nline"\n'));
    put('plain.txt', 'plain');
    const { desired, problems } = await resolve(text);
    expect(problems).toEqual([]);
    expect(container(desired)?.files).toEqual([
      {
        target: '/page',
        content: 'a:\n  b:\n    - 1\n    - true\n    - "x: y"\nc: "line\\nline"\n',
        uid: 0,
        gid: 0,
        mode: 0o444,
        secret: true,
      },
      { target: '/run/secrets/token', content: 'canary\n', uid: 0, gid: 0, mode: 0o444, secret: true },
    ]);
    expect(container(desired)?.host.Mounts?.map(({ Target }) => Target)).toEqual(['/run/secrets/plain']);
  });

  test('may be no text', async () => {
    put('token.sops', await key.sops.binary(Uint8Array.from([0, 255, 254, 10])));
    const { desired } = await resolve(text);
    expect(container(desired)?.files[1]).toMatchObject({ content: 'AP/+Cg==', encoding: 'base64' });
  });

  test('makes another hash only when it says something else', async () => {
    put('token.sops', await key.sops.binary('one'));
    const before = await resolve(text);
    put('token.sops', await key.sops.binary('one'));
    expect(hashes((await resolve(text)).desired)).toEqual(hashes(before.desired));
    put('token.sops', await key.sops.binary('two'));
    expect(hashes((await resolve(text)).desired)).not.toEqual(hashes(before.desired));
  });

  test('that is called as if it were encrypted has to be', async () => {
    put('token.sops', 'oh no');
    const { problems } = await resolve(text);
    expect(problems).toMatchObject([
      { code: 'SopsNotEncrypted', at: { file: join(directory, 'token.sops'), line: 1, column: 1 } },
    ]);
  });
});

describe('a manifest', () => {
  const plain = `
services:
  web:
    image: app:1
    environment: {PASSWORD: canary-1, PORT: 5432}
    configs: [page]
configs: {page: {content: canary-2}}
`;

  test('has its values, and stays encrypted where it is kept', async () => {
    const text = await key.sops.yaml(plain, SECRET_FIELDS);
    expect(text).not.toContain('canary');
    const { desired, problems, found } = await resolve(text);
    expect(problems).toEqual([]);
    expect(container(desired)?.config.Env).toEqual(['PASSWORD=canary-1', 'PORT=5432']);
    expect(container(desired)?.files).toMatchObject([{ content: 'canary-2' }]);
    expect(JSON.stringify(found)).not.toContain('canary');
    const again = await resolve(await key.sops.yaml(plain, SECRET_FIELDS));
    expect(again.desired?.revision).toBe(desired?.revision);
  });

  test('as an envelope may have encrypted variables', async () => {
    const envelope = `
apiVersion: stackctl.io/v1alpha1
kind: Stack
metadata: {name: demo}
spec:
  env: {TOKEN: canary, TAG: "1"}
  services: {web: {image: "app:1", environment: {A: "\${TOKEN}"}}}
`;
    const { desired } = await resolve(await key.sops.yaml(envelope, SECRET_FIELDS));
    expect(container(desired)?.config.Env).toEqual(['A=canary']);
    put('plain.env', 'URL=x-${TOKEN}\n');
    const made = envelope.replace('spec:', 'spec:\n  envFile: plain.env').replace('app:1', 'app:${URL}');
    expect(codes((await resolve(await key.sops.yaml(made, SECRET_FIELDS))).problems)).toEqual([
      'SecretShown',
    ]);
    const shown = envelope.replace('app:1', 'app:${TAG}');
    expect(codes((await resolve(await key.sops.yaml(shown, SECRET_FIELDS))).problems)).toEqual([
      'SecretShown',
    ]);
  });

  test('that is encrypted as a whole is told what not to encrypt, at each place', async () => {
    const { desired, problems } = await resolve(await key.sops.yaml(plain));
    expect(desired).toBeUndefined();
    expect(problems.map(({ code, path }) => [code, path])).toEqual([
      ['SecretShown', 'services.web.image'],
      ['SecretShown', 'services.web.configs[0]'],
    ]);
  });

  test('waits for its key, and is read as soon as it is there', async () => {
    const late = join(directory, 'late.txt');
    const loader = loaderWith(late);
    const text = await key.sops.yaml(plain, SECRET_FIELDS);
    const steps: (readonly string[])[] = [];
    const step = async () => steps.push(codes((await resolve(text, loader)).problems));
    await step();
    writeFileSync(late, `${key.identity}\n`, { mode: 0o644 });
    await step();
    chmodSync(late, 0o600);
    await step();
    writeFileSync(late, 'not a key\n');
    await step();
    expect(steps).toEqual([['SopsKeyFile'], ['SopsKeyFile'], [], ['SopsKeyFile']]);
    const without = createInProcessLoader({ files: createFiles({ digestContext }), look, home: undefined });
    const { problems } = await without.find(manifest(text), signal);
    expect(problems).toMatchObject([{ code: 'SopsNoKey', at: { line: 12, column: 1 } }]);
  });

  test('is not what sops is configured with', async () => {
    const text = `creation_rules:\n  - age: ${key.recipient}\n`;
    const path = join(directory, '.sops.yaml');
    const found = await loaderWith().find([{ path, relativePath: '.sops.yaml', text }], signal);
    expect(found).toMatchObject({ stacks: [], problems: [], broken: [] });
  });
});

test('the command line shows what is encrypted as such, and needs no key', async () => {
  put('web.env', await key.sops.dotenv({ TOKEN: 'canary' }));
  put('token.sops', await key.sops.binary('canary'));
  const text = await key.sops.yaml(
    `
services: {web: {image: "app:1", env_file: web.env, environment: {P: canary}, secrets: [token]}}
secrets: {token: {file: token.sops}}
`,
    SECRET_FIELDS,
  );
  const manifests = {
    baseDirectory: directory,
    files: [{ relativePath: 'demo.compose.yaml', text }],
  };
  const { stacks, problems } = loadManifests({ manifests, reading: 'tree' });
  expect(problems).toEqual([]);
  expect(stacks[0]?.model('json')).toMatchObject({
    services: { web: { environment: { P: '[encrypted]', TOKEN: '[encrypted]' } } },
  });
  expect(JSON.stringify(stacks[0]?.model('json'))).not.toContain('canary');
  expect(JSON.stringify(loadUnfilledManifests({ manifests, reading: 'tree' }))).not.toContain('canary');
});
