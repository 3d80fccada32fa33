import stringWidth from 'fast-string-width';
import type { ServiceStatus, StackStatus } from '../../model/status.ts';
import type { Colors } from './color.ts';
import type { Sink } from './sink.ts';
import { printable } from './table.ts';

/** Shows how stacks come up, while a command waits for them. */
export interface Progress {
  status(status: StackStatus): Promise<void>;
  /** What the daemon does just now, in its own words. */
  line(stack: string, text: string): Promise<void>;
  /** Leaves what is on the screen standing. */
  end(): Promise<void>;
}

/** Redrawn lines on a terminal; elsewhere a line for each change. */
export function createProgress(sink: Sink, colors: Colors): Progress {
  return sink.isTerminal ? new ScreenProgress(sink, colors) : new PlainProgress(sink);
}

const ready = (service: ServiceStatus): string => `${service.ready}/${service.desired}`;
const said = (service: ServiceStatus): string =>
  service.message === '' ? service.state : `${service.state}: ${service.message}`;

class PlainProgress implements Progress {
  readonly #sink: Sink;
  readonly #shown = new Map<string, string>();

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  async status(status: StackStatus): Promise<void> {
    for (const service of status.services) {
      const key = `${status.name}/${service.name}`;
      const text = `service/${key} ${ready(service)} ${said(service)}`;
      if (this.#shown.get(key) === text) continue;
      this.#shown.set(key, text);
      await this.#sink.write(`${printable(text)}\n`);
    }
  }

  async line(stack: string, text: string): Promise<void> {
    await this.#sink.write(`${printable(`stack/${stack} ${text}`)}\n`);
  }

  async end(): Promise<void> {}
}

const DEFAULT_COLUMNS = 80;

/** INVARIANT: `#drawn` is the number of lines above the cursor that belong to the block. */
class ScreenProgress implements Progress {
  readonly #sink: Sink;
  readonly #colors: Colors;
  readonly #statuses = new Map<string, StackStatus>();
  readonly #doing = new Map<string, string>();
  #drawn = 0;
  #shown = '';

  constructor(sink: Sink, colors: Colors) {
    this.#sink = sink;
    this.#colors = colors;
  }

  async status(status: StackStatus): Promise<void> {
    this.#statuses.set(status.name, status);
    await this.#draw();
  }

  async line(stack: string, text: string): Promise<void> {
    this.#doing.set(stack, text);
    await this.#draw();
  }

  async end(): Promise<void> {
    this.#doing.clear();
    await this.#draw();
    this.#drawn = 0;
  }

  async #draw(): Promise<void> {
    const lines = [...this.#statuses.values()].flatMap((status) => this.#block(status));
    const block = lines.map((line) => `${line}\n`).join('');
    if (block === this.#shown) return;
    this.#shown = block;
    // Up to the first line of the block and clear from there: what was written above it stays.
    const home = this.#drawn === 0 ? '' : `\u001b[${this.#drawn}A\u001b[J`;
    this.#drawn = lines.length;
    await this.#sink.write(`${home}${block}`);
  }

  #block(status: StackStatus): readonly string[] {
    const width = Math.max(0, ...status.services.map((service) => stringWidth(service.name)));
    const doing = this.#doing.get(status.name);
    const head = this.#fit(`stack/${status.name} ${status.health}`);
    return [
      this.#colors.bold(head),
      ...status.services.map((service) => {
        const name = `  ${service.name}${' '.repeat(width - stringWidth(service.name))}  ${ready(service)}  `;
        const state = this.#fit(printable(said(service)), stringWidth(name));
        const paint = service.ready >= service.desired ? this.#colors.good : this.#colors.busy;
        return `${name}${service.health === 'Degraded' ? this.#colors.bad(state) : paint(state)}`;
      }),
      ...(doing === undefined ? [] : [this.#colors.dim(this.#fit(printable(`  ${doing}`)))]),
    ];
  }

  /** Cut to one line of the screen: a line that wraps would break the count of lines. */
  #fit(text: string, used = 0): string {
    const room = (this.#sink.columns ?? DEFAULT_COLUMNS) - used - 1;
    if (stringWidth(text) <= room) return text;
    let fitted = '';
    for (const character of text) {
      if (stringWidth(fitted + character) >= room) break;
      fitted += character;
    }
    return `${fitted}…`;
  }
}
