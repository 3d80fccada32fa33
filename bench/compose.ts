import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bench } from './bench.ts';
import { measureProcess } from './programs.ts';
import { composeFile, type StackShape } from './stacks.ts';

/** A project of docker compose, as whole processes of its command line. Make one only where `bench.compose` is there. */
export class ComposeProject {
  readonly #bench: Bench;
  readonly #file: string;

  constructor(bench: Bench, name: string) {
    this.#bench = bench;
    this.#file = join(bench.directory, `${name}.compose.json`);
  }

  write(shape: StackShape): Promise<void> {
    return writeFile(this.#file, composeFile(shape));
  }

  /** ms */
  up(): Promise<number> {
    return this.#run('up', '-d');
  }

  /** ms */
  down(): Promise<number> {
    return this.#run('down', '-v', '--timeout', '0');
  }

  #run(...words: string[]): Promise<number> {
    return measureProcess([...(this.#bench.compose ?? []), '-f', this.#file, ...words], {
      env: { DOCKER_HOST: this.#bench.engineHost },
    });
  }
}
