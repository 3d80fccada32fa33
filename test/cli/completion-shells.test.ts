import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { skipLoudly } from '../support/loud-skip.ts';
import { brokenStack, sampleStack } from '../support/sample-stacks.ts';
import { CliHarness } from './harness.ts';

/** The completion scripts in the shells themselves, on a terminal, with somebody who presses Tab. */

const ROOT = join(import.meta.dirname, '../..');
/** Each Tab starts the program, uncompiled. */
const PATIENCE_MS = 60_000;

let cli: CliHarness;
let shell: ChildProcess | undefined;
beforeEach(async () => {
  cli = await CliHarness.start();
  cli.operations.put(sampleStack());
  cli.operations.put(brokenStack());
  const bin = join(cli.directory, 'bin');
  await mkdir(bin);
  const loader = import.meta.resolve('tsx');
  const program = join(bin, 'stackctl');
  await writeFile(
    program,
    `#!/bin/sh\nexec "${process.execPath}" --import "${loader}" "${ROOT}/src/bin/stackctl.ts" "$@"\n`,
  );
  await chmod(program, 0o755);
  await writeFile(join(cli.directory, 'compose-of-mine.yaml'), '');
});
afterEach(async () => {
  shell?.kill('SIGKILL');
  shell = undefined;
  await cli.stop();
});

const isMissing = (program: string): string | undefined =>
  spawnSync(program, ['--version']).error === undefined ? undefined : `there is no ${program}`;

const environment = () => ({
  PATH: `${join(cli.directory, 'bin')}:${process.env['PATH']}`,
  HOME: cli.directory,
  TERM: 'dumb',
  // Or bash writes there as it ends, when the directory is being removed.
  HISTFILE: '/dev/null',
  LC_ALL: 'C.UTF-8',
  STACKCTL_SOCKET: cli.socketPath,
});

const TAB = '\t';
/** Bound to printing the line as it is, between marks. */
const SHOW = '\u0007';
const CLEAR = '\u0015';

/** A shell on a terminal of its own. */
class Typist {
  readonly #shell: ChildProcess;
  #seen = '';

  constructor(command: string) {
    this.#shell = spawn('script', ['-qfec', command, '/dev/null'], {
      cwd: cli.directory,
      env: environment(),
    });
    shell = this.#shell;
    this.#shell.stdout?.on('data', (chunk: Buffer) => {
      this.#seen += stripVTControlCharacters(chunk.toString('utf8'));
    });
  }

  /** Prepares it, and waits until it is prepared. */
  async tell(...lines: readonly string[]): Promise<void> {
    for (const line of lines) this.#shell.stdin?.write(`${line}\n`);
    // In two parts, so that the echo of the command is not taken for its answer.
    this.#shell.stdin?.write("printf '%s%s\\n' RE ADY\n");
    await this.#until(/READY\r?\n/);
  }

  /** The line after some keys and Tab. */
  async completes(keys: string): Promise<string> {
    this.#seen = '';
    this.#shell.stdin?.write(`${keys}${TAB}${SHOW}`);
    const [, line = ''] = await this.#until(/LINE\[([^\]]*)\]/);
    this.#shell.stdin?.write(CLEAR);
    return line;
  }

  async #until(pattern: RegExp): Promise<RegExpExecArray> {
    await expect.poll(() => this.#seen, { timeout: PATIENCE_MS }).toMatch(pattern);
    return pattern.exec(this.#seen) ?? expect.fail('seen and gone');
  }
}

const LINES: readonly (readonly [typed: string, completed: string])[] = [
  ['stackctl reco', 'stackctl reconcile '],
  ['stackctl get st', 'stackctl get stacks '],
  ['stackctl describe de', 'stackctl describe demo '],
  ['stackctl logs shop ', 'stackctl logs shop api '],
  ['stackctl get services -s sh', 'stackctl get services -s shop '],
  ['stackctl get stacks --output=js', 'stackctl get stacks --output=json '],
  ['stackctl wait demo --for=condition=Rea', 'stackctl wait demo --for=condition=Ready '],
  ['stackctl explain stack.spec.dep', 'stackctl explain stack.spec.dependsOn.'],
  ['stackctl apply -f compose-of', 'stackctl apply -f compose-of-mine.yaml '],
];

describe.skipIf(skipLoudly('completion in bash', isMissing('bash') ?? isMissing('script')))('bash', () => {
  test('completes what is typed', async () => {
    const bash = new Typist('bash --norc --noprofile -i');
    await bash.tell(
      'source <(stackctl completion bash)',
      `bind -x '"\\C-g": printf "LINE[%s]\\n" "$READLINE_LINE"'`,
    );
    for (const [typed, completed] of LINES) expect(await bash.completes(typed)).toBe(completed);
    expect(await bash.completes(`stackctl get stacks -l "team in (web)" sh`)).toBe(
      `stackctl get stacks -l "team in (web)" shop `,
    );
    await cli.stopDaemon();
    expect(await bash.completes('stackctl describe de')).toBe('stackctl describe de');
  }, 300_000);
});

describe.skipIf(skipLoudly('completion in zsh', isMissing('zsh') ?? isMissing('script'), false))(
  'zsh',
  () => {
    test('completes what is typed', async () => {
      const zsh = new Typist('zsh -f -i');
      await zsh.tell(
        'autoload -Uz compinit && compinit -u -D',
        'source <(stackctl completion zsh)',
        `show() { print -r -- "LINE[$BUFFER]" }; zle -N show; bindkey '^G' show`,
      );
      for (const [typed, completed] of LINES) expect(await zsh.completes(typed)).toBe(completed);
      await cli.stopDaemon();
      expect(await zsh.completes('stackctl describe de')).toBe('stackctl describe de');
    }, 300_000);
  },
);

describe.skipIf(skipLoudly('completion in fish', isMissing('fish'), false))('fish', () => {
  test('completes what is typed', async () => {
    const lines = LINES.map(([typed]) => `complete -C '${typed}'`);
    const fish = spawn(
      'fish',
      ['--no-config', '-c', ['stackctl completion fish | source', ...lines].join('\n')],
      {
        cwd: cli.directory,
        env: environment(),
      },
    );
    shell = fish;
    let seen = '';
    fish.stdout.on('data', (chunk: Buffer) => {
      seen += chunk.toString('utf8');
    });
    await new Promise((resolve) => fish.on('close', resolve));
    const values = seen
      .trim()
      .split('\n')
      .map((line) => line.split('\t')[0]);
    const wanted = LINES.map(([, completed]) => completed.trim().split(' ').at(-1));
    expect(values).toEqual(wanted);
  }, 300_000);
});
