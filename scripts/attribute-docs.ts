import { dockerRelease } from '../src/desired/api-version.ts';
import { SERVICE_CAPABILITIES } from '../src/desired/capabilities.ts';
import { type Capability, isIgnored } from '../src/desired/capability.ts';
import {
  BUILD_CAPABILITIES,
  FILE_OBJECT_CAPABILITIES,
  NETWORK_CAPABILITIES,
  REFUSED_MOUNTS,
  SERVICE_DETAIL_CAPABILITIES,
  VOLUME_CAPABILITIES,
} from '../src/desired/capability-details.ts';
import { schemaAttributes } from './schema-attributes.ts';

/** What is used up while a project is loaded: the canonical model has none of it. */
const LOADING: Readonly<Record<string, string>> = {
  version: 'no effect: it is obsolete',
  name: "names the project, and so its stack and its objects' names",
  include: 'the files are read as projects of their own and put under this one',
  services: 'each becomes containers',
  networks: 'those that a service uses are made',
  volumes: 'those that a service uses are made, and never removed but by `stackctl delete --volumes`',
  configs: 'become files in containers',
  secrets: 'become files in containers',
  models: 'refused where a service uses one: they need the Docker Model Runner of Docker Desktop',
  'services.*.env_file': 'read into environment; a changed file makes the stack look again',
  'services.*.extends': 'the service is laid over the one that it extends',
  'services.*.label_file': 'read into labels; a changed file makes the stack look again',
  'services.*.pull_refresh_after': 'no effect: use pull_policy: every_DURATION',
};

/** Rows of each table, by the path of the attribute: the table that has the attribute itself or the nearest part around it. */
const CAPABILITIES: ReadonlyMap<string, Capability> = new Map([
  ...under('services.*', SERVICE_CAPABILITIES),
  ...under('services.*', SERVICE_DETAIL_CAPABILITIES),
  ...under('services.*.build', BUILD_CAPABILITIES),
  ...under('networks.*', NETWORK_CAPABILITIES),
  ...under('volumes.*', VOLUME_CAPABILITIES),
  ...under('configs.*', FILE_OBJECT_CAPABILITIES),
  ...under('secrets.*', FILE_OBJECT_CAPABILITIES),
]);

function under(prefix: string, table: Readonly<Record<string, Capability>>): [string, Capability][] {
  return Object.entries(table).map(([attribute, capability]) => [`${prefix}.${attribute}`, capability]);
}

/** Which attributes nothing is said about, and which rows are about no attribute: both are to be empty. */
export function attributeGaps(): { readonly unexplained: string[]; readonly unknown: string[] } {
  const attributes = schemaAttributes().map(({ path }) => path);
  const known = new Set(attributes);
  const isKnown = (path: string) => known.has(path.split('/')[0] ?? path);
  return {
    unexplained: attributes.filter((path) => explain(path) === undefined),
    unknown: [...CAPABILITIES.keys(), ...Object.keys(LOADING)].filter((path) => !isKnown(path)),
  };
}

const SECTIONS: readonly (readonly [title: string, prefix: string, said: string])[] = [
  ['Top level', '', ''],
  ['Services', 'services.*.', ''],
  [
    'Networks',
    'networks.*.',
    'Networks have no update: a changed one is made anew, and its containers are moved over while they run.',
  ],
  ['Volumes', 'volumes.*.', 'A volume is never changed nor made anew: a changed definition is reported.'],
  [
    'Configs',
    'configs.*.',
    'They are files in containers: there is no object at an engine without Swarm that could hold them.',
  ],
  ['Secrets', 'secrets.*.', 'As configs.'],
  ['Models', 'models.*.', ''],
];

/** The text of docs/compose-attributes.md. */
export function renderAttributeDocs(): string {
  const attributes = schemaAttributes();
  const tables = SECTIONS.flatMap(([title, prefix, said]) => {
    const own = attributes.filter(({ path }) =>
      prefix === '' ? !path.includes('.') : path.startsWith(prefix),
    );
    const special = [...CAPABILITIES.keys()].filter((path) => path.includes('/') && path.startsWith(prefix));
    const paths = prefix === '' ? own.map(({ path }) => path) : [...own.map(({ path }) => path), ...special];
    return [
      `## ${title}`,
      '',
      ...(said === '' ? [] : [said, '']),
      '| attribute | what stackctl does | needs | a change |',
      '| --- | --- | --- | --- |',
      ...paths.map((path) => row(path, prefix)),
      '',
    ];
  });
  return [...INTRODUCTION, ...tables].join('\n');
}

