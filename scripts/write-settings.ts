import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { settingsDocuments } from './settings-docs.ts';

for (const { path, text } of settingsDocuments()) {
  writeFileSync(fileURLToPath(new URL(`../${path}`, import.meta.url)), text);
  console.log(path);
}
