import { execFileSync } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Why no file system can be mounted here; undefined when one can. */
export function mountMissing(): string | undefined {
  if (process.platform !== 'linux') return 'only on Linux';
  if (process.getuid?.() !== 0) return 'only root can mount a file system';
  try {
    for (const tool of ['mount', 'umount']) execFileSync(tool, ['--version'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'mount and umount are needed';
  }
}

/** A small file system of its own, in memory, that can be full or read-only at will. */
export class SmallDisk {
  readonly directory: string;
  readonly #filler: string;

  private constructor(directory: string) {
    this.directory = directory;
    this.#filler = join(directory, 'filler');
  }

  static async mount(directory: string): Promise<SmallDisk> {
    await mkdir(directory, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m,mode=700', 'tmpfs', directory]);
    return new SmallDisk(directory);
  }

  /** Not a byte more goes onto it. */
  async fill(): Promise<void> {
    const isFull = (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOSPC') throw error;
    };
    await writeFile(this.#filler, Buffer.alloc(4 * 2 ** 20)).catch(isFull);
  }

  async empty(): Promise<void> {
    await rm(this.#filler, { force: true });
  }

  makeReadOnly(isReadOnly: boolean): void {
    execFileSync('mount', ['-o', `remount,${isReadOnly ? 'ro' : 'rw'}`, this.directory]);
  }

  unmount(): void {
    execFileSync('umount', ['-l', this.directory]);
  }
}
