import { fieldOf, type Tree } from '../../compose/tree.ts';
import type { Position } from '../../model/problem.ts';
import { inServices, type LintInput, type LintRule, type Spot, spotIf } from '../rule.ts';
import {
  hasVariable,
  isSecretName,
  isWellKnown,
  isWrittenOut,
  looksSecret,
  secretDefaults,
  secretOptions,
} from '../secrets.ts';

/** A text of a mapping, with its place. */
interface Text {
  readonly key: string;
  readonly text: string;
  readonly at: Position;
}

function textsOf(tree: Tree | undefined): readonly Text[] {
  if (tree?.kind !== 'mapping') return [];
  return [...tree.entries].flatMap(([key, { value }]) =>
    value.kind === 'scalar' && value.value !== null ? [{ key, text: String(value.value), at: value.at }] : [],
  );
}

/** Words of a command, put together: an option and its value are often two of them. */
function lineOf(tree: Tree | undefined): string {
  if (tree?.kind === 'scalar') return String(tree.value ?? '');
  if (tree?.kind !== 'sequence') return '';
  return tree.items.map((item) => (item.kind === 'scalar' ? String(item.value) : '')).join(' ');
}

const isClear = ({ key, text }: Text): boolean =>
  (isSecretName(key) && isWrittenOut(text)) || looksSecret(text);

/** Texts in clear below some fields of each service. */
function clearIn(input: LintInput, fields: readonly (readonly string[])[], what: string): readonly Spot[] {
  return inServices(input, ({ template, at }) =>
    fields.flatMap((field) =>
      textsOf(field.reduce(fieldOf, template))
        .filter(isClear)
        .map(({ key, at: place }) => ({
          path: `${at}.${field.join('.')}.${key}`,
          message: `${what} ${key} holds a secret in clear`,
          at: place,
        })),
    ),
  );
}

const FILES_FIX =
  'give it as a file: secrets: {db_password: {file: ./secrets/db_password}}, and POSTGRES_PASSWORD_FILE: /run/secrets/db_password';

const inEnvironment: LintRule = {
  id: 'secret-in-environment',
  severity: 'error',
  category: 'security',
  title: 'a secret stands in the environment, in clear',
  reason: 'Whoever can read the manifest, its history in Git or docker inspect has it.',
  fix: FILES_FIX,
  reference: 'https://docs.docker.com/compose/how-tos/use-secrets/',
  check: (input) => clearIn(input, [['environment']], 'the variable'),
};

const inBuild: LintRule = {
  id: 'secret-in-build-args',
  severity: 'error',
  category: 'security',
  title: 'a secret is an argument of a build',
  reason:
    'Arguments stay in the history of the image, where docker history shows them, also when a variable filled them in.',
  fix: 'use build.secrets, and RUN --mount=type=secret in the Dockerfile',
  reference: 'https://docs.docker.com/build/building/secrets/',
  check: (input) =>
    inServices(input, ({ template, at }) =>
      textsOf(fieldOf(fieldOf(template, 'build'), 'args')).flatMap((each) => {
        const isSecret = isClear(each) || (isSecretName(each.key) && hasVariable(each.text));
        const message = `the argument ${each.key} leaves a secret in the image’s history`;
        return isSecret ? [{ path: `${at}.build.args.${each.key}`, message, at: each.at }] : [];
      }),
    ),
};

const inLabels: LintRule = {
  id: 'secret-in-labels',
  severity: 'error',
  category: 'security',
  title: 'a secret stands in a label',
  reason: 'Labels are shown by every program that lists containers.',
  fix: 'give it to the program that needs it as a file',
  check: (input) =>
    clearIn(input, [['labels'], ['annotations'], ['deploy', 'labels'], ['build', 'labels']], 'the label'),
};

const COMMANDS: readonly (readonly string[])[] = [['command'], ['entrypoint'], ['healthcheck', 'test']];

