import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { createInProcessLoader } from '../../src/controller/in-process-loader.ts';
import { digestContext } from '../../src/engine/build-context.ts';
import type { DesiredStack } from '../../src/model/desired.ts';
import type { Problem } from '../../src/model/problem.ts';
import { createFiles } from '../../src/source/files.ts';
import { look } from '../../src/source/fingerprint.ts';
import { ADMITTED, engineOf } from '../support/judge.ts';

const NEVER = new AbortController().signal;

export interface Verdict {
  /** Of what is refused there is none. */
  readonly desired: DesiredStack | undefined;
  readonly problems: readonly Problem[];
  /** `code line:column path` of each error. */
  readonly errors: readonly string[];
}

/** A directory of manifests, read by the loader that the daemon uses, from real files. */
export class SourceDirectory {
  readonly path = mkdtempSync(join(tmpdir(), 'stackctl-hostile-'));

  /** Writes a file below the directory and answers its absolute path. */
  put(name: string, content: string | Buffer): string {
    const path = join(this.path, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  }

  /** What comes of one manifest text. */
  async judge(text: string, name = 'compose.yaml'): Promise<Verdict> {
    const loader = createInProcessLoader({ files: createFiles({ digestContext }), look, home: this.path });
    const path = join(this.path, name);
    const found = await loader.find([{ path, relativePath: relative(this.path, path), text }], NEVER);
    const wishes = await Promise.all(
      found.stacks.map((stack) => loader.resolve(stack, engineOf('1.51'), ADMITTED, NEVER)),
    );
    const problems = [
      ...found.problems,
      ...found.broken.flatMap((broken) => broken.problems),
      ...wishes.flatMap((wish) => wish.problems),
    ];
    const errors = problems.filter(({ severity }) => severity === 'error').map(describe);
    return { desired: wishes[0]?.desired, problems, errors: [...new Set(errors)] };
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

function describe({ code, at, path }: Problem): string {
  return `${code} ${at?.line}:${at?.column} ${path ?? ''}`.trim();
}
