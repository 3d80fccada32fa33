import { type Block, markValue } from './markdown.ts';

/** Files below a manifest directory, as one example of a document means them. */
export interface ExampleTree {
  readonly block: Block;
  readonly files: Readonly<Record<string, string>>;
  /** The code of the problem that it is to be refused with; undefined when it is to load without any. */
  readonly refused: string | undefined;
}

/**
 * The examples of a document. A block is a file (`file: PATH`), a part of a Stack's spec (`in spec`), or one that is
 * refused (`refused: CODE`). `with: PATH` brings the block of that file, which is then no example of its own.
 */
export function exampleTrees(blocks: readonly Block[]): readonly ExampleTree[] {
  const companions = new Set(blocks.flatMap((block) => companionOf(block) ?? []));
  return blocks.flatMap((block) => {
    const file = markValue(block, 'file');
    if (block.language !== 'yaml' || (file !== undefined && companions.has(file))) return [];
    return [{ block, files: filesOf(block, blocks), refused: markValue(block, 'refused') }];
  });
}

function filesOf(block: Block, blocks: readonly Block[]): Readonly<Record<string, string>> {
  const companion = companionOf(block);
  const beside = blocks.find((other) => companion !== undefined && markValue(other, 'file') === companion);
  const files = beside === undefined || companion === undefined ? {} : { [companion]: beside.text };
  if (block.mark?.startsWith('in spec') === true) return { ...files, 'stack.yaml': inSpec(block.text) };
  return { ...files, [markValue(block, 'file') ?? nameOf(block.text)]: block.text };
}

const companionOf = (block: Block): string | undefined => /, with: (.+)$/.exec(block.mark ?? '')?.[1];
const nameOf = (text: string): string => (text.startsWith('apiVersion:') ? 'stack.yaml' : 'compose.yaml');

/** A part of a spec that says nothing about what runs gets a service to be a stack with. */
function inSpec(text: string): string {
  const indented = text.replace(/^(?=.)/gm, '  ');
  const service = /^services:/m.test(text) ? '' : '  services: { web: { image: nginx } }\n';
  return `apiVersion: stackctl.io/v1alpha1\nkind: Stack\nmetadata: { name: example }\nspec:\n${indented}${service}`;
}
