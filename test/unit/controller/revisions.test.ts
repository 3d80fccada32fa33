import { expect, test } from 'vitest';
import { Revisions } from '../../../src/controller/revisions.ts';
import { seal, unseal } from '../../../src/controller/sealed.ts';
import { imageId } from '../../../src/model/names.ts';
import type { Revision } from '../../../src/model/revision.ts';
import { createMemoryStore } from '../../../src/store/memory.ts';
import { stack } from '../../support/builders.ts';

const revision = (env: string, image = 'a'): Revision => ({
  desired: stack({ services: { web: { env: [env], image: 'app:1' } } }),
  images: { 'app:1': imageId(`sha256:${image}`) },
});

test('what is sealed opens for the same engine only, and shows nothing', () => {
  const sealed = seal({ password: 'canary' }, 'engine-1');
  expect(Buffer.from(sealed, 'base64').toString('latin1')).not.toContain('canary');
  expect(unseal(sealed, 'engine-1')).toEqual({ password: 'canary' });
  expect(unseal(sealed, 'engine-2')).toBeUndefined();
  expect(unseal(sealed.slice(0, -4), 'engine-1')).toBeUndefined();
  expect(unseal('', 'engine-1')).toBeUndefined();
});

test('the last ten revisions are kept, each once, and read back by another store', async () => {
  const store = createMemoryStore();
  const revisions = new Revisions(store, () => 'engine-1');
  for (let number = 1; number <= 12; number += 1) {
    await revisions.note('demo', revision(`A=${number}`), { number, atMs: number });
  }
  const again = new Revisions(store, () => 'engine-1');
  expect(again.list('demo').map(({ number }) => number)).toEqual([12, 11, 10, 9, 8, 7, 6, 5, 4, 3]);
  expect(again.newest('demo')).toEqual(JSON.parse(JSON.stringify(revision('A=12'))));
  expect(again.get('demo', 2)).toBeUndefined();
  expect(again.get('demo', 3)?.desired.revision).toBe(revision('A=3').desired.revision);
  expect(new Revisions(store, () => 'engine-2').newest('demo')).toBeUndefined();
});

test('the same again is nothing new, another image under its tag is noted, and an older one moves to the front', async () => {
  const revisions = new Revisions(createMemoryStore(), () => 'engine-1');
  await revisions.note('demo', revision('A=1'), { number: 1, atMs: 1 });
  await revisions.note('demo', revision('A=1'), { number: 2, atMs: 2 });
  expect(revisions.list('demo').map(({ number, atMs }) => [number, atMs])).toEqual([[1, 1]]);
  await revisions.note('demo', revision('A=1', 'b'), { number: 2, atMs: 3 });
  expect(revisions.newest('demo')?.images).toEqual({ 'app:1': 'sha256:b' });
  await revisions.note('demo', revision('A=2'), { number: 3, atMs: 4 });
  await revisions.note('demo', revision('A=1', 'b'), { number: 4, atMs: 5 });
  expect(revisions.list('demo').map(({ number }) => number)).toEqual([4, 3]);
});
