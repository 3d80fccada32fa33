import type { Position } from '../model/problem.ts';

/**
 * Says in which line and column of a text an offset is. (The parser's own table knows a line only once it came to a
 * token behind it, and a text is refused earlier than that.)
 */
export function lineTable(file: string, text: string): (offset: number) => Position {
  const starts = [0];
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', end + 1)) starts.push(end + 1);
  return (offset) => {
    const place = Math.min(Math.max(offset, 0), text.length);
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= place) low = middle;
      else high = middle;
    }
    return { file, line: low + 1, column: place - (starts[low] ?? 0) + 1 };
  };
}
