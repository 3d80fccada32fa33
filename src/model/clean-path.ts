import path from 'node:path/posix';

/** The shortest path of the same meaning, without a slash at the end (Go's `path.Clean`). */
export function cleanPath(text: string): string {
  if (text === '') return text;
  const normal = path.normalize(text);
  return normal.length > 1 && normal.endsWith('/') ? normal.slice(0, -1) : normal;
}
