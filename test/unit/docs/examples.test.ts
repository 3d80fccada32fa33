import { describe, expect, it } from 'vitest';
import { resolveWish } from '../../../src/controller/wish.ts';
import { controlSchema } from '../../../src/manifest/schema/stack.ts';
import { UNRESTRICTED } from '../../../src/model/admission.ts';
import type { EngineInfo } from '../../../src/model/observed.ts';
import type { Problem } from '../../../src/model/problem.ts';
import { filesOf, find } from '../manifest/in-memory.ts';
import { type ExampleTree, exampleTrees } from './example-trees.ts';
import { blocksOf, headingsOf, readDocument } from './markdown.ts';

const DOCUMENTS = ['README.md', 'docs/manifest.md', 'docs/networks.md'];
const examples = DOCUMENTS.flatMap((path) =>
  exampleTrees(blocksOf(readDocument(path))).map((example) => ({
    ...example,
    title: `${path}:${example.block.line} (${example.block.heading})`,
  })),
);

const ENGINE: EngineInfo = {
  id: 'engine',
  version: '28.5.2',
  apiVersion: '1.51',
  swarmActive: false,
  rootDirectory: '/var/lib/docker',
};

/** Everything from the files to what must exist on the engine. */
function load({ files }: ExampleTree): {
  readonly stacks: readonly string[];
  readonly problems: readonly Problem[];
} {
  const found = find(files);
  const onDisk = filesOf(files);
  const readable = {
    ...onDisk,
    digestFile: (path: string) => (onDisk.kind(path) === 'file' ? 'a digest' : undefined),
  };
  const wishes = found.stacks.map((manifest) =>
    resolveWish(manifest, { engine: ENGINE, admission: UNRESTRICTED }, readable),
  );
  return {
    stacks: found.stacks.map(({ name }) => name),
    problems: [...found.problems, ...wishes.flatMap(({ problems }) => problems)],
  };
}

describe('the examples in the documents', () => {
  it.each(examples.filter(({ refused }) => refused === undefined))(
    '$title loads without a problem',
    (example) => {
      const loaded = load(example);
      expect(loaded.problems).toEqual([]);
      expect(loaded.stacks.length).toBeGreaterThan(0);
    },
  );

  it.each(examples.filter(({ refused }) => refused !== undefined))(
    '$title is refused as $refused',
    (example) => {
      const codes = load(example)
        .problems.filter(({ severity }) => severity === 'error')
        .map(({ code }) => code);
      expect(codes).toEqual([example.refused]);
    },
  );

  it('are all either files, parts of a spec, or refused', () => {
    const unmarked = DOCUMENTS.flatMap((path) =>
      blocksOf(readDocument(path))
        .filter(
          ({ language, mark }) => language === 'yaml' && !/^(file: |in spec|refused: )/.test(mark ?? ''),
        )
        .map(({ line }) => `${path}:${line}`),
    );
    expect(unmarked).toEqual([]);
  });

  it('cover every control field of a stack, a heading each', () => {
    const manifest = readDocument('docs/manifest.md');
    const headings = headingsOf(manifest).map(({ text }) => text);
    const withExample = new Set(examples.map(({ block }) => block.heading));
    for (const field of Object.keys(controlSchema.shape)) {
      expect(headings).toContain(field);
      expect(withExample).toContain(field);
    }
  });

  it('say no other default than the schema has', () => {
    const manifest = readDocument('docs/manifest.md');
    const defaults = controlSchema.parse({});
    const said = [...manifest.matchAll(/^### (\w+)\n\nDefault `([^`]+)`/gm)].map(([, field, value]) => [
      field,
      value,
    ]);
    expect(said.length).toBeGreaterThan(3);
    for (const [field = '', value] of said) {
      expect([field, value]).toEqual([field, String(defaults[field as keyof typeof defaults])]);
    }
  });
});
