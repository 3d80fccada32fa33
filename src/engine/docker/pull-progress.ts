import type { ProgressMessage } from './progress-stream.ts';

/** The engine sends hundreds of messages a second; each line that is made of them is logged and sent to clients. */
const LINE_EVERY_MS = 3_000;

interface Layer {
  readonly downloadedBytes: number;
  readonly isDone: boolean;
}

/** Turns the messages of a pull into a line now and then that a person can read. */
export class PullProgress {
  readonly #layers = new Map<string, Layer>();
  #shown = '';
  #shownAtMs = Number.NEGATIVE_INFINITY;

  /** The next line; undefined when there is nothing new, or the last line is too fresh. */
  take(message: ProgressMessage, nowMs: number): string | undefined {
    this.#note(message);
    const text = this.#text();
    if (text === this.#shown || nowMs - this.#shownAtMs < LINE_EVERY_MS) return undefined;
    this.#shown = text;
    this.#shownAtMs = nowMs;
    return text;
  }

  #note({ id, status, progressDetail }: ProgressMessage): void {
    if (id === undefined || status === undefined || !/^[0-9a-f]{12}$/.test(id)) return;
    const before = this.#layers.get(id) ?? { downloadedBytes: 0, isDone: false };
    const current = status === 'Downloading' ? (progressDetail?.current ?? 0) : 0;
    this.#layers.set(id, {
      downloadedBytes: Math.max(before.downloadedBytes, current),
      isDone: before.isDone || status === 'Pull complete' || status === 'Already exists',
    });
  }

  /** What is still to come is not told in bytes: the engine learns of a layer's size when it begins with it. */
  #text(): string {
    if (this.#layers.size === 0) return '';
    const layers = [...this.#layers.values()];
    const bytes = layers.reduce((sum, layer) => sum + layer.downloadedBytes, 0);
    const done = layers.filter((layer) => layer.isDone).length;
    const size = bytes === 0 ? '' : `, ${formatSize(bytes)} downloaded`;
    return `${done} of ${layers.length} ${layers.length === 1 ? 'layer' : 'layers'}${size}`;
  }
}

/** As docker shows sizes: powers of 1000. */
function formatSize(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(2)} GB`;
  if (bytes >= 1e6) return `${(bytes / 1e6).toFixed(1)} MB`;
  return `${Math.ceil(bytes / 1e3)} kB`;
}
