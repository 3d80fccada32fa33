export type ShellWords =
  | {
      readonly ok: true;
      readonly words: readonly string[] /** Where an operator ended the command. */;
      readonly cutAt?: number;
    }
  | { readonly ok: false };

/**
 * Splits a command as docker compose does when it is written as one text: quotes group, a backslash takes
 * the next character as it is, nothing is expanded. No shell is
 * involved, and an unquoted `; & | < >` silently ends the command there (go-shellwords 1.0): `cutAt` says
 * so, for a warning. Unclosed quotes and stray parentheses are faults.
 */
export function splitShellWords(line: string): ShellWords {
  const state: State = { words: [], word: undefined, quote: undefined };
  let index = 0;
  while (index < line.length) {
    const character = line.charAt(index);
    const isEscape = character === '\\' && state.quote !== "'";
    if (isEscape && index + 1 === line.length) return { ok: false };
    const effect = isEscape ? add(state, line.charAt(index + 1)) : step(state, character);
    if (effect === 'fault') return { ok: false };
    if (effect === 'stop') return cut(state, character, index);
    index += isEscape ? 2 : 1;
  }
  if (state.quote !== undefined) return { ok: false };
  endWord(state);
  return { ok: true, words: state.words };
}

function cut(state: State, operator: string, cutAt: number): ShellWords {
  // A file descriptor's number belongs to the redirection: `2>`.
  if (operator !== '>' || !/^[0-9]/.test(state.word ?? '')) endWord(state);
  return { ok: true, words: state.words, cutAt };
}

interface State {
  readonly words: string[];
  /** Undefined between words; the empty text after `""`. */
  word: string | undefined;
  quote: '"' | "'" | '`' | '$(' | undefined;
}

function step(state: State, character: string): 'fault' | 'stop' | undefined {
  if (/[ \t\r\n]/.test(character)) {
    if (state.quote === undefined) endWord(state);
    else add(state, character);
    return undefined;
  }
  switch (character) {
    case '"':
    case "'":
      return stepQuote(state, character);
    case '`':
      return stepBackquote(state);
    case '(':
    case ')':
      return stepParenthesis(state, character);
    case ';':
    case '&':
    case '|':
    case '<':
    case '>':
      if (state.quote === undefined) return 'stop';
  }
  add(state, character);
  return undefined;
}

function stepQuote(state: State, character: '"' | "'"): undefined {
  if (state.quote === undefined) {
    state.quote = character;
  } else if (state.quote === character) {
    state.quote = undefined;
    state.word ??= '';
  } else {
    add(state, character);
  }
}

/** Back quotes group, and stay in the word. */
function stepBackquote(state: State): undefined {
  if (state.quote === undefined) state.quote = '`';
  else if (state.quote === '`') state.quote = undefined;
  add(state, '`');
}

function stepParenthesis(state: State, character: '(' | ')'): 'fault' | undefined {
  if (state.quote === undefined || state.quote === '$(') {
    if (character === '(') {
      if (state.quote === '$(' || state.word?.endsWith('$') !== true) return 'fault';
      state.quote = '$(';
    } else {
      if (state.quote === undefined) return 'fault';
      state.quote = undefined;
    }
  }
  add(state, character);
  return undefined;
}

function add(state: State, text: string): undefined {
  state.word = (state.word ?? '') + text;
}

function endWord(state: State): void {
  if (state.word !== undefined) state.words.push(state.word);
  state.word = undefined;
}
