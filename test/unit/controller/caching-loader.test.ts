import {
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createCachingLoader } from '../../../src/controller/caching-loader.ts';
import { createInProcessLoader } from '../../../src/controller/in-process-loader.ts';
import { digestContext } from '../../../src/engine/build-context.ts';
import type { ManifestFile } from '../../../src/manifest/stack.ts';
import { UNRESTRICTED } from '../../../src/model/admission.ts';
import type { EngineInfo } from '../../../src/model/observed.ts';
import { createFiles } from '../../../src/source/files.ts';
import { look } from '../../../src/source/fingerprint.ts';

const NEVER = new AbortController().signal;
const ENGINE: EngineInfo = {
  id: 'engine',
  version: '28.5.1',
  apiVersion: '1.51',
  swarmActive: false,
  rootDirectory: '/var/lib/docker',
};
const OLD_ENGINE: EngineInfo = { ...ENGINE, version: '20.10.24', apiVersion: '1.41' };

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'stackctl-loader-'));
  mkdirSync(join(directory, 'more'));
  // Whatever is written now is old enough to be trusted.
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(directory, { recursive: true });
});

const put = (path: string, text: string) => writeFileSync(join(directory, path), text);
const remove = (path: string) => unlinkSync(join(directory, path));

/** A loader with a cache, and how often it had to work. */
function counted(options: { readonly entries?: number } = {}) {
  const files = createFiles({ digestContext });
  const inner = createInProcessLoader({ files, look, home: undefined });
  const count = { finds: 0, resolves: 0 };
  const time = { ms: 0 };
  const loader = createCachingLoader(
    {
      find: (given, signal) => {
        count.finds += 1;
        return inner.find(given, signal);
      },
      resolve: (stack, engine, admission, signal) => {
        count.resolves += 1;
        return inner.resolve(stack, engine, admission, signal);
      },
      looks: inner.looks,
    },
    { monotonicMs: () => time.ms, ...options },
  );
  return { loader, count, time };
}

function manifest(text: string, path = 'compose.yaml'): readonly ManifestFile[] {
  return [{ path: join(directory, path), relativePath: path, text }];
}

/** A stack and what is asked of it, over and over. */
async function stackOf(text: string, engine = ENGINE) {
  const { loader, count, time } = counted();
  const { stacks } = await loader.find(manifest(text), NEVER);
  const [stack] = stacks;
  if (stack === undefined) throw new Error('no stack');
  return { loader, count, time, stack, resolve: () => loader.resolve(stack, engine, UNRESTRICTED, NEVER) };
}

const WEB = 'services:\n  web:\n    image: caddy\n';

interface Change {
  readonly what: string;
  readonly text: string;
  readonly engine?: EngineInfo;
  readonly before?: () => void;
  readonly change: () => void;
}

const withFile = (section: 'configs' | 'secrets') =>
  `${WEB}    ${section}: [one]\n${section}:\n  one: {file: ./one.txt}\n`;

