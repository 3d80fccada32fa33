import { posix } from 'node:path';

/** How the values of a file that `sops` wrote stand in it. `binary` is any other file, as one value within JSON. */
export type SopsFormat = 'yaml' | 'json' | 'dotenv' | 'ini' | 'binary';

const MAC_OF: readonly (readonly [SopsFormat, RegExp])[] = [
  ['dotenv', /^sops_mac=/m],
  ['ini', /^\[sops\][ \t\r]*$/m],
  ['yaml', /^(?:sops|"sops"|'sops'):/m],
];
const JSON_METADATA = /"sops"\s{0,16}:\s{0,16}\{/;
const SEALED_VALUE = /^[^#\n]{0,512}[=:-][ \t]{0,64}["']?ENC\[AES256_GCM,data:/m;

/**
 * What a text looks like: a file that `sops` wrote, by its metadata; `broken`, when it holds encrypted values and no
 * metadata, which stands at the end of most files; or anything else. A glance: reading it may still say otherwise.
 */
export function glanceAt(path: string, text: string): SopsFormat | 'broken' | 'plain' {
  if (!text.includes('sops') && !text.includes('ENC[')) return 'plain';
  if (/^\uFEFF?\s{0,64}\{/.test(text) && JSON_METADATA.test(text)) {
    return isJson(path) ? 'json' : jsonKind(text);
  }
  const found = MAC_OF.find(([, pattern]) => pattern.test(text));
  if (found !== undefined) return found[0];
  return SEALED_VALUE.test(text) ? 'broken' : 'plain';
}

const isJson = (path: string): boolean => /\.json$/i.test(path);

/** What sops does not know by its name becomes `{"data": ..., "sops": ...}`. */
const jsonKind = (text: string): SopsFormat =>
  /^\uFEFF?\s{0,64}\{\s{0,64}"data"\s{0,16}:\s{0,16}"ENC\[AES256_GCM,[^"]*"\s{0,16},\s{0,64}"sops"/.test(text)
    ? 'binary'
    : 'json';

/** `db.sops.yaml`, `token.sops`: whoever calls it so means it to be encrypted. `.sops.yaml` configures `sops` itself. */
export function isNamedSops(path: string): boolean {
  const name = posix.basename(path).toLowerCase();
  return /.\.sops(?:\.|$)/.test(name);
}
