import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, symlinkSync, truncateSync, utimesSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDirectorySource } from '../../src/source/directory.ts';
import { SourceDirectory } from './source-directory.ts';

/** Threat table 4.2, rows 16, 17, 26 and 27: the files that a manifest refers to, and those that are manifests. */

const NEVER = new AbortController().signal;
const source = new SourceDirectory();
const socket = createServer();

beforeAll(async () => {
  source.put('base.yaml', 'services: {base: {image: a}}\n');
  mkdirSync(join(source.path, 'dir'));
  execFileSync('mkfifo', [join(source.path, 'fifo')]);
  symlinkSync('/proc/self/environ', join(source.path, 'environ'));
  symlinkSync('loop', join(source.path, 'loop'));
  symlinkSync('/dev/zero', join(source.path, 'zero'));
  source.put('sparse', '');
  truncateSync(join(source.path, 'sparse'), 2 ** 33);
  await new Promise<void>((resolve) => socket.listen(join(source.path, 'sock'), resolve));
});
afterAll(() => {
  socket.close();
  source.remove();
});

/** Every field that names a file to be read, with a file in it. */
const FIELDS = {
  env_file: (file: string) => `services: {a: {image: a, env_file: ["${file}"]}}`,
  label_file: (file: string) => `services: {a: {image: a, label_file: "${file}"}}`,
  extends: (file: string) => `services: {a: {image: a, extends: {file: "${file}", service: base}}}`,
  include: (file: string) => `include: ["${file}"]\nservices: {a: {image: a}}`,
  'env_file of include': (file: string) =>
    `include: [{path: base.yaml, env_file: "${file}"}]\nservices: {a: {image: a}}`,
  'configs.file': (file: string) =>
    `services: {a: {image: a, configs: [c]}}\nconfigs: {c: {file: "${file}"}}`,
  'secrets.file': (file: string) =>
    `services: {a: {image: a, secrets: [c]}}\nsecrets: {c: {file: "${file}"}}`,
} as const;

const HOSTILE = {
  'a FIFO': 'fifo',
  'a socket': 'sock',
  'a device without an end': '/dev/zero',
  'a link to it': 'zero',
  'the terminal': '/dev/tty',
  'the environment of the daemon': '/proc/self/environ',
  'the same of its thread': '/proc/thread-self/environ',
  'a link to it ': 'environ',
  'the memory of the daemon': '/proc/self/mem',
  'a link to itself': 'loop',
  'what is not there': 'nowhere',
  'what is not there, by way of a file': 'base.yaml/x',
  'a name of 5000 letters': 'x'.repeat(5000),
  'eight gigabytes of nothing': 'sparse',
} as const;

describe.each(Object.entries(FIELDS))('row 17: %s is', (field, manifest) => {
  test.each(Object.entries(HOSTILE))('%s', async (_, file) => {
    process.env['STACKCTL_CANARY'] = 'canary-of-the-environment';
    const { desired, problems, errors } = await source.judge(manifest(file));
    delete process.env['STACKCTL_CANARY'];
    expect(desired, field).toBeUndefined();
    expect(errors.join()).toMatch(
      /File(NotFound|NotReadable|Unreadable) 1:|File(NotFound|NotReadable|Unreadable) 2:/,
    );
    expect(JSON.stringify(problems)).not.toContain('canary-of');
  });
});

describe('row 16: a path that leads out of the directory', () => {
  // Compose users keep env files above their project; what a stack may mount is admission's to say.
  test.each(['env_file', 'label_file', 'extends', 'include'] as const)(
    '%s may, as in docker compose',
    async (field) => {
      source.put('above.env', 'base=1\n');
      const inside = new SourceDirectory();
      const file = field === 'extends' || field === 'include' ? 'base.yaml' : 'above.env';
      const { errors } = await inside.judge(FIELDS[field](join(source.path, file)));
      inside.remove();
      expect(errors).toEqual([]);
    },
  );

  test.each([
    'http://169.254.169.254/x',
    'https://evil.example/x.yaml',
    'git@evil.example:x',
    'oci://evil.example/x',
    'file:///etc/passwd',
  ])('include of %s is never fetched', async (url) => {
    expect((await source.judge(FIELDS.include(url))).errors).toEqual(['RemoteNotSupported 1:11 include[0]']);
  });

  test('no path is decoded: %2e%2e is a name', async () => {
    const { problems } = await source.judge(FIELDS.env_file('%2e%2e/x'));
    expect(problems[0]?.message).toContain('/%2e%2e/x is not there');
  });
});

