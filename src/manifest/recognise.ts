import path from 'node:path/posix';
import { GROUP } from './schema/envelope.ts';

/** What a file is by its name: docker compose's own names, in the order in which it prefers them. */
export type FileName =
  | { readonly kind: 'compose'; readonly rank: number; readonly stack: string | undefined }
  | { readonly kind: 'override'; readonly rank: number }
  | { readonly kind: 'other' };

const composeNames = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml'];
const overrideNames = [
  'compose.override.yml',
  'compose.override.yaml',
  'docker-compose.override.yml',
  'docker-compose.override.yaml',
];
const namedCompose = /^(.+)\.compose\.ya?ml$/;

/** `NAME.compose.yaml` names its stack; the usual names leave that to the directory. */
export function recogniseName(filePath: string): FileName {
  const name = path.basename(filePath);
  const rank = composeNames.indexOf(name);
  if (rank !== -1) return { kind: 'compose', rank, stack: undefined };
  const overrideRank = overrideNames.indexOf(name);
  if (overrideRank !== -1) return { kind: 'override', rank: overrideRank };
  const stack = namedCompose.exec(name)?.[1];
  return stack === undefined ? { kind: 'other' } : { kind: 'compose', rank: 0, stack };
}

/** In block, flow or JSON form; a comment or a string may hold it too, which parsing then shows. */
const ourApiVersion = new RegExp(`apiVersion["']?[ \\t]*:[ \\t\\r\\n]*["']?${GROUP.replace('.', '\\.')}/`);
const kindStack = /(?:^|[\n{,])[ \t]*["']?kind["']?[ \t]*:[ \t]*["']?Stack\b/;

/**
 * Whether a file may hold documents of ours, from a glance at its text: most files of a source are data, and
 * parsing costs time. `perhaps` is a `kind: Stack` without our apiVersion: somebody else's, or a mistake.
 */
export function glance(filePath: string, text: string): 'ours' | 'perhaps' | 'no' {
  if (!isYaml(filePath)) return 'no';
  if (ourApiVersion.test(text)) return 'ours';
  return kindStack.test(text) ? 'perhaps' : 'no';
}

/** Only these are ever manifests. */
export function isYaml(filePath: string): boolean {
  return /\.(ya?ml|json)$/i.test(filePath);
}

/** Nothing but white space, or the NUL that files end in after a power failure. */
export function isBlank(text: string): boolean {
  return text.replaceAll('\0', '').trim() === '';
}