const CHANGES: readonly Change[] = [
  {
    what: 'a changed .env',
    text: WEB.replace('caddy', 'caddy:$TAG'),
    before: () => put('.env', 'TAG=1'),
    change: () => put('.env', 'TAG=2'),
  },
  {
    what: 'a .env that appears',
    text: WEB.replace('caddy', `caddy:\${TAG:-1}`),
    change: () => put('.env', 'TAG=2'),
  },
  {
    what: 'a .env that disappears',
    text: WEB.replace('caddy', `caddy:\${TAG:-1}`),
    before: () => put('.env', 'TAG=2'),
    change: () => remove('.env'),
  },
  {
    what: 'a changed env_file',
    text: `${WEB}    env_file: a.env\n`,
    before: () => put('a.env', 'A=1'),
    change: () => put('a.env', 'A=2'),
  },
  {
    what: 'an env_file that is not required and appears',
    text: `${WEB}    env_file: [{path: a.env, required: false}]\n`,
    change: () => put('a.env', 'A=1'),
  },
  {
    what: 'a required env_file that was missing and appears',
    text: `${WEB}    env_file: a.env\n`,
    change: () => put('a.env', 'A=1'),
  },
  {
    what: 'an env_file that disappears',
    text: `${WEB}    env_file: a.env\n`,
    before: () => put('a.env', 'A=1'),
    change: () => remove('a.env'),
  },
  {
    what: 'an env_file replaced by one of the same size and time',
    text: `${WEB}    env_file: a.env\n`,
    before: () => {
      put('a.env', 'A=1');
      utimesSync(join(directory, 'a.env'), 1000, 1000);
    },
    change: () => {
      put('b.env', 'A=2');
      utimesSync(join(directory, 'b.env'), 1000, 1000);
      renameSync(join(directory, 'b.env'), join(directory, 'a.env'));
    },
  },
  {
    what: 'an env_file that is a link, and is led elsewhere',
    text: `${WEB}    env_file: a.env\n`,
    before: () => {
      put('one.env', 'A=1');
      put('two.env', 'A=2');
      symlinkSync('one.env', join(directory, 'a.env'));
    },
    change: () => {
      remove('a.env');
      symlinkSync('two.env', join(directory, 'a.env'));
    },
  },
  {
    what: 'a changed label_file',
    text: `${WEB}    label_file: [l.txt]\n`,
    before: () => put('l.txt', 'a=1'),
    change: () => put('l.txt', 'a=2'),
  },
  {
    what: 'a changed included file',
    text: `include: [more/other.yaml]\n${WEB}`,
    before: () => put('more/other.yaml', 'services: {cache: {image: valkey}}'),
    change: () => put('more/other.yaml', 'services: {cache: {image: redis}}'),
  },
  {
    what: 'a .env that appears beside an included file',
    text: `include: [more/other.yaml]\n${WEB}`,
    before: () => put('more/other.yaml', `services: {cache: {image: 'valkey:\${TAG:-8}'}}`),
    change: () => put('more/.env', 'TAG=9'),
  },
  {
    what: 'an included file that was missing and appears',
    text: `include: [other.yaml]\n${WEB}`,
    change: () => put('other.yaml', 'services: {cache: {image: valkey}}\n'),
  },
  {
    what: 'a changed extended file',
    text: 'services:\n  web:\n    extends: {file: base.yaml, service: web}\n',
    before: () => put('base.yaml', WEB),
    change: () => put('base.yaml', WEB.replace('caddy', 'nginx')),
  },
  {
    what: 'an extended file that disappears',
    text: 'services:\n  web:\n    extends: {file: base.yaml, service: web}\n',
    before: () => put('base.yaml', WEB),
    change: () => remove('base.yaml'),
  },
  {
    what: 'a changed config file',
    text: withFile('configs'),
    before: () => put('one.txt', 'a'),
    change: () => put('one.txt', 'b'),
  },
  {
    what: 'a changed secret file',
    text: withFile('secrets'),
    before: () => put('one.txt', 'a'),
    change: () => put('one.txt', 'b'),
  },
  {
    what: 'a secret file that was missing and appears',
    text: withFile('secrets'),
    change: () => put('one.txt', 'a'),
  },
  {
    what: 'a changed seccomp profile',
    text: `${WEB}    security_opt: ['seccomp=./profile.json']\n`,
    before: () => put('profile.json', '{"defaultAction": "SCMP_ACT_ALLOW"}'),
    change: () => put('profile.json', '{"defaultAction": "SCMP_ACT_ERRNO"}'),
  },
  {
    what: 'a mount source that disappears, where the engine would not make it',
    text: `${WEB}    volumes:\n      - {type: bind, source: './da:ta', target: /data, bind: {create_host_path: true}}\n`,
    engine: OLD_ENGINE,
    before: () => put('da:ta', ''),
    change: () => remove('da:ta'),
  },
];

