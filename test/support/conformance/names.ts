import {
  type ContainerId,
  containerId,
  type NetworkId,
  networkId,
  type StackName,
} from '../../../src/model/names.ts';

const NOBODY = 'ab'.repeat(32);

/** How many sequences can have ports and subnets of their own. */
export const PLACES = 400;

export interface NamesOwner {
  readonly stack: StackName;
  readonly instance: string;
  readonly image: string;
}

/** Which of an engine's names, ids, ports and addresses the short names of one sequence stand for. */
export class Names {
  readonly stack: StackName;
  readonly instance: string;
  readonly baseImage: string;
  /** What was made last under a name. */
  readonly #containers = new Map<string, ContainerId>();
  readonly #networks = new Map<string, NetworkId>();
  readonly #firstPort: number;
  readonly #firstSubnet: number;
  readonly #symbols = new Map<string, string>();

  /** Sequences that run at the same time need ports and subnets of their own: another place, 0 to 399. */
  constructor(owner: NamesOwner, place = 0) {
    this.stack = owner.stack;
    this.instance = owner.instance;
    this.baseImage = owner.image;
    this.#firstPort = 20_000 + 26 * place;
    this.#firstSubnet = 26 * place;
  }

  container(name: string): string {
    return `${this.stack}-${name}`;
  }

  network(name: string): string {
    return ['bridge', 'host', 'none'].includes(name) ? name : `${this.stack}_${name}`;
  }

  volume(name: string): string {
    return `${this.stack}_${name}`;
  }

  image(name: string | undefined): string {
    return name === undefined ? this.baseImage : `stackctl.local/${this.stack}-${name}:1`;
  }

  containerId(name: string): ContainerId {
    return this.#containers.get(name) ?? containerId(NOBODY);
  }

  networkId(name: string): NetworkId {
    return this.#networks.get(name) ?? networkId(NOBODY);
  }

  madeContainer(name: string, id: string | undefined): void {
    if (id !== undefined) this.#containers.set(name, containerId(id));
  }

  madeNetwork(name: string, id: string | undefined): void {
    if (id !== undefined) this.#networks.set(name, networkId(id));
  }

  /** `p` */
  port(letter: string): string {
    return letter === '' ? '' : String(this.#firstPort + letterNumber(letter));
  }

  /** `s`: `10.150.3.0/24` */
  subnet(letter: string): string {
    return `${this.#prefix(letter)}.0/24`;
  }

  /** `s.10`: `10.150.3.10` */
  address(text: string): string {
    const [letter = 's', host = '2'] = text.split('.');
    return `${this.#prefix(letter)}.${host}`;
  }

  /** Gives an object that is seen for the first time the next symbol of its name: `web#1`. */
  know(id: string, name: string): string {
    const known = this.#symbols.get(id);
    if (known !== undefined) return known;
    const base = this.mask(name);
    const count = [...this.#symbols.values()].filter((symbol) => symbol.startsWith(`${base}#`)).length;
    const symbol = `${base}#${count + 1}`;
    this.#symbols.set(id, symbol);
    return symbol;
  }

  isKnown(id: string): boolean {
    return this.#symbols.has(id);
  }

  /** The same text for every run and every engine: without ids, run names, ports, addresses. */
  mask(text: string): string {
    let masked = text;
    for (const [id, symbol] of this.#symbols) {
      if (id.length < 64) continue;
      masked = masked.replaceAll(id, symbol).replaceAll(id.slice(0, 12), symbol);
    }
    masked = masked
      .replaceAll(NOBODY, 'nobody')
      .replaceAll(NOBODY.slice(0, 12), 'nobody')
      .replaceAll(this.instance, 'instance')
      .replaceAll(this.baseImage, 'base-image')
      .replaceAll(new RegExp(`stackctl\\.local/${this.stack}-([a-z0-9-]+):1`, 'g'), '$1')
      .replaceAll(`${this.stack}_`, '')
      .replaceAll(`${this.stack}-`, '')
      .replaceAll(this.stack, 'stack');
    return masked
      .replaceAll(/\b10\.(\d+)\.(\d+)\./g, (text, high, low) => this.#letterOfSubnet(text, high, low))
      .replaceAll(/\b\d{5}\b/g, (text) => this.#letterOfPort(text))
      .replaceAll(/\b[0-9a-f]{64}\b|\b(?=[0-9a-f]*[0-9])[0-9a-f]{12}\b/g, '<id>');
  }

  #letterOfSubnet(text: string, high: string, low: string): string {
    const letter = letterOf((Number(high) - 1) * 256 + Number(low) - this.#firstSubnet);
    return letter === undefined ? text : `${letter}.`;
  }

  #letterOfPort(text: string): string {
    const letter = letterOf(Number(text) - this.#firstPort);
    return letter === undefined ? text : `port-${letter}`;
  }

  #prefix(letter: string): string {
    const number = this.#firstSubnet + letterNumber(letter);
    return `10.${1 + Math.floor(number / 256)}.${number % 256}`;
  }
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const letterOf = (number: number): string | undefined => LETTERS[number];
const letterNumber = (letter: string): number => LETTERS.indexOf(letter);
