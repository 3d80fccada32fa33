/** Words by which a variable, a label or an option is known to hold a secret. */
const SECRET_WORD =
  /(^|[_.-])((pg|db|my|mysql|smtp|redis)?pass(word|wd|phrase)?|pwd|secrets?|tokens?|api_?key|access_?key|private_?key|secret_?key|master_?key|encryption_?key|signing_?key|auth_?key|credentials?)([_.-]|\d*$)/i;
/** The same words where something else is meant: where a secret is, how long it lives, whether there is one. */
const NOT_THE_SECRET =
  /(^pwd$|(^|[_.-])(file|path|dir|directory|name|id|arn|url|uri|host|port|user|username|type|ttl|length|size|limits?|max\w*|min\w*|per|policy|header|field|prefix|count|expir\w*|lifetime|timeout|duration|interval|enabled?|disabled?|allow\w*|require\w*|random\w*|use|skip|algorithm|issuer|endpoint|provider|backend|store|storage|manager|engine|source|driver|class|mode|method|service|format|encoding|rotation|hint|env|version|region|mount|param|reset\w*|public|hash|login)([_.-]|$))/i;
/** A longer name is none that a program looks for, and would take long to look at. */
const MAX_NAME = 200;
/** So much of a text is looked at: keys stand near its beginning, and expressions take their time. */
const MAX_TEXT = 20_000;

/** Whether a name says that its value is a secret. */
export function isSecretName(name: string): boolean {
  if (name.length > MAX_NAME) return false;
  const snake = name.replace(/([a-z\d])([A-Z])/g, '$1_$2');
  return SECRET_WORD.test(snake) && !NOT_THE_SECRET.test(snake);
}

/** Forms that only keys of well-known services have. */
const KEY_SHAPES: readonly RegExp[] = [
  /\bsk-(?=[A-Za-z0-9_-]{0,60}\d)[A-Za-z0-9_-]{20}/,
  /\bgh[opusr]_[A-Za-z0-9]{36}/,
  /\bgithub_pat_[A-Za-z0-9_]{40}/,
  /\bglpat-[A-Za-z0-9_-]{20}/,
  /\bxox[abprs]-[A-Za-z0-9-]{10}/,
  /\b(AKIA|ASIA)[A-Z0-9]{16}\b/,
  /\bAIza[A-Za-z0-9_-]{35}/,
  /\beyJ[A-Za-z0-9_-]{10,500}\.eyJ[A-Za-z0-9_-]{10}/,
  /-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----/,
];
/** A password in an address: `postgres://user:password@host`. */
const IN_ADDRESS = /\b[a-z][a-z0-9+.-]{0,20}:\/\/[^\s:@/]{0,100}:([^\s@/]{1,500})@/i;

/** Whether a text is not written out but filled in: it has a variable in it. A doubled `$` is none. */
export function hasVariable(text: string): boolean {
  return /\$(\{|[A-Za-z_])/.test(text.replaceAll('$$', ''));
}

/** Whether a text is a key by its form, or an address with a password in it, whatever it is called. */
export function looksSecret(whole: string): boolean {
  const text = whole.slice(0, MAX_TEXT);
  if (KEY_SHAPES.some((shape) => shape.test(text))) return true;
  const password = IN_ADDRESS.exec(text)?.[1];
  return password !== undefined && isWrittenOut(password);
}

/** Values that keep no secret: nothing, a switch, a number of a few digits, a path, a shell's own variable. */
const NO_SECRET = /^(|true|false|yes|no|on|off|none|null|\d{1,3}|\/.*|\.\.?\/.*|\$\$.*|<.*>|file:.*)$/is;

/** Whether a value that should be a secret stands there in clear. */
export function isWrittenOut(value: string): boolean {
  return !NO_SECRET.test(value.trim()) && !hasVariable(value);
}

const DEFAULT = /\$\{([A-Za-z_]\w*):?-([^${}]+)\}/g;

/** Names of the variables in a text whose default is a value that should be a secret. */
export function secretDefaults(name: string, text: string): readonly string[] {
  return [...text.slice(0, MAX_TEXT).matchAll(DEFAULT)].flatMap(([, variable = '', value = '']) =>
    isWrittenOut(value) && (isSecretName(variable) || (isSecretName(name) && text.startsWith('${')))
      ? [variable]
      : [],
  );
}

const OPTION =
  /(?:^|\s)--?([\w-]*(?:password|passwd|requirepass|masterauth|secret|token|api-?key|access-?key)[\w-]*)(?:=|\s+)("[^"]*"|'[^']*'|[^\s"']+)/gi;

/** Options of a command line whose value is a secret in clear, by their names. */
export function secretOptions(whole: string): readonly string[] {
  const line = whole.slice(0, MAX_TEXT);
  const given = [...line.matchAll(OPTION)].map(([, option = '', value = '']) => ({ option, value }));
  const [, redis] = /\bredis-cli\s[^|;&]{0,200}?-a\s+(\S+)/.exec(line) ?? [];
  const all = redis === undefined ? given : [...given, { option: 'a', value: redis }];
  return all.flatMap(({ option, value: quoted }) => {
    const value = quoted.replace(/^["']|["']$/g, '');
    const isSecret = isSecretName(option) || /^(requirepass|masterauth|a)$/i.test(option);
    return isSecret && !value.startsWith('-') && isWrittenOut(value) ? [option] : [];
  });
}

const WELL_KNOWN: ReadonlySet<string> = new Set([
  '123456',
  '12345678',
  'admin',
  'changeme',
  'change_me',
  'change-me',
  'changeit',
  'default',
  'demo',
  'example',
  'guest',
  'letmein',
  'minioadmin',
  'mysql',
  'pass',
  'password',
  'passw0rd',
  'postgres',
  'qwerty',
  'root',
  'secret',
  'supersecret',
  'test',
  'user',
  'welcome',
]);

/** Whether a password is one that everybody tries first. */
export function isWellKnown(value: string): boolean {
  return WELL_KNOWN.has(value.trim().toLowerCase());
}