describe('a wish', () => {
  test.each(CHANGES)('is made again for $what, and not before', async ({ text, engine, before, change }) => {
    before?.();
    const { resolve, count } = await stackOf(text, engine);
    const first = await resolve();
    expect(await resolve()).toBe(first);
    expect(count.resolves).toBe(1);
    change();
    const second = await resolve();
    expect(count.resolves).toBe(2);
    expect(second.desired?.revision ?? second.problems).not.toEqual(
      first.desired?.revision ?? first.problems,
    );
    expect(await resolve()).toBe(second);
  });

  test('is made again for another engine', async () => {
    const { loader, stack, resolve, count } = await stackOf(WEB);
    await resolve();
    await loader.resolve(stack, { ...ENGINE, apiVersion: '1.43' }, UNRESTRICTED, NEVER);
    await loader.resolve(stack, { ...ENGINE, apiVersion: '1.43', id: 'other' }, UNRESTRICTED, NEVER);
    expect(count.resolves).toBe(3);
  });

  test('is made again for another text under the same name, and for the same text in another place', async () => {
    const { loader, resolve, count } = await stackOf(`name: one\n${WEB}`);
    await resolve();
    const changed = await loader.find(manifest(`name: one\n# moved\n${WEB}`), NEVER);
    for (const stack of changed.stacks) await loader.resolve(stack, ENGINE, UNRESTRICTED, NEVER);
    const moved = await loader.find(manifest(`name: one\n# moved\n${WEB}`, 'docker-compose.yml'), NEVER);
    for (const stack of moved.stacks) await loader.resolve(stack, ENGINE, UNRESTRICTED, NEVER);
    expect(count.resolves).toBe(3);
  });

  test('is made again after some time, whatever the file system says', async () => {
    const { resolve, count, time } = await stackOf(WEB);
    await resolve();
    time.ms += 599_999;
    await resolve();
    expect(count.resolves).toBe(1);
    time.ms += 1;
    await resolve();
    expect(count.resolves).toBe(2);
  });

  test('is not kept while a file is so young that its next change might not show', async () => {
    put('a.env', 'A=1');
    vi.useRealTimers();
    const { resolve, count } = await stackOf(`${WEB}    env_file: a.env\n`);
    await resolve();
    await resolve();
    expect(count.resolves).toBe(2);
  });

  test('is not kept when it was made of a directory', async () => {
    put('Dockerfile', 'FROM scratch\n');
    const { resolve, count } = await stackOf('services: {web: {build: .}}\n');
    await resolve();
    await resolve();
    expect(count.resolves).toBe(2);
  });

  test('is not kept when a file was there and could not be read', async () => {
    const { resolve, count } = await stackOf(`${WEB}    env_file: .\n`);
    await resolve();
    await resolve();
    expect(count.resolves).toBe(2);
  });
});

describe('what was found', () => {
  test('is found again only when a file is another, is new or is gone', async () => {
    const { loader, count } = counted();
    const one = manifest(WEB);
    const two = [...one, ...manifest(WEB, 'two.compose.yaml')];
    await loader.find(one, NEVER);
    const again = await loader.find(manifest(WEB), NEVER);
    expect([again.stacks.length, count.finds]).toEqual([1, 1]);
    expect((await loader.find(two, NEVER)).stacks).toHaveLength(2);
    expect((await loader.find(one, NEVER)).stacks).toHaveLength(1);
    expect((await loader.find(manifest(`name: other\n${WEB}`), NEVER)).stacks[0]?.name).toBe('other');
    expect(count.finds).toBe(4);
  });

  test('is forgotten when there is too much of it, the oldest first', async () => {
    const { loader, count } = counted({ entries: 2 });
    const [one, two, three] = ['one', 'two', 'three'].map((name) => manifest(WEB, `${name}.compose.yaml`));
    for (const files of [one, two, one, three, one]) await loader.find(files ?? [], NEVER);
    expect(count.finds).toBe(3);
    await loader.find(two ?? [], NEVER);
    expect(count.finds).toBe(4);
  });
});
