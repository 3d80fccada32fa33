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

/** Names of files that may hold a manifest. Hidden ones are editors' and tools' own. */
export function mayBeManifest(name: string): boolean {
  return !name.startsWith('.') && /\.(yaml|yml|json)$/i.test(name);
}
