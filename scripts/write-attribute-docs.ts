import { writeFile } from 'node:fs/promises';
import { renderAttributeDocs } from './attribute-docs.ts';

await writeFile(new URL('../docs/compose-attributes.md', import.meta.url), renderAttributeDocs());
