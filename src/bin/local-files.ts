import { digestContext } from '../engine/build-context.ts';
import { createFiles } from '../source/files.ts';

/** The files of this host, for what loads manifests in this process. */
export const localFiles = createFiles({ digestContext });
