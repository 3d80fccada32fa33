// A thread that runs TypeScript: its query names the file, relative to this one. Node 20 hands no loader on to threads.
import { register } from 'tsx/esm/api';

register();
const file = decodeURIComponent(new URL(import.meta.url).search.slice(1));
await import(new URL(file, import.meta.url).href);
