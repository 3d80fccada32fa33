import { fieldOf, type MappingEntry, type Tree } from '../../compose/tree.ts';
import { inServices, type LintInput, type LintRule, type Spot, spotIf } from '../rule.ts';

const version: LintRule = {
  id: 'version-field',
  severity: 'info',
  category: 'style',
  title: 'the field version',
  reason: 'Compose has not looked at it for years, and warns of it.',
  fix: 'take the line away',
  reference: 'https://docs.docker.com/reference/compose-file/version-and-name/',
  check: ({ documents }) =>
    documents.flatMap(({ entries }) => {
      const entry = entries.get('version');
      return entry === undefined
        ? []
        : [{ path: 'version', message: 'version has no effect', at: entry.keyAt }];
    }),
};

const unquoted: LintRule = {
  id: 'port-not-quoted',
  severity: 'warning',
  category: 'style',
  title: 'a port without quotes that may be read as a number',
  reason: 'Programs that read YAML 1.1 take 22:22 for a number to the base of 60, which is 1342.',
  fix: 'put it into quotes: "22:22"',
  check: (input) =>
    inServices(input, ({ service, at }) =>
      (service.ports ?? []).map((_, index) => {
        const path = `${at}.ports[${index}]`;
        const place = input.locate(path);
        const text = place === undefined ? '' : input.textFrom(place);
        return spotIf(
          /^\d+(:[0-5]?\d)+\s*([,\]#]|$)/.test(text),
          path,
          'without quotes it may be read as a number',
        );
      }),
    ),
};

const noName: LintRule = {
  id: 'project-name-missing',
  severity: 'info',
  category: 'style',
  title: 'a Compose file without a name',
  reason: 'The project is called after its directory, and by another name in another clone.',
  fix: 'add name: at the top',
  isOptional: true,
  check: ({ documents, isLifted }) =>
    isLifted && !documents.some(({ entries }) => entries.has('name'))
      ? documents
          .slice(0, 1)
          .map(({ at }) => ({ path: 'name', message: 'the project is called after its directory', at }))
      : [],
};

/** A spot where the first of some things stands that is not in its order. */
function disorder<Thing>(
  things: readonly (readonly [key: string, thing: Thing])[],
  rank: (key: string) => string | number,
  tell: (key: string, before: string, thing: Thing) => Spot,
): readonly Spot[] {
  for (const [index, [key, thing]] of things.entries()) {
    const previous = things[index - 1]?.[0];
    if (previous !== undefined && rank(key) < rank(previous)) return [tell(key, previous, thing)];
  }
  return [];
}

const entriesOf = (tree: Tree | undefined): readonly [string, MappingEntry][] =>
  tree?.kind === 'mapping' ? [...tree.entries] : [];

/** Names in the order of the alphabet, at some place of every service or document. */
const sorted = (things: readonly [string, MappingEntry][], path: string): readonly Spot[] =>
  disorder(
    things,
    (key) => key,
    (key, before, { keyAt }) => ({
      path: `${path}.${key}`,
      message: `${key} stands after ${before}`,
      at: keyAt,
    }),
  );

function servicesIn({ documents }: LintInput): readonly [string, MappingEntry][] {
  return documents.flatMap((document) => entriesOf(fieldOf(document, 'services')));
}

const servicesOrder: LintRule = {
  id: 'services-order',
  severity: 'info',
  category: 'style',
  title: 'services are not in the order of the alphabet',
  reason: 'In a long file a service is found faster when it stands where one looks for it.',
  fix: 'sort them',
  isOptional: true,
  check: ({ documents }) =>
    documents.flatMap((document) => sorted(entriesOf(fieldOf(document, 'services')), 'services')),
};

const dependenciesOrder: LintRule = {
  id: 'depends-on-order',
  severity: 'info',
  category: 'style',
  title: 'dependencies are not in the order of the alphabet',
  reason: 'Their order has no meaning, and two lists are compared faster when both are sorted.',
  fix: 'sort them',
  isOptional: true,
  check: (input) =>
    servicesIn(input).flatMap(([name, { value }]) => {
      const tree = fieldOf(value, 'depends_on');
      const things = tree?.kind === 'sequence' ? tree.items.map(named) : entriesOf(tree);
      return sorted(things, `services.${name}.depends_on`).map((spot) => ({
        ...spot,
        owner: { kind: 'services', name },
      }));
    }),
};

/** So much of an item decides on its place. */
const MAX_NAMED = 200;

const named = (item: Tree): [string, MappingEntry] => [
  item.kind === 'scalar' ? String(item.value).slice(0, MAX_NAMED) : '',
  { keyAt: item.at, value: item },
];

const portsOrder: LintRule = {
  id: 'ports-order',
  severity: 'info',
  category: 'style',
  title: 'ports are not in order',
  reason: 'Two lists are compared faster when both are sorted.',
  fix: 'sort them by the port of the host',
  isOptional: true,
  check: (input) =>
    servicesIn(input).flatMap(([name, { value }]) => {
      const tree = fieldOf(value, 'ports');
      const ports = tree?.kind === 'sequence' ? tree.items.map(named) : [];
      const number = (text: string) =>
        Number(/(\d+)[^:]*:[^:]*$/.exec(text)?.[1] ?? /\d+/.exec(text)?.[0] ?? 0);
      return disorder(ports, number, (port, before, { keyAt }) => ({
        path: `services.${name}.ports`,
        message: `${port} stands after ${before}`,
        at: keyAt,
        owner: { kind: 'services', name },
      }));
    }),
};

const TOP: readonly string[] = ['name', 'include', 'services', 'networks', 'volumes', 'configs', 'secrets'];

const topOrder: LintRule = {
  id: 'top-level-order',
  severity: 'info',
  category: 'style',
  title: 'the sections of a Compose file are not in their usual order',
  reason: 'Readers look for name first, then include, services, networks, volumes, configs and secrets.',
  fix: 'move the section',
  isOptional: true,
  check: ({ documents }) =>
    documents.flatMap((document) =>
      disorder(
        entriesOf(document).filter(([key]) => TOP.includes(key)),
        (key) => TOP.indexOf(key),
        (key, before, { keyAt }) => ({ path: key, message: `${key} stands after ${before}`, at: keyAt }),
      ),
    ),
};

/** What a reader asks first comes first: what runs, how it is set up, where it stands, and what keeps it in bounds. */
const KEYS: readonly string[] = [
  'extends',
  'profiles',
  'image',
  'build',
  'container_name',
  'entrypoint',
  'command',
  'user',
  'environment',
  'env_file',
  'configs',
  'secrets',
  'volumes',
  'tmpfs',
  'ports',
  'networks',
  'depends_on',
  'restart',
  'healthcheck',
  'deploy',
];

const keysOrder: LintRule = {
  id: 'service-keys-order',
  severity: 'info',
  category: 'style',
  title: 'the fields of a service are not in their usual order',
  reason:
    'What a reader asks first should come first: what runs, how it is set up, where it stands, what keeps it in bounds.',
  fix: `use this order: ${KEYS.join(', ')}`,
  isOptional: true,
  check: (input) =>
    servicesIn(input).flatMap(([name, { value }]) =>
      disorder(
        entriesOf(value).filter(([key]) => KEYS.includes(key)),
        (key) => KEYS.indexOf(key),
        (key, before, { keyAt }) => ({
          path: `services.${name}.${key}`,
          message: `${key} stands after ${before}`,
          at: keyAt,
          owner: { kind: 'services', name },
        }),
      ),
    ),
};

/** How manifests are written. */
export const styleRules: readonly LintRule[] = [
  version,
  unquoted,
  noName,
  servicesOrder,
  dependenciesOrder,
  portsOrder,
  topOrder,
  keysOrder,
];
