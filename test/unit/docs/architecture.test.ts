import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readDocument, tableRows } from './markdown.ts';

const ROOT = join(import.meta.dirname, '../../..');
const architecture = readDocument('ARCHITECTURE.md');
const rooms = readdirSync(join(ROOT, 'src'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .sort();

interface Rule {
  readonly name: string;
  readonly to: { readonly pathNot?: string };
}

/** What a room may import beside itself and model/, by the rules that `npm run check` enforces. */
function allowed(): Readonly<Record<string, readonly string[]>> {
  const { forbidden } = createRequire(import.meta.url)(join(ROOT, '.dependency-cruiser.cjs')) as {
    forbidden: Rule[];
  };
  return Object.fromEntries(
    forbidden.flatMap(({ name, to }) => {
      const room = /^(\w+)-imports$/.exec(name)?.[1];
      const others = /^\^src\/\(([^)]*)\)/.exec(to.pathNot ?? '')?.[1]?.split('|') ?? [];
      if (room === undefined) return [];
      return [[room, others.filter((other) => other !== room && other !== 'model').sort()]];
    }),
  );
}

describe('ARCHITECTURE.md', () => {
  it('is shorter than 200 lines', () => {
    expect(architecture.split('\n').length).toBeLessThan(200);
  });

  it('has a line for each room of src', () => {
    const listed = tableRows(architecture).flatMap(
      ([room]) => /^`src\/(\w+)\/`$/.exec(room ?? '')?.[1] ?? [],
    );
    expect(listed.sort()).toEqual(rooms);
  });

  it('says who may know whom as the rules do', () => {
    const said = tableRows(architecture)
      .filter(([room]) => /^`\w+`$/.test(room ?? ''))
      .map(([room = '', others = '']) => [
        room.replaceAll('`', ''),
        [...others.matchAll(/`(\w+)`/g)].map(([, other]) => other).sort(),
      ]);
    expect(Object.fromEntries(said)).toEqual(allowed());
  });
});
