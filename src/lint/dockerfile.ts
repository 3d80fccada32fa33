import path from 'node:path/posix';
import type { ComposeService } from '../compose/model.ts';
import type { Position } from '../model/problem.ts';
import type { LintFiles } from './rule.ts';

/** One instruction, its continued lines put together. */
export interface Instruction {
  /** Upper case: `FROM`. */
  readonly name: string;
  readonly text: string;
  readonly at: Position;
}

/** Whatever follows one `FROM`. */
export interface Stage {
  readonly from: Instruction;
  /** The name or image after `FROM`, without options. */
  readonly base: string;
  readonly as: string | undefined;
  readonly instructions: readonly Instruction[];
}

export interface Dockerfile {
  /** Before the first stage: `ARG`s of the bases. */
  readonly head: readonly Instruction[];
  readonly stages: readonly Stage[];
  /** The stages that the image that is asked for is made of: those up to its target. */
  readonly last: Stage | undefined;
}

/** Nobody writes a longer one by hand. */
const MAX_CHARACTERS = 64 * 1024;

/** Reads the Dockerfile of a service; undefined when there is none on this host, or it stands in the manifest. */
export function dockerfileOf({ build }: ComposeService, files: LintFiles): Dockerfile | undefined {
  if (build === undefined || build.dockerfile_inline !== undefined || !path.isAbsolute(build.context))
    return undefined;
  const file = path.resolve(build.context, build.dockerfile ?? 'Dockerfile');
  const read = files.readText(file);
  return read.ok && read.text.length <= MAX_CHARACTERS
    ? parseDockerfile(file, read.text, build.target)
    : undefined;
}

/** Reads a Dockerfile as far as rules need it; it never fails, since the builder says what is wrong with it. */
export function parseDockerfile(file: string, text: string, target?: string): Dockerfile {
  const head: Instruction[] = [];
  const stages: (Stage & { readonly instructions: Instruction[] })[] = [];
  for (const instruction of instructionsOf(file, text)) {
    if (instruction.name === 'FROM') {
      const words = instruction.text.split(/\s+/).filter((word) => !word.startsWith('--'));
      const as = words[1]?.toUpperCase() === 'AS' ? words[2]?.toLowerCase() : undefined;
      stages.push({ from: instruction, base: words[0] ?? '', as, instructions: [] });
    } else {
      (stages.at(-1)?.instructions ?? head).push(instruction);
    }
  }
  const wanted = target === undefined ? undefined : stages.find(({ as }) => as === target.toLowerCase());
  return { head, stages, last: wanted ?? stages.at(-1) };
}

/** The last `USER` of a stage, or of the stage that it is made from. */
export function userOf(dockerfile: Dockerfile, stage: Stage | undefined): string | undefined {
  return inherited(dockerfile, stage, ({ name }) => name === 'USER')?.text.split(/\s+/)[0];
}

/** The last instruction of a kind, of a stage or one that it is made from. Stages only build on earlier ones. */
export function inherited(
  { stages }: Dockerfile,
  stage: Stage | undefined,
  isWanted: (instruction: Instruction) => boolean,
): Instruction | undefined {
  let from = stage;
  while (from !== undefined) {
    const found = from.instructions.findLast(isWanted);
    if (found !== undefined) return found;
    const { base } = from;
    const index = stages.indexOf(from);
    from = stages.slice(0, Math.max(0, index)).findLast(({ as }) => as === base.toLowerCase());
  }
  return undefined;
}

function* instructionsOf(file: string, text: string): Generator<Instruction> {
  const lines = text.split(/\r?\n/);
  for (let index = 0; index < lines.length; index += 1) {
    const first = index;
    let whole = lines[index] ?? '';
    if (/^\s*(#|$)/.test(whole)) continue;
    while (/\\\s*$/.test(whole) && index + 1 < lines.length) {
      index += 1;
      const next = lines[index] ?? '';
      if (/^\s*#/.test(next)) continue;
      whole = `${whole.replace(/\\\s*$/, ' ')}${next}`;
    }
    index = afterHeredocs(whole, lines, index);
    const [, indent = '', name = '', rest = ''] = /^(\s*)(\S+)\s*(.*)$/s.exec(whole) ?? [];
    yield {
      name: name.toUpperCase(),
      text: rest.trim(),
      at: { file, line: first + 1, column: indent.length + 1 },
    };
  }
}

/** The index of the last line of the heredocs that a line opens. */
function afterHeredocs(line: string, lines: readonly string[], index: number): number {
  if (!/^\s*(RUN|COPY|ADD)\s/i.test(line)) return index;
  let last = index;
  for (const [, word = ''] of line.matchAll(/<<-?["']?(\w+)["']?/g)) {
    const end = lines.findIndex((each, place) => place > last && each.trim() === word);
    if (end !== -1) last = end;
  }
  return last;
}
