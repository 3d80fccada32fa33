import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { renderCliDocs } from '../../src/cli/docs.ts';

test('docs/cli.md is what scripts/write-cli-docs.ts writes', async () => {
  const written = await readFile(new URL('../../docs/cli.md', import.meta.url), 'utf8');
  expect(written).toBe(renderCliDocs(COMMANDS));
});
