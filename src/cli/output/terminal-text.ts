const RESET = '\u001b[0m';

/** Colours; then strings for the terminal (titles, clipboards), its other commands, and single control characters. */
const STEERING =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  /(\u001b\[[0-9;:]*m)|\u001b[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b\[[0-?]*[ -/]*[@-~]?|\u001b[^\u001b]?|[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g;

/**
 * A line of somebody else's, for a terminal: its colours stay, and end with it; whatever else would move the cursor,
 * write over other lines, or tell the terminal to do something is left out.
 */
export function forTerminal(line: string): string {
  let isColoured = false;
  const text = line.replace(STEERING, (_, colour: string | undefined) => {
    isColoured ||= colour !== undefined;
    return colour ?? '';
  });
  return isColoured && !text.endsWith(RESET) ? `${text}${RESET}` : text;
}
