import { digestContext } from '../engine/build-context.ts';
import { veiled } from '../sops/keyring.ts';
import { openedFiles } from '../sops/opened-files.ts';
import { createFiles } from '../source/files.ts';

/**
 * The files of this host, for what loads manifests in this process. Encrypted values are neither needed nor shown there:
 * a placeholder stands for each.
 */
export const localFiles = openedFiles(createFiles({ digestContext }), veiled);