describe('row 17: a manifest that is no file of its own', () => {
  test('a link that leads outside, a FIFO and a device are unreadable, and hold nobody up', async () => {
    const tree = new SourceDirectory();
    symlinkSync('/etc/hostname', join(tree.path, 'a.yaml'));
    symlinkSync('/proc/self/environ', join(tree.path, 'b.yaml'));
    execFileSync('mkfifo', [join(tree.path, 'c.yaml')]);
    symlinkSync('/dev/zero', join(tree.path, 'd.yaml'));
    symlinkSync('/etc', join(tree.path, 'etc'));
    const scan = await createDirectorySource({ root: tree.path, debounceMs: 0 }).scan(NEVER);
    expect(scan.files).toEqual([]);
    expect(scan.unreadable.map(({ relativePath }) => relativePath)).toEqual([
      'a.yaml',
      'b.yaml',
      'c.yaml',
      'd.yaml',
    ]);
    tree.remove();
  });

  test('a hard link is the file itself: who could make it could read it', async () => {
    const secret = source.put('mine.env', 'A=1\n');
    linkSync(secret, join(source.path, 'hard.env'));
    expect((await source.judge(FIELDS.env_file('hard.env'))).errors).toEqual([]);
  });
});

describe('row 26: too many, too large, too deep', () => {
  const scanOf = (tree: SourceDirectory, limits: object) =>
    createDirectorySource({ root: tree.path, debounceMs: 0, limits }).scan(NEVER);

  test('more entries than are looked at: nothing is concluded from what is absent', async () => {
    const tree = new SourceDirectory();
    for (let index = 0; index < 300; index += 1) tree.put(`f${index}.txt`, '');
    tree.put('compose.yaml', 'services: {a: {image: a}}\n');
    expect(await scanOf(tree, { entries: 200 })).toMatchObject({ trusted: false });
    tree.remove();
  });

  test('more manifests, deeper directories, more bytes than are read', async () => {
    const tree = new SourceDirectory();
    for (let index = 0; index < 20; index += 1)
      tree.put(`d${index}/compose.yaml`, `x-pad: ${'x'.repeat(1000)}\n`);
    tree.put('1/2/3/4/compose.yaml', 'services: {}\n');
    const trusted = await Promise.all(
      [{ manifests: 10 }, { depth: 3 }, { totalBytes: 5000 }, { fileBytes: 500 }].map((limits) =>
        scanOf(tree, limits),
      ),
    );
    expect(trusted.map((scan) => scan.trusted && scan.unreadable.length === 0)).toEqual([
      false,
      false,
      false,
      false,
    ]);
    tree.remove();
  });

  test('an env file of two megabytes', async () => {
    source.put('huge.env', `A=${'x'.repeat(2 * 1024 * 1024)}\n`);
    const { errors } = await source.judge(FIELDS.env_file('huge.env'));
    expect(errors).toEqual(['FileNotReadable 1:37 services.a.env_file[0]']);
  });

  test('a thousand env files', async () => {
    const files = Array.from({ length: 1000 }, (_, index) => `many/${index}.env`);
    for (const file of files) source.put(file, 'A=1\n');
    const { errors, problems } = await source.judge(FIELDS.env_file(files.join('", "')));
    expect(errors[0]).toMatch(/^FileNotReadable 1:\d+ services\.a\.env_file\[\d+\]$/);
    expect(problems.length).toBeLessThan(250);
  });

  test('a chain of includes without an end', async () => {
    for (let index = 0; index < 600; index += 1) {
      source.put(
        `chain/${index}.yaml`,
        `include: ["${index + 1}.yaml"]\nservices: {s${index}: {image: a}}\n`,
      );
    }
    const { errors, desired } = await source.judge('include: [chain/0.yaml]\n');
    expect(errors[0]).toMatch(/^(FileNotReadable|IncludesTooDeep) /);
    expect(desired).toBeUndefined();
  });

  test('includes and extends in a circle name the whole circle', async () => {
    source.put('a.yaml', 'include: [b.yaml]\n');
    source.put('b.yaml', 'include: [a.yaml]\n');
    const { problems } = await source.judge('include: [a.yaml]\nservices: {x: {image: a}}\n');
    const circle = problems.find(({ code }) => code === 'CircularInclude');
    expect(circle?.message).toMatch(/compose\.yaml -> .*a\.yaml -> .*b\.yaml -> .*a\.yaml/);
    expect((await source.judge('services: {a: {extends: b}, b: {extends: a}}')).errors[0]).toMatch(
      /^CircularExtends 1:/,
    );
  });
});

describe('row 27: a file that is half-written', () => {
  test.each([
    ['nothing', ''],
    ['blanks', ' \n\n'],
    ['NUL', '\0'.repeat(4096)],
    ['half of it, and NUL', `services: {a: {image: a}}\n${'\0'.repeat(100)}`],
    ['half a character', Buffer.from([0x61, 0x3a, 0x20, 0xc3])],
    ['UTF-16', Buffer.from('\uFEFFservices: {a: {image: a}}\n', 'utf16le')],
  ])('%s is unreadable, which is no absence', async (_, content) => {
    const tree = new SourceDirectory();
    const path = tree.put('compose.yaml', content);
    utimesSync(path, 0, 0);
    const scan = await createDirectorySource({ root: tree.path, debounceMs: 0 }).scan(NEVER);
    expect(scan.files).toEqual([]);
    expect(scan.unreadable).toMatchObject([{ relativePath: 'compose.yaml' }]);
    tree.remove();
  });
});
