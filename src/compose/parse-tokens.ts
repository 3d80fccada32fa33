import { type CST, Lexer, Parser } from 'yaml';

export type Tokens =
  | { readonly ok: true; readonly tokens: readonly CST.Token[] }
  | { readonly ok: false; readonly fault: 'count' }
  | { readonly ok: false; readonly fault: 'depth'; readonly offset: number };

/**
 * Reads the tokens of a YAML text within bounds. They are counted while they are read, so that a hostile
 * text is refused before much is built from it.
 */
export function readTokens(
  text: string,
  limits: { readonly tokens: number; readonly depth: number },
): Tokens {
  const parser = new Parser();
  const tokens: CST.Token[] = [];
  const nesting = new Nesting();
  let count = 0;
  let offset = 0;
  for (const word of new Lexer().lex(text)) {
    count += 1;
    if (count > limits.tokens) return { ok: false, fault: 'count' };
    if (nesting.after(word) > limits.depth) return { ok: false, fault: 'depth', offset };
    offset += isMarker(word) ? 0 : word.length;
    tokens.push(...parser.next(word));
  }
  tokens.push(...parser.end());
  for (const token of tokens) {
    const deep = depthOf(token, limits.depth);
    if (deep !== undefined) return { ok: false, fault: 'depth', offset: deep };
  }
  return { ok: true, tokens };
}

/** The lexer announces documents, scalars and the like by control characters that are not in the text. */
function isMarker(word: string): boolean {
  return word === '\u0002' || word === '\u0018' || word === '\u001f';
}

/** A lower bound of the nesting: brackets, and indicators one after the other on a line. */
class Nesting {
  #brackets = 0;
  #indicators = 0;
  #isScalar = false;

  after(word: string): number {
    const isScalar = this.#isScalar;
    this.#isScalar = word === '\u001f';
    if (isScalar) return 0;
    if (word === '[' || word === '{') this.#brackets += 1;
    else if (word === ']' || word === '}') this.#brackets = Math.max(0, this.#brackets - 1);
    else if (word === '-' || word === '?') this.#indicators += 1;
    // A line of nothing but colons: each begins a mapping whose key is empty.
    else if (word === ':' && this.#brackets === 0) this.#indicators += 1;
    else if (word.endsWith('\n')) this.#indicators = 0;
    return this.#brackets + this.#indicators;
  }
}

/**
 * Looks for a token that is nested deeper than allowed, without recursion: what comes next in reading
 * YAML is recursive, and a megabyte of `[` would exhaust its stack. Returns the token's offset.
 */
function depthOf(root: CST.Token, limit: number): number | undefined {
  const stack: { readonly token: CST.Token; readonly depth: number }[] = [{ token: root, depth: 0 }];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    if (next.depth > limit) return 'offset' in next.token ? next.token.offset : 0;
    for (const child of childrenOf(next.token)) stack.push({ token: child, depth: next.depth + 1 });
  }
  return undefined;
}

function childrenOf(token: CST.Token): readonly CST.Token[] {
  if (token.type === 'document') return token.value === undefined ? [] : [token.value];
  if (!('items' in token)) return [];
  const children: CST.Token[] = [];
  for (const item of token.items) {
    if (item.key !== undefined && item.key !== null) children.push(item.key);
    if (item.value !== undefined) children.push(item.value);
  }
  return children;
}