const INTRODUCTION = [
  '# Attributes of the Compose specification',
  '',
  'Written by `npx tsx scripts/write-attribute-docs.ts` from `src/desired/capabilities.ts` and',
  '`src/desired/capability-details.ts`, which the program goes by. Do not edit: a test compares.',
  '',
  '`*` is any key, and any place in a list.',
  'Short forms are the same as long ones. Paths such as `HostConfig.Init` are those of the Engine API.',
  '',
  '- *needs*: the first Engine API version, and Docker release, that honours the attribute. On an older engine the',
  '  manifest is refused, since the engine would take it without a word and do something else. Empty: every engine',
  '  from Docker 20.10 (API 1.41) on.',
  '- *a change*: **in place** by `update` or `rename` while the process runs; **attach** by connecting or disconnecting',
  '  a network while it runs; **controller**: no container is touched; **recreate**: a new container takes its place,',
  '  and the old one is kept until the new one is healthy.',
  '- Refused attributes are an error in the manifest, with the reason.',
  `- Mounts of type ${Object.keys(REFUSED_MOUNTS).join(' and ')} are refused: ${Object.values(REFUSED_MOUNTS).join('; ')}.`,
  '',
];

function row(path: string, prefix: string): string {
  const name = path.slice(prefix.length).replace(/\/(.*)$/, '.$1');
  const { does, needs, change } = explain(path) ?? { does: '', needs: '', change: '' };
  return `| \`${escapeCell(name)}\` | ${escapeCell(does)} | ${needs} | ${change} |`;
}

interface Explanation {
  readonly does: string;
  readonly needs: string;
  readonly change: string;
}

/** By the attribute's own row, or by that of the nearest part around it. */
function explain(path: string): Explanation | undefined {
  for (let around = path; around !== ''; around = around.slice(0, Math.max(around.lastIndexOf('.'), 0))) {
    const loading = LOADING[around];
    if (loading !== undefined && (around === path || !isSection(around))) {
      return { does: around === path ? loading : partOf(around), needs: '', change: '' };
    }
    const capability = CAPABILITIES.get(around);
    if (capability === undefined) continue;
    const whole = explainCapability(capability, around);
    return around === path ? whole : { ...whole, does: partOf(around) };
  }
  return undefined;
}

const partOf = (path: string): string => `part of \`${path.replace(/^[a-z]+\.\*\./, '')}\``;

/** A section's row says nothing about what is in it; a model's fields are nobody's but its own. */
function isSection(path: string): boolean {
  return !path.includes('.') && path !== 'models' && path !== 'include';
}

function explainCapability(capability: Capability, path: string): Explanation {
  const { refused, note, fields, minApi, concerns } = capability;
  const values = concerns === undefined ? '' : ` (${concerns.words})`;
  if (refused !== undefined && concerns === undefined) {
    return { does: `**refused**: ${refused}`, needs: '', change: '' };
  }
  const goesTo = fields.map((field) => (field.includes(' ') ? field : `\`${field}\``)).join(', ');
  const refusal = refused === undefined ? undefined : `**refused**${values}: ${refused}`;
  const does = [goesTo, note, refusal].filter((part) => part !== undefined && part !== '').join('; ');
  const needs = minApi === undefined ? '' : `${minApi} (${dockerRelease(minApi)})${values}`;
  const change = isIgnored(capability) || refused !== undefined ? '' : changeOf(capability, path);
  return { does, needs, change };
}

/** What no engine can change, by what it is of. */
function changeOf({ change }: Capability, path: string): string {
  if (change === 'recreate' && path.startsWith('networks.')) return 'made anew';
  if (change === 'recreate' && path.startsWith('volumes.')) return 'reported';
  return CHANGES[change];
}

const CHANGES: Readonly<Record<Capability['change'], string>> = {
  'in-place': 'in place',
  attach: 'attach',
  controller: 'controller',
  recreate: 'recreate',
};

const escapeCell = (text: string): string => text.replaceAll('|', '\\|');
