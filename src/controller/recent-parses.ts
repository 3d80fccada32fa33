import { type ParsedYaml, parseYaml } from '../compose/parse.ts';
import type { ManifestFile } from '../manifest/stack.ts';

/** Texts of so many characters in all are remembered: the tree of a text takes some fifty times its size. */
const MAX_CHARS = 256 * 1024;

/**
 * `parseYaml` that remembers what it parsed last: who applies a manifest has it found and then resolved, from the same
 * text. Nobody changes a tree.
 */
export function createRecentParser(maxChars = MAX_CHARS): (file: ManifestFile) => ParsedYaml {
  /** By path, the latest last. */
  const recent = new Map<string, { readonly text: string; readonly parsed: ParsedYaml }>();
  let chars = 0;
  const forget = (path: string) => {
    chars -= recent.get(path)?.text.length ?? 0;
    recent.delete(path);
  };
  return ({ path, text }) => {
    const known = recent.get(path);
    const parsed = known?.text === text ? known.parsed : parseYaml(path, text);
    forget(path);
    recent.set(path, { text, parsed });
    chars += text.length;
    for (const oldest of recent.keys()) {
      if (chars <= maxChars) break;
      forget(oldest);
    }
    return parsed;
  };
}
