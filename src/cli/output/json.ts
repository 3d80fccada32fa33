/** For people and jq: indented, a newline at the end. */
export function renderJson(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

/** One document a line, for streams. */
export function renderJsonLine(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}
