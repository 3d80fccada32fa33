// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Compose's variables

/** One hostile manifest: what it is called, what is in it, and what must come of it. */
export interface HostileFile {
  readonly name: string;
  readonly text: string;
  /** The code of its first problem; `accepted` for what looks hostile and means nothing bad. */
  readonly expected: string;
}

const web = (fields: string, more = '') => `services:\n  web:\n    image: a\n    ${fields}\n${more}`;
const many = (count: number, item: (index: number) => string) =>
  Array.from({ length: count }, (_, n) => item(n));
const file = (name: string, text: string, expected: string): HostileFile => ({ name, text, expected });

const MIB = 1024 * 1024;

/** Row 18 and 21: large and deep. They are made here, as nobody wants to keep megabytes. */
const LARGE: readonly HostileFile[] = [
  file('a megabyte of brackets', `a: ${'['.repeat(MIB - 10)}`, 'NestedTooDeeply'),
  file('a megabyte of braces', `a: ${'{'.repeat(MIB - 10)}`, 'NestedTooDeeply'),
  file('a megabyte of dashes', '- '.repeat(MIB / 2 - 5), 'NestedTooDeeply'),
  file('a megabyte of questions', '? '.repeat(MIB / 2 - 5), 'NestedTooDeeply'),
  file('a megabyte of empty keys', ' :'.repeat(MIB / 2 - 5), 'NestedTooDeeply'),
  file('a megabyte of keys in keys', `a${': a'.repeat(MIB / 3 - 5)}`, 'NestedTooDeeply'),
  file('a megabyte of anchors', '&a '.repeat(MIB / 3 - 5), 'FileTooLarge'),
  file('a megabyte of tags', '!a '.repeat(MIB / 3 - 5), 'FileTooLarge'),
  file('a megabyte of quotes', `a: ${'"'.repeat(MIB - 10)}`, 'FileTooLarge'),
  file('a megabyte of commas', `a: [${','.repeat(MIB - 10)}]`, 'FileTooLarge'),
  file('a megabyte of lines', '\n'.repeat(MIB - 10), 'EmptyFile'),
  file('a megabyte of comments', '#\n'.repeat(MIB / 2 - 10), 'FileTooLarge'),
  file('a megabyte of documents', '---\n'.repeat(MIB / 4 - 10), 'FileTooLarge'),
  file('a megabyte of blanks', `a:${' '.repeat(MIB - 10)}b`, 'UnknownField'),
  file('a key of a megabyte', `${'k'.repeat(MIB - 20)}: 1\n`, 'InvalidYaml'),
  file('a value of a megabyte', web(`environment: {A: ${'x'.repeat(MIB - 100)}}`), 'OverLimit'),
  file('more than a megabyte', `x-a: ${'x'.repeat(MIB)}\n`, 'FileTooLarge'),
  file(
    '100,000 unique keys',
    many(100_000, (n) => `x-${n}: 1\n`)
      .join('')
      .slice(0, MIB - 20),
    'FileTooLarge',
  ),
  file(
    '20,000 unique keys',
    `${many(20_000, (n) => `x-${n}: 1\n`).join('')}services: {a: {image: a}}\n`,
    'accepted',
  ),
  file('20,000 unknown fields', many(20_000, (n) => `k${n}: 1\n`).join(''), 'UnknownField'),
  file('1,000 services', `services: {${many(1000, (n) => `s${n}: {image: a}`).join(', ')}}`, 'OverLimit'),
  file(
    'a chain of 1,000 dependencies',
    `services: {${many(250, (n) => `s${n}: {image: a, depends_on: [s${n + 1}]}`).join(', ')}, s250: {image: a}}`,
    'accepted',
  ),
  file(
    '250 services that all wait for each other',
    `services: {${many(250, (n) => `s${n}: {image: a, depends_on: [${many(20, (m) => `s${(n + m + 1) % 250}`).join(',')}]}`).join(', ')}}`,
    'DependencyCycle',
  ),
  file('depth 65', `x-a: ${'['.repeat(65)}${']'.repeat(65)}\n`, 'NestedTooDeeply'),
  file('depth 65 in blocks', many(65, (n) => `${' '.repeat(n)}x-a:\n`).join(''), 'NestedTooDeeply'),
  file('a million ports', web(`ports: ["1-65535:1-65535", "127.0.0.2:1-65535:1-65535"]`), 'InvalidValue'),
  file('10,000 variables', web(`environment: [${many(10_000, (n) => `A${n}=`).join(',')}]`), 'OverLimit'),
  file('1,000 labels', web(`labels: [${many(1000, (n) => `l${n}=`).join(',')}]`), 'OverLimit'),
  file('a label of 100 KB', web(`labels: {a: ${'x'.repeat(100_000)}}`), 'OverLimit'),
];

