import ignore from 'ignore';

/** Whether an entry of the tree is left out. `relativePath` uses `/` and is never empty. */
export type IgnoreRules = (relativePath: string, isDirectory: boolean) => boolean;

/**
 * What a source never looks at: directories whose name starts with a dot (`.git` and the like, also the
 * generations behind a mounted ConfigMap), `node_modules`, and what the root's `.stackctlignore` names.
 * That file has gitignore's syntax and its patterns are relative to the root; only the root's is read.
 */
export function ignoreRules(text: string): IgnoreRules {
  const patterns = ignore().add(text);
  return (relativePath, isDirectory) => {
    const name = relativePath.slice(relativePath.lastIndexOf('/') + 1);
    if (isDirectory && (name.startsWith('.') || name === 'node_modules')) return true;
    return patterns.ignores(isDirectory ? `${relativePath}/` : relativePath);
  };
}

const MAX_PATTERNS = 1000;
const MAX_PATTERN_CHARACTERS = 512;
/** Each one more multiplies the time by the depth of a path; with five a single path takes most of a second. */
const MAX_DOUBLE_STARS = 2;

/** Why a `.stackctlignore` is not used; every path of the tree is held against every pattern, in the daemon itself. */
export function ignoreFault(text: string): string | undefined {
  const lines = text.split('\n');
  if (lines.length > MAX_PATTERNS) return `has more than ${MAX_PATTERNS} lines`;
  const bad = lines.findIndex(
    (line) => line.length > MAX_PATTERN_CHARACTERS || line.split('**').length - 1 > MAX_DOUBLE_STARS,
  );
  if (bad === -1) return undefined;
  const limits = `${MAX_PATTERN_CHARACTERS} characters or ${MAX_DOUBLE_STARS} times **`;
  return `has more than ${limits} in line ${bad + 1}`;
}

/** Names of files that may hold a manifest. Hidden ones are editors' and tools' own. */
export function mayBeManifest(name: string): boolean {
  return !name.startsWith('.') && /\.(yaml|yml|json)$/i.test(name);
}
