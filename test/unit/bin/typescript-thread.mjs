// A thread that runs TypeScript; its query names the file, relative to this one. Node 20 hands no hooks on to threads.
import { tsImport } from 'tsx/esm/api';

const file = new URL(new URL(import.meta.url).search.slice(1), import.meta.url);
// Not awaited: Node 20 would end the thread before the file is there.
void tsImport(file.href, new URL('.', import.meta.url).href);
