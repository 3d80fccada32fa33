import { describe, expect, test } from 'vitest';
import { Catalog } from '../../../src/controller/catalog.ts';
import { createInProcessLoader } from '../../../src/controller/in-process-loader.ts';
import type { Loader } from '../../../src/controller/loader.ts';
import { Failure } from '../../../src/model/failure.ts';
import type { SourceScan } from '../../../src/source/source.ts';
import type { Store } from '../../../src/store/store.ts';

const NEVER = new AbortController().signal;
const ORIGIN = { kind: 'directory', name: '/stacks' } as const;
const WEB = 'services:\n  web:\n    image: caddy\n';

const plain = createInProcessLoader({
  files: {
    readText: () => ({ ok: false, reason: 'missing', message: 'missing' }),
    digestFile: () => undefined,
    digestContext: () => undefined,
    kind: () => 'missing',
    realPath: (path: string) => path,
  },
  look: () => ({ kind: 'missing', stamp: 'missing', isSettled: true, place: undefined }),
  home: undefined,
});

function memoryStore(): Store {
  const values = new Map<string, unknown>();
  const keyOf = (kind: string, name: string) => `${kind}/${name}`;
  return {
    read: (kind, name) => values.get(keyOf(kind, name)),
    list: (kind) =>
      [...values.keys()].flatMap((key) => (key.startsWith(`${kind}/`) ? [key.slice(kind.length + 1)] : [])),
    write: async (kind, name, value) => {
      values.set(keyOf(kind, name), structuredClone(value));
    },
    remove: async (kind, name) => {
      values.delete(keyOf(kind, name));
    },
    appendEvent: () => undefined,
    readEvents: () => [],
    flush: async () => undefined,
  };
}

function scanOf(texts: Readonly<Record<string, string>>, forStack?: string): SourceScan {
  const files = Object.entries(texts).map(([relativePath, text]) => ({
    path: `/stacks/${relativePath}`,
    relativePath,
    text,
    forStack,
  }));
  return { trusted: true, reason: undefined, revision: 'r', files, unreadable: [] };
}

const read = (catalog: Catalog, texts: Readonly<Record<string, string>>) =>
  catalog.update(ORIGIN, scanOf(texts), NEVER);

/** Takes note of a stack as a pass that found nothing wrong does. */
async function noteGood(catalog: Catalog, name: string): Promise<void> {
  const entry = catalog.get(name);
  if (entry !== undefined) await catalog.noteGood(entry);
}

describe('a catalogue', () => {
  test('holds a stack with the texts that define it, and no others', async () => {
    const catalog = new Catalog(memoryStore(), plain);
    const change = await read(catalog, { 'a.compose.yaml': WEB, 'b.compose.yaml': `${WEB}# b\n` });
    expect(change).toMatchObject({ changed: ['a', 'b'], present: ['a', 'b'], problems: [] });
    expect(catalog.get('b')?.manifest.texts).toEqual([
      { path: '/stacks/b.compose.yaml', relativePath: 'b.compose.yaml', text: `${WEB}# b\n` },
    ]);
    expect((await read(catalog, { 'a.compose.yaml': WEB })).changed).toEqual([]);
  });

  test('keeps what a file meant before it broke, and what the store knows of it after a restart', async () => {
    const store = memoryStore();
    const before = new Catalog(store, plain);
    await read(before, { 'a.compose.yaml': WEB });
    await noteGood(before, 'a');
    const good = before.get('a')?.manifest;
    for (const catalog of [before, new Catalog(store, plain)]) {
      const change = await read(catalog, { 'a.compose.yaml': 'services: [' });
      expect(change.present).toEqual(['a']);
      expect(change.changed).toEqual(['a']);
      expect(catalog.get('a')?.manifest).toEqual(good);
      expect(catalog.get('a')?.problems[0]?.severity).toBe('error');
    }
  });

  test('restores a stack whose file is missing after a restart', async () => {
    const store = memoryStore();
    const before = new Catalog(store, plain);
    await read(before, { 'a.compose.yaml': WEB });
    await noteGood(before, 'a');
    const after = new Catalog(store, plain);
    await read(after, {});
    await after.restore({ kind: 'directory', name: '/elsewhere' }, 'a', NEVER);
    expect(after.get('a')).toBeUndefined();
    await after.restore(ORIGIN, 'a', NEVER);
    expect(after.get('a')?.manifest).toEqual(before.get('a')?.manifest);
  });

  test('takes of what was applied for one stack that stack only', async () => {
    const catalog = new Catalog(memoryStore(), plain);
    const scan = scanOf({ 'a.compose.yaml': WEB, 'b.compose.yaml': WEB }, 'b');
    expect((await catalog.update(ORIGIN, scan, NEVER)).present).toEqual(['b']);
    expect(catalog.names()).toEqual(['b']);
  });

  test('changes nothing before a reading is understood as a whole, and nothing when it cannot be', async () => {
    const answers: (() => void)[] = [];
    const slow: Loader = {
      ...plain,
      find: async (files, signal) => {
        await new Promise<void>((resolve) => answers.push(resolve));
        if (files.some(({ text }) => text.includes('refuse'))) throw new Failure('refused', 'too much');
        return plain.find(files, signal);
      },
    };
    const catalog = new Catalog(memoryStore(), slow);
    const first = read(catalog, { 'a.compose.yaml': WEB });
    expect(catalog.names()).toEqual([]);
    answers.shift()?.();
    await first;
    const second = read(catalog, { 'a.compose.yaml': `${WEB}# refuse\n`, 'b.compose.yaml': WEB });
    const before = catalog.get('a');
    answers.shift()?.();
    await expect(second).rejects.toThrow(Failure);
    expect(catalog.names()).toEqual(['a']);
    expect(catalog.get('a')).toBe(before);
  });
});

test('who took a stack over keeps it, though a pass that began before ends later', async () => {
  const catalog = new Catalog(memoryStore(), plain);
  const applied = { kind: 'applied', name: 'applied' } as const;
  await read(catalog, { 'a.compose.yaml': WEB });
  catalog.settle('a', ORIGIN);
  await catalog.update(applied, scanOf({ 'a.compose.yaml': `${WEB}# mine\n` }, 'a'), NEVER);
  expect(catalog.get('a')?.origin).toEqual(ORIGIN);
  catalog.takeOver('a', applied);
  catalog.settle('a', ORIGIN);
  expect(catalog.get('a')?.origin).toEqual(applied);
  catalog.dropFrom(applied, 'a');
  expect(catalog.get('a')?.origin).toEqual(ORIGIN);
});