const level = (name: string, items: string) => `x-${name}: &${name} [${items}]\n`;
const names = 'abcdefghijklmnopqrstuvwxyz'.split('');
const chain = (count: number, width: number, form: (items: string) => string) =>
  names.slice(0, count).map((name, index) => {
    const below = names[index - 1];
    const items = many(width, () => (below === undefined ? 'lol' : `*${below}`)).join(', ');
    return `x-${name}: &${name} ${form(items)}\n`;
  });

/** Rows 19 and 20: aliases. */
const ALIASES: readonly HostileFile[] = [
  file('a billion laughs', chain(9, 9, (items) => `[${items}]`).join(''), 'TooManyNodes'),
  file('laughs two at a time', chain(26, 2, (items) => `[${items}]`).join(''), 'TooManyNodes'),
  file(
    'laughs in services',
    `${level('l', many(300, () => 'x').join(','))}services: {${many(400, (n) => `s${n}: {image: a, command: *l}`).join(', ')}}`,
    'TooManyNodes',
  ),
  file('an alias in itself', 'x-a: &a [*a]\n', 'CyclicAlias'),
  file('an alias in its own key', 'x-a: &a {b: {c: *a}}\n', 'CyclicAlias'),
  file('a merge of itself', 'x-a: &a {<<: *a, b: 1}\n', 'CyclicAlias'),
  file('an alias before its anchor', 'x-a: *b\nx-b: &b 1\n', 'UnknownAlias'),
  file('an anchor of another document', 'x-a: &a 1\n---\nx-b: *a\n', 'UnknownAlias'),
  file('deep by aliases', chain(20, 1, (items) => `[[[[${items}]]]]`).join(''), 'NestedTooDeeply'),
  file(
    '1,000 merges in a row',
    `x-0: &a0 {a: 1}\n${many(1000, (n) => `x-${n + 1}: &a${n + 1} {<<: *a${n}}\n`).join('')}services: {a: {image: a}}\n`,
    'TooManyNodes',
  ),
  file(
    'a merge of 10,000',
    `x-0: &a {a: 1}\nx-b: {<<: [${many(60_000, () => '*a').join(', ')}]}\n`,
    'TooManyNodes',
  ),
  file('a merge of no mapping', 'x-a: &a 1\nservices: {a: {<<: *a, image: a}}\n', 'InvalidMergeKey'),
  file('an anchor taken over', 'x-a: &a 1\nx-b: &a 2\nservices: {a: {image: a}}\n', 'accepted'),
];

const UNSAFE = [
  '__proto__',
  'constructor',
  'prototype',
  'hasOwnProperty',
  'toString',
  'valueOf',
  'isPrototypeOf',
  '__defineGetter__',
];

/** Row 22: names that every object has. */
const PROTOTYPES: readonly HostileFile[] = [
  ...UNSAFE.flatMap((name) => [
    file(`${name} at the top`, `${name}: {a: 1}\n`, 'ReservedKey'),
    file(`a service called ${name}`, `services: {${name}: {image: a}}\n`, 'ReservedKey'),
    file(`a field called ${name}`, web(`${name}: {image: b}`), 'ReservedKey'),
    file(`a variable called ${name}`, web(`environment: {${name}: x}`), 'ReservedKey'),
    file(`a label called ${name}, in a list`, web(`labels: ["${name}=x"]`), 'InvalidValue'),
  ]),
  ...['toString', 'constructor'].flatMap((name) => [
    file(`depends_on ${name}`, web(`depends_on: [${name}]`), 'InvalidValue'),
    file(`a network ${name}`, web(`networks: [${name}]`), 'InvalidValue'),
    file(`a volume ${name}`, web(`volumes: ["${name}:/x"]`), 'UndefinedVolume'),
    file(`a config ${name}`, web(`configs: [${name}]`), 'UndefinedConfig'),
    file(`a secret ${name}`, web(`secrets: [${name}]`), 'UndefinedSecret'),
    file(`extends ${name}`, web(`extends: ${name}`), 'UndefinedService'),
    file(`the network of ${name}`, web(`network_mode: "service:${name}"`), 'UndefinedService'),
    file(`the volumes of ${name}`, web(`volumes_from: [${name}]`), 'UndefinedService'),
    file(`a link to ${name}`, web(`links: [${name}]`), 'UndefinedService'),
    file(`an image called ${name}`, `services: {a: {image: ${name}}}\n`, 'ReservedName'),
    file(`a container called ${name}`, web(`container_name: ${name}`), 'ReservedName'),
  ]),
  file('__proto__ by an alias', 'x-k: &k __proto__\nx-a: {*k : {a: 1}}\n', 'ReservedKey'),
  file('__proto__ by an escape', '"\\x5f_proto__": {a: 1}\n', 'ReservedKey'),
  file('__proto__ by a merge', 'x-a: &a {"__proto__": {b: 1}}\nx-c: {<<: *a}\n', 'ReservedKey'),
  file(
    'constructor.prototype by merging',
    'x-a: {constructor: {prototype: {isAdmin: true}}}\n',
    'ReservedKey',
  ),
];

