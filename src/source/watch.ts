import { join, relative } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { watch as chokidarWatch, type FSWatcher } from 'chokidar';
import { type IgnoreRules, ignoreRules } from './ignore-rules.ts';
import { resolveRoot, type Survey } from './survey.ts';

/** As much of a logger as this room needs; pino's is one. */
export interface SourceLog {
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
}

export interface TreeWatch {
  /** As it was configured; what it leads to may change. */
  readonly path: string;
  /** How often it is looked at whether the path still leads to the directory that is watched. */
  readonly pollMs: number;
  /** Looks at the whole tree and answers whether it differs from what was last looked at. */
  readonly look: (signal: AbortSignal) => Promise<{ readonly survey: Survey; readonly changed: boolean }>;
  readonly touched: () => void;
  readonly log: SourceLog | undefined;
}

/** A look at the whole tree takes at most this share of the time, however large the tree. */
const LOOKING_SHARE = 0.01;

/**
 * Calls `touched` when anything below the path may have changed, until the signal aborts.
 *
 * File system events only make it quick. They are lost when the directory is replaced (the watch stays on the one
 * that was moved away) and when inotify's limits are reached; so the path is resolved again every `pollMs`, and
 * the whole tree's metadata is compared now and then.
 */
export async function watchTree(tree: TreeWatch, signal: AbortSignal): Promise<void> {
  const events = new Events(tree);
  let nextLookAtMs = 0;
  try {
    while (!signal.aborted) {
      const root = await resolveRoot(tree.path);
      const key = 'fault' in root ? undefined : root.key;
      if (key !== events.watchedKey || performance.now() >= nextLookAtMs) {
        nextLookAtMs = await lookAndFollow(tree, events, key, signal);
      }
      await sleep(tree.pollMs, undefined, { signal });
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await events.stop();
  }
}

/** Answers when to look again. After a new watch was set it looks twice: what changed before it stood was missed. */
async function lookAndFollow(tree: TreeWatch, events: Events, key: string | undefined, signal: AbortSignal) {
  const startedMs = performance.now();
  const first = await tree.look(signal);
  const tookMs = performance.now() - startedMs;
  const isNew = await events.follow(first.survey, key);
  const changed = (isNew && (await tree.look(signal)).changed) || first.changed;
  if (changed) tree.touched();
  return performance.now() + tookMs / LOOKING_SHARE;
}

/** The watch on one directory; replaced when the path leads elsewhere or other entries are left out. */
class Events {
  watchedKey: string | undefined;
  readonly #tree: TreeWatch;
  #ignoreText = '';
  #watcher: FSWatcher | undefined;

  constructor(tree: TreeWatch) {
    this.#tree = tree;
  }

  /** Whether a new watch had to be set. */
  async follow(survey: Survey, key: string | undefined): Promise<boolean> {
    if (key === this.watchedKey && survey.ignoreText === this.#ignoreText) return false;
    await this.stop();
    if (survey.root === undefined || key === undefined) return false;
    this.#ignoreText = survey.ignoreText;
    this.watchedKey = key;
    this.#watcher = await this.#open(survey.root, ignoreRules(survey.ignoreText));
    return true;
  }

  async stop(): Promise<void> {
    const watcher = this.#watcher;
    this.#watcher = undefined;
    this.watchedKey = undefined;
    await watcher?.close();
  }

  /**
   * Watches directories only. Each tells of its files, also of those that were replaced atomically (after which
   * a watch on the file itself would be silent: chokidar issue 1437), and a watch a file would use up inotify's.
   */
  async #open(root: string, ignored: IgnoreRules): Promise<FSWatcher> {
    const watcher = chokidarWatch(root, {
      ignoreInitial: true,
      followSymlinks: false,
      ignorePermissionErrors: true,
      atomic: false,
      ignored: (path, stats) => {
        const inside = relative(root, path);
        if (inside === '' || stats === undefined) return false;
        return !stats.isDirectory() || ignored(inside, true);
      },
    });
    watcher.on('raw', (_event, path, details: unknown) => {
      const { watchedPath } = details as { readonly watchedPath?: string };
      const inside = relative(root, join(watchedPath ?? root, path ?? ''));
      if (inside === '' || inside.startsWith('..') || !ignored(inside, false)) this.#tree.touched();
    });
    watcher.on('addDir', () => this.#tree.touched());
    watcher.on('error', (error) => {
      this.#tree.log?.warn(
        { path: this.#tree.path, err: error },
        'directory is not watched completely, polling',
      );
    });
    await new Promise<void>((resolve) => {
      watcher.once('ready', resolve);
      watcher.once('error', () => resolve());
    });
    return watcher;
  }
}
