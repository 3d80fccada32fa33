import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A bare repository of this host, and somebody who pushes to it. */
export class GitRemote {
  readonly directory: string;
  readonly bare: string;
  readonly work: string;

  constructor() {
    this.directory = mkdtempSync(join(tmpdir(), 'stackctl-git-'));
    this.bare = join(this.directory, 'infra.git');
    this.work = join(this.directory, 'work');
    this.#run(this.directory, 'init', '--quiet', '--bare', '--initial-branch=main', this.bare);
    this.#run(this.directory, 'init', '--quiet', '--initial-branch=main', this.work);
    this.git('remote', 'add', 'origin', this.bare);
    for (const [key, value] of [
      ['http.receivepack', 'true'],
      ['receive.denyDeleteCurrent', 'ignore'],
      ['uploadpack.allowAnySHA1InWant', 'true'],
    ] as const) {
      this.#run(this.bare, 'config', key, value);
    }
  }

  get url(): string {
    return `file://${this.bare}`;
  }

  git(...args: readonly string[]): string {
    return this.#run(this.work, ...args);
  }

  put(path: string, text: string | Buffer, mode = 0o644): void {
    const place = join(this.work, path);
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, text);
    chmodSync(place, mode);
  }

  link(path: string, target: string): void {
    mkdirSync(dirname(join(this.work, path)), { recursive: true });
    symlinkSync(target, join(this.work, path));
  }

  remove(path: string): void {
    rmSync(join(this.work, path), { recursive: true, force: true });
  }

  /** Commits all there is and pushes it. The commit. */
  push(message = 'change', ...options: readonly string[]): string {
    this.git('add', '--all');
    this.git('commit', '--quiet', '--allow-empty', '-m', message, ...options);
    this.git('push', '--quiet', '--force', 'origin', 'HEAD:main');
    return this.git('rev-parse', 'HEAD').trim();
  }

  dispose(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  #run(cwd: string, ...args: readonly string[]): string {
    return execFileSync('git', ['-c', 'commit.gpgsign=false', ...args], {
      cwd,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        HOME: this.directory,
        GIT_CONFIG_NOSYSTEM: '1',
        GIT_AUTHOR_NAME: 'Ann',
        GIT_AUTHOR_EMAIL: 'ann@example.com',
        GIT_COMMITTER_NAME: 'Ann',
        GIT_COMMITTER_EMAIL: 'ann@example.com',
      },
    });
  }
}