/** Row 23 and 24: what YAML can do. */
const YAML: readonly HostileFile[] = [
  ...[
    '!!js/function "x"',
    '!!python/object/apply:os.system [ls]',
    '!include /etc/passwd',
    '!!map {}',
    '!env PATH',
    '!!timestamp 2001-01-01',
    '!<tag:evil.example,2024:x> y',
  ].map((tag) =>
    file(`the tag ${tag}`, web(`hostname: ${tag}`), /[[{]/.test(tag) ? 'WrongType' : 'UnknownTag'),
  ),
  file('a key twice', 'services: {a: {image: a, image: b}}\n', 'DuplicateKey'),
  file('a key twice, quoted once', 'services: {a: {image: a, "image": b}}\n', 'DuplicateKey'),
  file('a service twice', 'services:\n  a: {image: a}\n  a: {image: b}\n', 'DuplicateKey'),
  file('a list as a key', '? [a]\n: b\n', 'KeyNotText'),
  file('a map as a key', '{a: b}: c\n', 'KeyNotText'),
  file('a number as a key', 'services: {1: {image: a}}\n', 'KeyNotText'),
  file('nothing as a key', 'services: {~: {image: a}}\n', 'KeyNotText'),
  file('a tab for indentation', 'services:\n\ta:\n\t\timage: a\n', 'InvalidYaml'),
  file('a raw escape', 'services: {a: {image: "\u001b[2J"}}\n', 'ControlCharacter'),
  file('a NUL', 'services: {a: {image: "\0"}}\n', 'ControlCharacter'),
  file('an escaped NUL', 'services: {a: {image: "\\0"}}\n', 'ControlCharacter'),
  file('half a character of two', 'services: {a: {image: "\\uD800"}}\n', 'accepted'),
  file('a directive', '%YAML 1.1\n---\nservices: {a: {image: a}}\n', 'accepted'),
  file('an unknown directive', '%EVIL x\n---\nservices: {a: {image: a}}\n', 'accepted'),
  file('a BOM', '\uFEFFservices: {a: {image: a}}\n', 'accepted'),
  file('a BOM in the middle', 'services: {a: {image: a}}\n\uFEFFx-a: 1\n', 'UnknownField'),
  file('lines of Windows', 'services:\r\n  a:\r\n    image: a\r\n', 'accepted'),
  file('lines of old Macs', 'services:\r  a:\r    image: a\r', 'InvalidYaml'),
  file('JSON', '{"services": {"a": {"image": "a"}}}', 'accepted'),
  file('half of JSON', '{"services": {"a": {"image": "a"', 'InvalidYaml'),
  file('a quote that is open', 'services: {a: {image: "a}}\n', 'InvalidYaml'),
  file('a list at the top', '- services\n', 'WrongType'),
  file('a text at the top', 'services\n', 'WrongType'),
  file('nothing but comments', '# services\n', 'EmptyFile'),
  file('nothing but documents', '---\n---\n---\n', 'EmptyFile'),
  file('a date', web('environment: {A: 2001-01-01}'), 'TimestampNotText'),
  file('a number that has no end', web('mem_limit: 1e400'), 'WrongType'),
  file('not a number', web('cpus: .nan'), 'WrongType'),
  file('a whole number beyond all', web(`pids_limit: ${'9'.repeat(1000)}`), 'WrongType'),
];

/** Rows 10, 12, 15, 16, 25: values. */
const VALUES: readonly HostileFile[] = [
  ...['../x', 'a b', '-a', 'é', 'a/b', 'a\\nb', '\\u202Eab'].map((name) =>
    file(
      `container_name ${name}`,
      web(`container_name: "${name}"`),
      /^(a b|é|-a|a\/b|\.\.\/x|a\\nb)$/.test(name) ? 'InvalidValue' : 'InvalidName',
    ),
  ),
  ...['..', '../containers/x', 'a/b', '\\u200B', 'a\\tb'].map((name) =>
    file(`a network named ${name}`, web('networks: [n]', `networks: {n: {name: "${name}"}}`), 'InvalidName'),
  ),
  ...['..', '../x', 'a', 'a b', '-a'].map((name) =>
    file(
      `a volume named ${name}`,
      web('volumes: ["vol:/v"]', `volumes: {vol: {name: "${name}"}}`),
      'InvalidName',
    ),
  ),
  ...['a\\u202Eb', 'a\\u200Bb', '../x', 'a b', 'é', ''].map((name) =>
    file(`a service called "${name}"`, `services: {"${name}": {image: a}}\n`, 'InvalidValue'),
  ),
  ...['http://169.254.169.254/latest', 'git@evil.example:x.git', 'oci://evil.example/x'].map((url) =>
    file(`include ${url}`, `include: ["${url}"]\nservices: {a: {image: a}}\n`, 'RemoteNotSupported'),
  ),
  ...['/dev/zero', '/dev/stdin', '/proc/self/environ', '/proc/self/mem'].flatMap((path) => [
    file(`env_file ${path}`, web(`env_file: ${path}`), 'FileNotReadable'),
    file(`label_file ${path}`, web(`label_file: ${path}`), 'FileNotReadable'),
    file(`include ${path}`, `include: [${path}]\nservices: {a: {image: a}}\n`, 'FileNotReadable'),
    file(`a config of ${path}`, web('configs: [c]', `configs: {c: {file: ${path}}}`), 'FileUnreadable'),
  ]),
  ...['1'.repeat(100_000), '1x'.repeat(50_000), `${'1'.repeat(50_000)}s`, '-', '1', '1 s', '∞'].map((text) =>
    file(
      `a grace of ${text.slice(0, 10)} (${text.length})`,
      web(`stop_grace_period: "${text}"`),
      'InvalidValue',
    ),
  ),
  ...['${', '${X', '${X:-${Y}', '${1}', `${'${A:-'.repeat(40)}${'}'.repeat(40)}`].map((text) =>
    file(`the template ${text.slice(0, 12)}`, web(`hostname: "${text}"`), 'InvalidTemplate'),
  ),
  ...['65536:80', '80:65536', '9-1:80', 'a:b', '1:2:3:4:5', '::::', '999.0.0.1:1:1', '80/evil', ''].map(
    (port) => file(`the port "${port}"`, web(`ports: ["${port}"]`), 'InvalidValue'),
  ),
  file('a million replicas', web('deploy: {replicas: 1000000}'), 'OverLimit'),
  file('replicas beyond all', web('deploy: {replicas: 99999999999999999999}'), 'InvalidValue'),
  file('fewer than none', web('deploy: {replicas: -1}'), 'InvalidValue'),
  file('a check each nanosecond', web('healthcheck: {test: "true", interval: 1ns}'), 'InvalidDuration'),
  file('a check each millisecond', web('healthcheck: {test: "true", interval: 1ms}'), 'OverLimit'),
  file('a grace of a thousand hours', web('stop_grace_period: 1000h'), 'OverLimit'),
  file('a terabyte in memory', web('tmpfs: ["/t:size=1t"]'), 'OverLimit'),
  file('our label', web('labels: {io.stackctl.instance: other}'), 'ReservedLabel'),
  file('a label of docker compose', web('labels: {com.docker.compose.oneoff: "True"}'), 'ReservedLabel'),
  file(
    'services that extend each other',
    'services: {a: {extends: b}, b: {extends: a}}\n',
    'CircularExtends',
  ),
  file('a service that waits for itself', web('depends_on: [web]'), 'DependencyCycle'),
  file(
    'a config without a source',
    web('configs: [{target: /x}]', 'configs: {c: {content: x}}'),
    'MissingField',
  ),
];

export const HOSTILE_FILES: readonly HostileFile[] = [
  ...LARGE,
  ...ALIASES,
  ...PROTOTYPES,
  ...YAML,
  ...VALUES,
];
