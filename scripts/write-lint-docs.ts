import { writeFile } from 'node:fs/promises';
import { renderLintDocs } from './lint-docs.ts';

await writeFile(new URL('../docs/lint.md', import.meta.url), renderLintDocs());
