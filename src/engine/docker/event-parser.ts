import { StringDecoder } from 'node:string_decoder';
import { OURS } from '../../model/labels.ts';
import { stackName } from '../../model/names.ts';
import type { EngineEvent } from '../engine.ts';
import type { WireEvent } from './wire.ts';

/** Labels make events long; none is ever this long. */
const MAX_LINE_CHARS = 1024 * 1024;
const KINDS: Readonly<Record<string, EngineEvent['kind']>> = {
  container: 'container',
  network: 'network',
  volume: 'volume',
  image: 'image',
  daemon: 'daemon',
};

/**
 * Turns the bytes of an event stream into events, however they are cut into chunks. Lines that are no event
 * are skipped, since the next full look finds what they told; so are the three events of every healthcheck.
 */
export class EventParser {
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';
  #skipping = false;

  push(chunk: Buffer): EngineEvent[] {
    const lines = (this.#rest + this.#decoder.write(chunk)).split('\n');
    this.#rest = lines.pop() ?? '';
    if (this.#skipping && lines.length > 0) {
      lines.shift();
      this.#skipping = false;
    }
    if (this.#rest.length > MAX_LINE_CHARS) {
      this.#rest = '';
      this.#skipping = true;
    }
    return lines.map(parseEvent).filter((event) => event !== undefined);
  }
}

function parseEvent(line: string): EngineEvent | undefined {
  const wire = parseLine(line);
  const kind = KINDS[wire?.Type ?? ''];
  const action = wire?.Action ?? '';
  if (wire === undefined || kind === undefined || action.startsWith('exec_')) return undefined;
  const attributes = wire.Actor?.Attributes ?? {};
  const stack = attributes[OURS.stack];
  return {
    kind,
    action,
    id: wire.Actor?.ID ?? '',
    name: attributes['name'],
    stack: stack === undefined ? undefined : stackName(stack),
    ...(kind === 'network' ? { container: attributes['container'] } : {}),
    atMs: wire.timeNano === undefined ? (wire.time ?? 0) * 1000 : Math.floor(wire.timeNano / 1e6),
  };
}

function parseLine(line: string): WireEvent | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as WireEvent) : undefined;
  } catch {
    return undefined;
  }
}
