import { closeSync, constants, fstatSync, openSync, readFileSync, readSync, renameSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { asStored, freeze } from './value.ts';

export interface EventLimits {
  /** Kept in memory, and answered. */
  readonly kept: number;
  /** A longer event is dropped. */
  readonly eventBytes: number;
  /** When the file is larger, it becomes the older one of two. */
  readonly fileBytes: number;
}

export const EVENT_LIMITS: EventLimits = { kept: 1000, eventBytes: 64 * 1024, fileBytes: 4 * 1024 * 1024 };

/** The last events, oldest first; older ones are dropped. */
export class EventRing {
  readonly #limit: number;
  #events: unknown[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** `event` as JSON keeps it. */
  append(event: unknown): void {
    this.#events.push(event);
    if (this.#events.length >= 2 * this.#limit) this.#events = this.#events.slice(-this.#limit);
  }

  read(): readonly unknown[] {
    return this.#events.slice(-this.#limit);
  }
}

const PRESENT = 'events.ndjson';
const OLDER = 'events.1.ndjson';

/**
 * Events as lines of JSON in two files. They are for people: appending never waits and never fails, a torn line is
 * skipped, and what the disk does not take is dropped.
 */
export class EventLog {
  readonly #directory: string;
  readonly #limits: EventLimits;
  readonly #failed: (error: unknown) => void;
  readonly #ring: EventRing;
  #pending: string[] = [];
  #pendingBytes = 0;
  #writing: Promise<void> | undefined;

  constructor(directory: string, limits: EventLimits, failed: (error: unknown) => void) {
    this.#directory = directory;
    this.#limits = limits;
    this.#failed = failed;
    this.#ring = new EventRing(limits.kept);
    for (const name of [OLDER, PRESENT]) {
      for (const event of this.#load(join(directory, name))) this.#ring.append(event);
    }
  }

  append(event: unknown): void {
    const stored = asStored(event);
    const line = stored === undefined ? '' : `${JSON.stringify(stored)}\n`;
    if (line === '' || line.length > this.#limits.eventBytes) return;
    this.#ring.append(stored);
    // A disk that hangs must not fill the memory.
    if (this.#pendingBytes + line.length > this.#limits.fileBytes) return;
    this.#pending.push(line);
    this.#pendingBytes += line.length;
    this.#writing ??= this.#write();
  }

  read(): readonly unknown[] {
    return this.#ring.read();
  }

  async flush(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  async #write(): Promise<void> {
    // Lets a burst become one write.
    await Promise.resolve();
    try {
      while (this.#pending.length > 0) {
        const text = this.#pending.join('');
        this.#pending = [];
        this.#pendingBytes = 0;
        await this.#appendText(text);
      }
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#writing = undefined;
    }
  }

  async #appendText(text: string): Promise<void> {
    const path = join(this.#directory, PRESENT);
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW;
    const file = await open(path, flags, 0o600);
    try {
      const { size } = await file.stat();
      const last = await file.read(Buffer.alloc(1), 0, 1, Math.max(0, size - 1));
      // A line that a crash tore must not swallow the next one.
      const isTorn = last.bytesRead === 1 && last.buffer[0] !== 0x0a;
      await file.appendFile(isTorn ? `\n${text}` : text);
      await file.datasync();
      if (size + Buffer.byteLength(text) >= this.#limits.fileBytes)
        renameSync(path, join(this.#directory, OLDER));
    } finally {
      await file.close();
    }
  }

  #load(path: string): readonly unknown[] {
    try {
      return readTail(path, 2 * this.#limits.fileBytes)
        .split('\n')
        .flatMap(parseLine)
        .slice(-this.#limits.kept);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#failed(error);
      return [];
    }
  }
}

function parseLine(line: string): readonly unknown[] {
  try {
    return line === '' ? [] : [freeze(JSON.parse(line))];
  } catch {
    return [];
  }
}

function readTail(path: string, maxBytes: number): string {
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const { size } = fstatSync(file);
    if (size <= maxBytes) return readFileSync(file, 'utf8');
    const buffer = Buffer.alloc(maxBytes);
    readSync(file, buffer, 0, maxBytes, size - maxBytes);
    return buffer.toString('utf8');
  } finally {
    closeSync(file);
  }
}
