import type { Block } from './markdown.ts';

/** Blocks of commands that a reader is to type, and that are not CI's own or about the whole machine. */
export function runnable(blocks: readonly Block[]): readonly Block[] {
  return blocks.filter(({ language, mark }) => language === 'sh' && mark?.startsWith('not run: ') !== true);
}

/**
 * One bash script of several blocks, as if they were typed one after another into one shell. Each command must succeed,
 * or exit as the comment behind it says (`# exits 1: why`); the script fails with the line of the document where one
 * does not. What was put into the background ends with it.
 */
export function scriptOf(blocks: readonly Block[]): string {
  return [
    PROLOGUE,
    ...blocks.flatMap(({ text, line }) => text.split('\n').map((each, index) => command(each, line + index))),
  ].join('\n');
}

/** What a line says about its exit code; undefined when it says nothing, and must succeed. */
export function expectedExit(line: string): number | undefined {
  const said = /\s# exits (\d+)\b/.exec(line)?.[1];
  return said === undefined ? undefined : Number(said);
}

function command(line: string, number: number): string {
  if (line.trim() === '') return '';
  const exit = expectedExit(line);
  return `line=${number}\n${exit === undefined ? line : `exits ${exit} ${line}`}`;
}

const PROLOGUE = `set -Eeuo pipefail
line=0
trap 'echo "line $line of the document failed" >&2' ERR
trap 'kill $(jobs -p) 2>/dev/null || true; wait' EXIT
exits() {
  local want=$1 got=0
  shift
  "$@" || got=$?
  [ "$got" = "$want" ]
}`;
