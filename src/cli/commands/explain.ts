import { type Context, defineCommand } from '../command.ts';
import { completeFields } from '../completion/fields.ts';
import { type Field, fieldOf, findField } from '../field-docs.ts';
import { type DocumentedKind, isCalled, readKindSchemas } from '../kind-schemas.ts';
import { flag } from '../option.ts';
import { renderTable } from '../output/table.ts';
import { wrap } from '../output/wrap.ts';
import { didYouMean } from '../reference.ts';
import { reportError } from '../report.ts';

const WIDTH = 90;

export const explainCommand = defineCommand({
  name: 'explain',
  group: 'Desired state',
  usage: '[KIND[.FIELD...]]',
  summary: 'print what a field of a manifest means, and which fields there are',
  description: [
    'Prints the documentation of a kind or of one of its fields: its type, what it means, what it is when it is left out, and the fields in it. It comes from the schemas that manifests are checked with; neither a daemon nor an engine is needed.',
    'A path goes from the kind down, with dots. The names of services, networks and the like, and places in lists, are left out of it. Without a path the kinds are listed.',
  ],
  options: {
    recursive: flag('-R, --recursive', 'print the fields of fields too, without what they mean'),
  },
  examples: [
    { says: 'what may stand in a healthcheck?', line: 'stackctl explain stack.spec.services.healthcheck' },
    { says: 'which control fields does a stack have?', line: 'stackctl explain stack.spec' },
    { says: 'everything that a network may say', line: 'stackctl explain stack.spec.networks --recursive' },
  ],
  exits: '0 done, 1 there is no such kind or field, 2 wrong usage',
  takes: [0, 1],
  completes: completeFields,
  async run({ args: [path], options }, context) {
    const kinds = await readKindSchemas();
    if (path === undefined) {
      await context.stdout.write(renderKinds(kinds));
      return 0;
    }
    const [word = '', ...names] = path.replace(/\.$/, '').split('.');
    const kind = kinds.find((each) => isCalled(each, word));
    if (kind === undefined) {
      const known = kinds.flatMap(({ singular, plural }) => [singular, plural]);
      const hint =
        didYouMean(word, known) ??
        `a path begins with one of ${kinds.map(({ singular }) => singular).join(', ')}`;
      await reportError(`there is no kind "${word}"`, hint, context);
      return 1;
    }
    const found = findField(fieldOf(kind.singular, kind.schema), names);
    if ('message' in found) {
      await reportError(found.message, found.hint, context);
      return 1;
    }
    await context.stdout.write(renderField(kind, found, { isRoot: names.length === 0, ...options }, context));
    return 0;
  },
});

function renderKinds(kinds: readonly DocumentedKind[]): string {
  return renderTable(
    [
      { title: 'NAME', value: ({ singular }) => singular },
      { title: 'KIND', value: ({ kind }) => kind },
      { title: 'APIVERSION', value: ({ group, version }) => `${group}/${version}` },
      { title: 'DESCRIPTION', value: ({ schema }) => String(schema['description'] ?? '') },
    ],
    kinds,
  ).text;
}

function renderField(
  { kind, group, version }: DocumentedKind,
  field: Field,
  { isRoot, recursive }: { readonly isRoot: boolean; readonly recursive: boolean },
  { colors }: Context,
): string {
  const facts = [...wrapped(field.description || '<empty>', 4), ...notes(field, 4)];
  const fields = recursive ? tree(field.fields, 2) : field.fields.flatMap(described);
  return [
    `GROUP:      ${group}`,
    `KIND:       ${kind}`,
    `VERSION:    ${version}`,
    '',
    ...(isRoot ? [] : [`FIELD: ${colors.bold(field.name)} <${field.type}>${required(field)}`, '']),
    'DESCRIPTION:',
    ...facts,
    '',
    ...(fields.length === 0 ? [] : ['FIELDS:', ...fields, '']),
  ].join('\n');

  function described(each: Field): readonly string[] {
    const meaning = each.description === '' ? [] : wrapped(each.description, 4);
    return [headOf(each, 2), ...meaning, ...notes(each, 4), ''];
  }

  function tree(fieldsOf: readonly Field[], indent: number): readonly string[] {
    return fieldsOf.flatMap((each) => [headOf(each, indent), ...tree(each.fields, indent + 2)]);
  }

  function headOf(each: Field, indent: number): string {
    return `${' '.repeat(indent)}${colors.bold(each.name)} <${each.type}>${required(each)}`;
  }
}

const required = ({ isRequired }: Field): string => (isRequired ? ' -required-' : '');

/** What may stand there, and what it is when nothing does. */
function notes({ values, byDefault }: Field, indent: number): readonly string[] {
  return [
    ...(values.length < 2 ? [] : wrapped(`One of: ${values.join(', ')}`, indent)),
    ...(byDefault === undefined ? [] : wrapped(`Default: ${byDefault}`, indent)),
  ];
}

const wrapped = (text: string, indent: number): readonly string[] =>
  wrap(text, WIDTH - indent).map((line) => `${' '.repeat(indent)}${line}`);
