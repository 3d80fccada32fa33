import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createFileStore } from '../../../src/store/files.ts';
import { createMemoryStore } from '../../../src/store/memory.ts';

function directory(): string {
  const path = mkdtempSync(join(tmpdir(), 'stackctl-test-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
const permissions = (path: string) => statSync(path).mode & 0o777;

describe.each([
  ['memory store', async () => createMemoryStore()],
  ['file store', async () => createFileStore({ directory: directory() })],
])('%s', (_name, create) => {
  test('what was written is read and listed, by kind; what was removed is absent', async () => {
    const store = await create();
    expect(store.read('memory', 'web')).toBeUndefined();
    await store.write('memory', 'web', { count: 1 });
    await store.write('memory', 'db', [1, null, 'x']);
    await store.write('tombstone', 'web', 'gone');
    expect(store.read('memory', 'web')).toEqual({ count: 1 });
    expect(store.read('tombstone', 'web')).toBe('gone');
    expect(store.list('memory')).toEqual(['db', 'web']);
    await store.remove('memory', 'web');
    await store.remove('memory', 'never');
    expect(store.read('memory', 'web')).toBeUndefined();
    expect(store.list('memory')).toEqual(['db']);
    expect(store.list('tombstone')).toEqual(['web']);
  });

  test('what was written is a copy, as JSON keeps it, and cannot be changed by who reads it', async () => {
    const store = await create();
    const value = { list: [1], gone: undefined };
    await store.write('stack', 'web', value);
    value.list.push(2);
    expect(store.read('stack', 'web')).toStrictEqual({ list: [1] });
    expect(() => (store.read('stack', 'web') as { list: number[] }).list.push(3)).toThrow(TypeError);
  });

  test('the last thousand events, oldest first', async () => {
    const store = await create();
    for (let count = 0; count < 2500; count += 1) store.appendEvent({ count });
    const events = store.readEvents();
    expect(events).toHaveLength(1000);
    expect([events[0], events[999]]).toEqual([{ count: 1500 }, { count: 2499 }]);
    await store.flush();
  });
});

describe('file store on disk', () => {
  test('a new store on the same directory has everything, names of all sorts among it', async () => {
    const path = directory();
    const names = [
      'web',
      'Web',
      '.',
      '..',
      '../../etc/passwd',
      'a/b',
      'a%2fb',
      'ä',
      '',
      '~',
      '__proto__',
      'x'.repeat(500),
      `${'x'.repeat(500)}y`,
    ];
    const first = await createFileStore({ directory: path });
    for (const name of names) await first.write('stack', name, { name });
    const second = await createFileStore({ directory: path });
    expect(second.list('stack')).toEqual([...names].sort());
    for (const name of names) expect(second.read('stack', name)).toEqual({ name });
    expect(readdirSync(join(path, 'stack'))).toHaveLength(names.length);
    expect(readdirSync(path).sort()).toEqual(
      [
        'adopted',
        'applied',
        'repository',
        'daemon',
        'deletions',
        'last-good',
        'memory',
        'revisions',
        'rollout',
        'stack',
        'suspended',
        'tombstone',
      ].sort(),
    );
  });

  test('directories are 0700 and files 0600, also when they were open before', async () => {
    const path = directory();
    chmodSync(path, 0o755);
    const store = await createFileStore({ directory: path });
    await store.write('last-good', 'web', { secret: 1 });
    store.appendEvent({ a: 1 });
    await store.flush();
    expect([path, join(path, 'last-good')].map(permissions)).toEqual([0o700, 0o700]);
    expect(permissions(join(path, 'last-good/web.json'))).toBe(0o600);
    expect(permissions(join(path, 'events.ndjson'))).toBe(0o600);
  });

  test('an equal value is not written again, whatever its keys are called and in which order they are', async () => {
    const path = directory();
    const store = await createFileStore({ directory: path });
    await store.write('stack', 'web', { toString: 1, valueOf: 2, constructor: 3 });
    const before = statSync(join(path, 'stack/web.json'), { bigint: true });
    await store.write('stack', 'web', { constructor: 3, valueOf: 2, toString: 1 });
    expect(statSync(join(path, 'stack/web.json'), { bigint: true }).ino).toBe(before.ino);
    expect(statSync(join(path, 'stack/web.json'), { bigint: true }).mtimeNs).toBe(before.mtimeNs);
    const again = await createFileStore({ directory: path });
    await again.write('stack', 'web', { constructor: 3, valueOf: 2, toString: 1 });
    expect(statSync(join(path, 'stack/web.json'), { bigint: true }).mtimeNs).toBe(before.mtimeNs);
    await again.write('stack', 'web', {});
    expect(statSync(join(path, 'stack/web.json'), { bigint: true }).mtimeNs).not.toBe(before.mtimeNs);
  });

  test('writes at the same time end with the last one', async () => {
    const path = directory();
    const store = await createFileStore({ directory: path });
    const writes = Array.from({ length: 50 }, (_, count) =>
      count % 7 === 6 ? store.remove('memory', 'web') : store.write('memory', 'web', { count }),
    );
    expect(store.read('memory', 'web')).toEqual({ count: 49 });
    await Promise.all(writes);
    expect((await createFileStore({ directory: path })).read('memory', 'web')).toEqual({ count: 49 });
    await Promise.all([store.write('memory', 'web', 1), store.remove('memory', 'web')]);
    expect((await createFileStore({ directory: path })).list('memory')).toEqual([]);
  });

  test('every torn or damaged file is put aside and absent, the others are there', async () => {
    const path = directory();
    const store = await createFileStore({ directory: path });
    await store.write('memory', 'good', 1);
    await store.write('memory', 'web', { text: 'a long enough value', count: 7 });
    const file = join(path, 'memory/web.json');
    const whole = readFileSync(file, 'utf8');
    const damaged = [
      '',
      whole.slice(0, -2),
      whole.slice(0, 30),
      whole.replace('7', '8'),
      whole.replace('"version":1', '"version":2'),
      `${whole.slice(0, 40)}${'\0'.repeat(40)}`,
      'null',
      whole.replace('"name":"web"', '"name":"other"'),
    ];
    const warnings: unknown[] = [];
    for (const [index, text] of damaged.entries()) {
      writeFileSync(file, text);
      const reopened = await createFileStore({
        directory: path,
        log: { warn: (fields) => warnings.push(fields) },
      });
      expect([text, reopened.read('memory', 'web')]).toEqual([text, undefined]);
      expect(reopened.list('memory')).toEqual(['good']);
      expect(readFileSync(`${file}.corrupt-${index + 1}`, 'utf8')).toBe(text);
      expect(warnings).toHaveLength(index + 1);
    }
    await store.write('memory', 'web', 'new');
    expect((await createFileStore({ directory: path })).read('memory', 'web')).toBe('new');
  });

  test('a file of another name, a directory, a FIFO and a link are put aside; a huge one is not read', async () => {
    const path = directory();
    const store = await createFileStore({ directory: path });
    await store.write('daemon', 'a', 1);
    const kind = join(path, 'daemon');
    writeFileSync(join(kind, 'b.json'), readFileSync(join(kind, 'a.json')));
    mkdirSync(join(kind, 'c.json'));
    execFileSync('mkfifo', [join(kind, 'd.json')]);
    symlinkSync('a.json', join(kind, 'e.json'));
    writeFileSync(join(kind, 'f.json'), '');
    truncateSync(join(kind, 'f.json'), 3_000_000_000);
    expect((await createFileStore({ directory: path })).list('daemon')).toEqual(['a']);
    expect(readdirSync(kind).sort()).toEqual([
      'a.json',
      ...['b', 'c', 'd', 'e', 'f'].map((name) => `${name}.json.corrupt-1`),
    ]);
  });

  test('damaged files do not pile up for ever', async () => {
    const path = directory();
    for (let count = 0; count < 30; count += 1) {
      mkdirSync(join(path, 'memory'), { recursive: true });
      writeFileSync(join(path, 'memory/web.json'), `${count}`);
      await createFileStore({ directory: path });
    }
    expect(readdirSync(join(path, 'memory'))).toHaveLength(20);
  });

  test('what a crash left of a write is removed, and is nothing', async () => {
    const path = directory();
    const store = await createFileStore({ directory: path });
    await store.write('memory', 'web', 1);
    writeFileSync(join(path, 'memory/web.json.tmp'), '{"half');
    expect((await createFileStore({ directory: path })).read('memory', 'web')).toBe(1);
    expect(readdirSync(join(path, 'memory'))).toEqual(['web.json']);
  });

  test('a write that the disk refuses is a failure, the value counts meanwhile, and flush tries again', async () => {
    const path = directory();
    const store = await createFileStore({ directory: path });
    await store.write('memory', 'web', 1);
    rmSync(join(path, 'memory'), { recursive: true });
    writeFileSync(join(path, 'memory'), 'in the way');
    await expect(store.write('memory', 'web', 2)).rejects.toMatchObject({ name: 'Failure', kind: 'refused' });
    expect(store.read('memory', 'web')).toBe(2);
    await expect(store.flush()).rejects.toMatchObject({ kind: 'refused' });
    rmSync(join(path, 'memory'));
    mkdirSync(join(path, 'memory'));
    await store.flush();
    expect((await createFileStore({ directory: path })).read('memory', 'web')).toBe(2);
  });

  test('after a failed write, going back to the value before it is written too', async () => {
    const path = directory();
    const store = await createFileStore({ directory: path });
    await store.write('memory', 'web', 1);
    rmSync(join(path, 'memory'), { recursive: true });
    writeFileSync(join(path, 'memory'), 'in the way');
    await expect(store.write('memory', 'web', 2)).rejects.toMatchObject({ kind: 'refused' });
    rmSync(join(path, 'memory'));
    mkdirSync(join(path, 'memory'));
    await store.write('memory', 'web', 1);
    expect((await createFileStore({ directory: path })).read('memory', 'web')).toBe(1);
  });

  test('a directory that is removed under it is made again, with all that was in it', async () => {
    const path = directory();
    const store = await createFileStore({ directory: path });
    await store.write('applied', 'web', 'manifest');
    await store.write('suspended', 'db', true);
    rmSync(path, { recursive: true });
    await store.write('stack', 'web', { generation: 2 });
    await store.remove('suspended', 'db');
    await store.flush();
    const next = await createFileStore({ directory: path });
    expect(next.read('applied', 'web')).toBe('manifest');
    expect(next.read('stack', 'web')).toEqual({ generation: 2 });
    expect(next.list('suspended')).toEqual([]);
    expect(permissions(path)).toBe(0o700);
  });

  test('a directory that cannot be used is a failure with a hint', async () => {
    const path = directory();
    writeFileSync(join(path, 'file'), '');
    const creation = createFileStore({ directory: join(path, 'file/state') });
    await expect(creation).rejects.toMatchObject({
      name: 'Failure',
      kind: 'refused',
      hint: expect.any(String),
    });
  });
});

describe('events on disk', () => {
  test('outlive the process, and a torn line costs only itself', async () => {
    const path = directory();
    const first = await createFileStore({ directory: path });
    first.appendEvent({ count: 1 });
    first.appendEvent({ count: 2 });
    await first.flush();
    const file = join(path, 'events.ndjson');
    truncateSync(file, statSync(file).size - 3);
    const second = await createFileStore({ directory: path });
    expect(second.readEvents()).toEqual([{ count: 1 }]);
    second.appendEvent({ count: 3 });
    await second.flush();
    expect((await createFileStore({ directory: path })).readEvents()).toEqual([{ count: 1 }, { count: 3 }]);
  });

  test('are bounded on disk, and the last ones survive', async () => {
    const path = directory();
    const store = await createFileStore({ directory: path, events: { fileBytes: 2000 } });
    for (let count = 0; count < 1000; count += 1) {
      store.appendEvent({ count });
      if (count % 10 === 0) await store.flush();
    }
    await store.flush();
    const bytes = ['events.ndjson', 'events.1.ndjson'].map((name) =>
      readdirSync(path).includes(name) ? statSync(join(path, name)).size : 0,
    );
    expect(bytes[0]).toBeLessThan(4000);
    expect(bytes[1]).toBeLessThan(4000);
    const events = (await createFileStore({ directory: path, events: { fileBytes: 2000 } })).readEvents();
    expect(events.at(-1)).toEqual({ count: 999 });
    expect(events.length).toBeGreaterThan(100);
  });

  test('never fail: a disk that refuses them, an event that is too long or no JSON', async () => {
    const path = directory();
    const warnings: string[] = [];
    const store = await createFileStore({
      directory: path,
      events: { eventBytes: 100 },
      log: { warn: (_fields, message) => warnings.push(message) },
    });
    mkdirSync(join(path, 'events.ndjson'));
    store.appendEvent({ a: 1 });
    store.appendEvent(undefined);
    store.appendEvent('x'.repeat(200));
    await store.flush();
    expect(store.readEvents()).toEqual([{ a: 1 }]);
    expect(warnings).toEqual(['events could not be kept']);
    rmSync(join(path, 'events.ndjson'), { recursive: true });
    store.appendEvent({ b: 2 });
    await store.flush();
    expect(readFileSync(join(path, 'events.ndjson'), 'utf8')).toBe('{"b":2}\n');
  });
});