const inCommand: LintRule = {
  id: 'secret-in-command',
  severity: 'error',
  category: 'security',
  title: 'a secret stands on a command line',
  reason:
    'Every user of the host sees command lines in the list of processes, and docker inspect shows them.',
  fix: 'let the program read it from a file below /run/secrets',
  check: (input) =>
    inServices(input, ({ template, at }) =>
      COMMANDS.flatMap((field) => {
        const tree = field.reduce(fieldOf, template);
        const line = lineOf(tree);
        const [option] = secretOptions(line);
        const path = `${at}.${field.join('.')}`;
        if (option !== undefined)
          return [
            {
              path,
              message: `${option.length === 1 ? '-' : '--'}${option} is given a secret in clear`,
              at: tree?.at,
            },
          ];
        return looksSecret(line) ? [{ path, message: 'it holds a secret in clear', at: tree?.at }] : [];
      }),
    ),
};

const inDefault: LintRule = {
  id: 'secret-as-default',
  severity: 'warning',
  category: 'security',
  title: 'the default of a variable is a secret',
  reason: 'Where nobody sets the variable, everybody who knows the manifest knows the password.',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: Compose has templates of its own.
  fix: 'ask for the variable, without a default: ${POSTGRES_PASSWORD:?set it in .env}',
  check: (input) =>
    inServices(input, ({ template, at }) =>
      textsOf(fieldOf(template, 'environment')).flatMap(({ key, text, at: place }) =>
        secretDefaults(key, text).map((variable) => ({
          path: `${at}.environment.${key}`,
          message: `the variable ${variable} has a secret as its default`,
          at: place,
        })),
      ),
    ),
};

const wellKnown: LintRule = {
  id: 'well-known-password',
  severity: 'error',
  category: 'security',
  title: 'a password that everybody tries first',
  reason: 'Programs go through the whole internet and try exactly these.',
  fix: 'make one with openssl rand -base64 24, and give it as a file',
  check: (input) =>
    inServices(input, ({ service, at }) =>
      Object.entries(service.environment ?? {}).map(([name, value]) =>
        spotIf(
          isSecretName(name) && isWellKnown(value ?? ''),
          `${at}.environment.${name}`,
          `${name} is one of the passwords that are tried first`,
        ),
      ),
    ),
};

const asVariable: LintRule = {
  id: 'secret-as-variable',
  severity: 'info',
  category: 'security',
  title: 'a secret is handed over in the environment',
  reason:
    'Every process of the container has it, docker inspect shows it, and crash reports often carry it away.',
  fix: FILES_FIX,
  check: (input) =>
    inServices(input, ({ template, at }) =>
      textsOf(fieldOf(template, 'environment')).map(({ key, text, at: place }) =>
        isSecretName(key) && hasVariable(text)
          ? { path: `${at}.environment.${key}`, message: `${key} shows in docker inspect`, at: place }
          : undefined,
      ),
    ),
};

const inConfig: LintRule = {
  id: 'secret-in-config',
  severity: 'error',
  category: 'security',
  title: 'a secret stands in a config',
  reason: 'The content of a config is part of the manifest, and readable to every user of the container.',
  fix: 'make it a secret, in a file of its own',
  check: ({ template }) => {
    const configs = fieldOf(template, 'configs');
    if (configs?.kind !== 'mapping') return [];
    return [...configs.entries].flatMap(([name, { value }]) => {
      const content = fieldOf(value, 'content');
      if (content?.kind !== 'scalar' || !holdsSecret(String(content.value))) return [];
      const message = `the config ${name} holds a secret in clear`;
      return [{ path: `configs.${name}.content`, message, at: content.at, owner: { kind: 'configs', name } }];
    });
  },
};

/** Whether a line of a file sets a secret: `password: hunter2`, `api_key = "…"`. */
function holdsSecret(text: string): boolean {
  if (looksSecret(text)) return true;
  return text.split('\n').some((line) => {
    const [, name = '', value = ''] = /^[\s"']*([\w.-]+)["']?\s*[:=]\s*["']?([^"'\s]+)/.exec(line) ?? [];
    return isSecretName(name) && isWrittenOut(value) && !/^[\w.]+\(|^os\.environ/.test(value);
  });
}

/** Where secrets are to be read by those who should not. */
export const secretRules: readonly LintRule[] = [
  inEnvironment,
  inBuild,
  inLabels,
  inCommand,
  inDefault,
  wellKnown,
  asVariable,
  inConfig,
];
