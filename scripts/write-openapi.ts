import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openApiText } from './openapi-text.ts';

writeFileSync(fileURLToPath(new URL('../docs/openapi.json', import.meta.url)), openApiText());
console.log('docs/openapi.json');
