import { writeFile } from 'node:fs/promises';
import { COMMANDS } from '../src/cli/commands.ts';
import { renderCliDocs } from '../src/cli/docs.ts';

await writeFile(new URL('../docs/cli.md', import.meta.url), renderCliDocs(COMMANDS));
