import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { schemaDocuments } from './schema-documents.ts';

const directory = fileURLToPath(new URL('../crds-like-schemas/', import.meta.url));
mkdirSync(directory, { recursive: true });
for (const { name, text } of schemaDocuments()) {
  writeFileSync(`${directory}${name}`, text);
  console.log(`crds-like-schemas/${name}`);
}
