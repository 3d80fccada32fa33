import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decode, encode, fileNameOf } from '../../src/store/document.ts';
import { createFileStore } from '../../src/store/files.ts';
import { holds } from '../support/cases.ts';

test('any JSON under any name is decoded as it was encoded', async (context) => {
  await holds(
    context,
    fc.property(fc.string({ unit: 'binary' }), fc.jsonValue(), (name, value) => {
      const normal: unknown = JSON.parse(JSON.stringify(value));
      expect(decode(encode(name, normal))).toEqual({ ok: true, name, value: normal });
    }),
  );
});

test('any change of one character or any cut is noticed', async (context) => {
  await holds(
    context,
    fc.property(
      fc.string(),
      fc.jsonValue(),
      fc.nat(),
      fc.constantFrom('0', 'x', '\0', ' ', '"'),
      (name, value, at, other) => {
        const normal: unknown = JSON.parse(JSON.stringify(value));
        const text = encode(name, normal);
        const place = at % (text.length - 1);
        const same = (changed: string) => {
          const decoded = decode(changed);
          return (
            !decoded.ok || JSON.stringify([decoded.name, decoded.value]) === JSON.stringify([name, normal])
          );
        };
        expect(same(text.slice(0, place))).toBe(true);
        expect(same(text.slice(0, place) + other + text.slice(place + 1))).toBe(true);
      },
    ),
  );
});

test('different names have different, safe file names', async (context) => {
  const name = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[.%~/A-Za-z0-9-]{0,300}$/));
  await holds(
    context,
    fc.property(name, name, (one, other) => {
      expect(fileNameOf(one)).toMatch(/^(~[0-9a-f]{64}|[A-Za-z0-9_%-]{1,180})\.json$/);
      if (Buffer.from(one).equals(Buffer.from(other))) return;
      expect(fileNameOf(one)).not.toBe(fileNameOf(other));
    }),
  );
});

test('whatever of the files is cut or overwritten, a store opens and has each value whole or not at all', async (context) => {
  await holds(
    context,
    fc.asyncProperty(
      fc.array(fc.record({ which: fc.nat(2), cut: fc.nat(200), junk: fc.string() }), { maxLength: 4 }),
      async (damages) => {
        const directory = mkdtempSync(join(tmpdir(), 'stackctl-test-'));
        try {
          const store = await createFileStore({ directory });
          for (const name of ['a', 'b', 'c']) await store.write('stack', name, { name, list: [1, 2, 3] });
          const damaged = new Set<string>();
          for (const { which, cut, junk } of damages) {
            const name = ['a', 'b', 'c'][which] ?? 'a';
            const path = join(directory, 'stack', `${name}.json`);
            const text = readFileSync(path, 'utf8');
            writeFileSync(path, text.slice(0, cut) + junk);
            if (text.slice(0, cut) + junk !== text) damaged.add(name);
          }
          const again = await createFileStore({ directory });
          for (const name of ['a', 'b', 'c']) {
            const expected = damaged.has(name)
              ? [undefined, { name, list: [1, 2, 3] }]
              : [{ name, list: [1, 2, 3] }];
            expect(expected).toContainEqual(again.read('stack', name));
          }
          expect(readdirSync(join(directory, 'stack'))).toHaveLength(3);
        } finally {
          rmSync(directory, { recursive: true });
        }
      },
    ),
    40,
  );
});
