import path from 'node:path/posix';
import { fieldOf, type Tree, textField } from '../../compose/tree.ts';
import type { Position } from '../../model/problem.ts';
import { isWithin } from '../../policy/host-places.ts';
import { inServices, type LintInput, type LintRule, servicesOf } from '../rule.ts';
import { isSecretName, isWrittenOut, looksSecret } from '../secrets.ts';

/** A file of variables that the stack reads. */
interface EnvFile {
  readonly file: string;
  readonly path: string;
  readonly at: Position | undefined;
}

/** Those of interpolation, and those of services; each once. */
function envFilesOf(input: LintInput): readonly EnvFile[] {
  const own = input.envFiles.length > 0 ? input.envFiles : [path.join(input.directory, '.env')];
  const ofServices = servicesOf(input).flatMap(({ template, at }) =>
    itemsOf(fieldOf(template, 'env_file')).map((item, index) => ({
      file: textField(item, 'path') ?? '',
      path: `${at}.env_file[${index}]`,
      at: item.at,
    })),
  );
  const all = [...own.map((file) => ({ file, path: '', at: undefined })), ...ofServices];
  const first = new Map(all.toReversed().map((each) => [each.file, each]));
  return [...first.values()].filter(({ file }) => input.files.kind(file) === 'file').toReversed();
}

const itemsOf = (tree: Tree | undefined): readonly Tree[] => (tree?.kind === 'sequence' ? tree.items : []);

function hasSecret(text: string): boolean {
  return text.split('\n').some((line) => {
    const [, name = '', value = ''] = /^\s*(?:export\s+)?([\w.-]+)\s*=\s*["']?([^"'\n]*)/.exec(line) ?? [];
    return name !== '' && ((isSecretName(name) && isWrittenOut(value)) || looksSecret(value));
  });
}

function envFilesWithSecrets(input: LintInput): readonly EnvFile[] {
  return envFilesOf(input).filter(({ file }) => {
    const read = input.files.readText(file);
    return read.ok && hasSecret(read.text);
  });
}

const envNotIgnored: LintRule = {
  id: 'env-file-not-ignored',
  severity: 'error',
  category: 'security',
  title: 'a file of variables is not ignored by Git',
  reason:
    'A key that was pushed once is in the history for ever, and programs look for such keys all day. Where there is no secret in the file yet, it is only an info.',
  fix: 'put .env into the .gitignore beside the manifest; if it was committed before, change the keys',
  check: (input) => {
    const withSecrets = new Set(envFilesWithSecrets(input).map(({ file }) => file));
    return envFilesOf(input)
      .filter(({ file }) => path.basename(file) === '.env' || withSecrets.has(file))
      .filter(({ file }) => !input.files.isIgnoredByGit(file))
      .map(({ file, path: field, at }) => ({
        path: field,
        message: `${nearby(file, input)} is not ignored by Git`,
        at,
        ...(withSecrets.has(file) ? {} : { severity: 'info' as const }),
      }));
  },
};

const secretNotIgnored: LintRule = {
  id: 'secret-file-not-ignored',
  severity: 'error',
  category: 'security',
  title: 'the file of a secret is not ignored by Git',
  reason: 'What is pushed once is in the history for ever.',
  fix: 'put the directory of secrets into .gitignore: secrets/',
  check: (input) =>
    Object.entries(input.project.secrets).flatMap(([name, { file }]) => {
      const isOwn =
        file !== undefined && isWithin(input.directory, file) && input.files.kind(file) === 'file';
      if (!isOwn || input.files.isIgnoredByGit(file)) return [];
      const message = `${nearby(file, input)} is not ignored by Git`;
      return [{ path: `secrets.${name}.file`, message, owner: { kind: 'secrets', name } }];
    }),
};

const envReadable: LintRule = {
  id: 'env-file-readable-by-all',
  severity: 'warning',
  category: 'security',
  title: 'every user of the host may read a file with secrets',
  reason: 'A program of any user can read it, also one that has nothing to do with the stack.',
  fix: 'chmod 600 .env',
  check: (input) =>
    envFilesWithSecrets(input)
      .filter(({ file }) => input.files.isReadableByAll(file))
      .map(({ file, path: field, at }) => ({
        path: field,
        message: `${nearby(file, input)} holds a secret, and every user of this host may read it`,
        fix: `chmod 600 ${nearby(file, input)}`,
        at,
      })),
};

const inContext: LintRule = {
  id: 'env-file-in-build-context',
  severity: 'warning',
  category: 'security',
  title: 'a build is sent the file of variables',
  reason: 'COPY . . puts it into the image, and whoever pulls the image has it.',
  fix: 'put .env into the .dockerignore of the build context',
  check: (input) =>
    inServices(input, ({ service: { build }, at }) => {
      if (build === undefined || !path.isAbsolute(build.context)) return [];
      const file = path.join(build.context, '.env');
      if (input.files.kind(file) !== 'file' || isLeftOut(build.context, build.dockerfile, input)) return [];
      const message = `${nearby(file, input)} is sent to the builder`;
      return [{ path: `${at}.build.context`, message }];
    }),
};

/** Whether a `.dockerignore` names `.env`, in one of the forms that people write. */
function isLeftOut(context: string, dockerfile: string | undefined, { files }: LintInput): boolean {
  const candidates = [
    ...(dockerfile === undefined ? [] : [`${path.resolve(context, dockerfile)}.dockerignore`]),
    path.join(context, '.dockerignore'),
  ];
  const read = candidates.map((file) => files.readText(file)).find(({ ok }) => ok);
  if (read?.ok !== true) return false;
  let isOut = false;
  for (const line of read.text.split(/\r?\n/).map((each) => each.trim())) {
    const pattern = line.replace(/^!/, '').replace(/^(\.?\/|\*\*\/)/, '');
    if (['.env', '.env*', '*.env', '.*', '*', '**'].includes(pattern)) isOut = !line.startsWith('!');
  }
  return isOut;
}

/** A path as people of the stack would call it. */
function nearby(file: string, { directory }: LintInput): string {
  return isWithin(directory, file) ? path.relative(directory, file) : file;
}

/** What lies beside the manifests. */
export const fileRules: readonly LintRule[] = [envNotIgnored, secretNotIgnored, envReadable, inContext];
