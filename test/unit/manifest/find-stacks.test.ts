import { describe, expect, it } from 'vitest';
import { loadProject } from '../../../src/compose/load.ts';
import { brief, faultsOf, filesOf, find, findOne } from './in-memory.ts';

const service = 'services:\n  web: {image: nginx}\n';
const envelope = (name: string, spec = 'services: {web: {image: nginx}}'): string =>
  `apiVersion: stackctl.io/v1alpha1\nkind: Stack\nmetadata: {name: ${name}}\nspec: {${spec}}\n`;
const names = (tree: Readonly<Record<string, string>>): string[] => find(tree).stacks.map(({ name }) => name);

describe('which files are stacks', () => {
  it('takes an envelope in any YAML or JSON file', () => {
    const json = JSON.stringify({
      apiVersion: 'stackctl.io/v1alpha1',
      kind: 'Stack',
      metadata: { name: 'c' },
      spec: { services: {} },
    });
    expect(names({ 'a.yaml': envelope('a'), 'x/b.yml': envelope('b'), 'c.json': json })).toEqual([
      'a',
      'b',
      'c',
    ]);
  });

  it('takes every document of a file', () => {
    expect(names({ 'a.yaml': `${envelope('a')}---\n${envelope('b')}` })).toEqual(['a', 'b']);
  });

  it('takes envelopes written with quotes, in flow form or with the kind first', () => {
    const flow =
      '{"kind": "Stack", "apiVersion":\n  "stackctl.io/v1alpha1", "metadata": {"name": "a"}, "spec": {"services": {}}}';
    expect(names({ 'a.yaml': flow })).toEqual(['a']);
  });

  it.each([['compose.yaml'], ['compose.yml'], ['docker-compose.yml'], ['docker-compose.yaml']])(
    'lifts %s and names the stack after the directory',
    (file) => {
      expect(names({ [`My Shop/${file}`]: service })).toEqual(['myshop']);
    },
  );

  it('names the stack of NAME.compose.yaml after the file', () => {
    expect(names({ 'shop.compose.yaml': service, 'blog.compose.yml': service })).toEqual(['blog', 'shop']);
  });

  it('prefers what `name:` says', () => {
    expect(names({ 'x/compose.yaml': `name: shop\n${service}` })).toEqual(['shop']);
    expect(names({ 'x.compose.yaml': `name: \${SHOP:-blog}\n${service}` })).toEqual(['blog']);
  });

  it('falls back on the directory when `name:` needs a variable', () => {
    expect(names({ 'x/compose.yaml': `name: \${SHOP}\n${service}` })).toEqual(['x']);
  });

  it('leaves every other file alone', () => {
    const found = find({
      'litellm/config.yaml': 'model_list:\n  - model_name: a\n',
      'broken.yaml': 'a: [',
      'list.json': '[1, 2]',
      'README.md': 'apiVersion: stackctl.io/v1alpha1\nkind: Stack\n',
      'pulumi.yaml': 'apiVersion: pulumi.com/v1\nkind: Stack\nmetadata: {name: a}\nspec: {}\n',
      'configmap.yaml': 'kind: ConfigMap\ndata:\n  a: |\n    apiVersion: stackctl.io/v1alpha1\n',
      'helm.yaml': 'apiVersion: pulumi.com/v1\nkind: Stack\nspec: {{ .Values.spec }}\n',
      '.env': 'A=1',
    });
    expect(found).toEqual({ stacks: [], repositories: [], policies: [], problems: [], broken: [] });
  });

  it('takes one Compose file of a directory, as docker compose does, and says so', () => {
    const found = find({ 'x/docker-compose.yml': service, 'x/compose.yaml': service });
    expect(found.stacks.map(({ files }) => files)).toEqual([['/stacks/x/compose.yaml']]);
    expect(found.problems.map(brief)).toEqual(['x/docker-compose.yml:1:1 FileNotUsed']);
    expect(found.broken).toEqual([]);
  });

  it('lays the override file over the base', () => {
    const tree = {
      'x/compose.yaml': service,
      'x/compose.override.yaml': 'services:\n  web: {image: caddy}\n',
    };
    const stack = findOne(tree);
    expect(stack.files).toEqual(['/stacks/x/compose.yaml', '/stacks/x/compose.override.yaml']);
    expect(loadProject(stack.compose, filesOf(tree)).project.services['web']?.image).toBe('caddy');
  });

  it('does not lift a Compose file that a manifest names or another one includes', () => {
    expect(
      names({ 'x/stack.yaml': envelope('a', 'composeFiles: [compose.yaml]'), 'x/compose.yaml': service }),
    ).toEqual(['a']);
    expect(
      names({
        'compose.yaml': `include: [db/compose.yaml, {path: [./web/compose.yml]}]\n${service}`,
        'db/compose.yaml': service,
        'web/compose.yml': service,
      }),
    ).toEqual(['stacks']);
  });

  it('does not lift the Compose files of a manifest that is broken', () => {
    const half = 'apiVersion: stackctl.io/v1alpha1\nkind: Stack\nspec:\n  composeFiles: [compose.yaml';
    const invalid = envelope('a', 'composeFiles: [compose.yaml], prune: maybe');
    for (const text of [half, invalid]) {
      const found = find({ 'x/stack.yaml': text, 'x/compose.yaml': service });
      expect(found.stacks).toEqual([]);
      expect(found.broken.map(({ file }) => file)).toEqual(['/stacks/x/stack.yaml']);
    }
  });
});

describe('what a stack says', () => {
  it('has every default', () => {
    const { control } = findOne({ 'a.yaml': envelope('a') });
    expect(control).toEqual({
      suspend: false,
      prune: true,
      deletionPolicy: 'Delete',
      dependsOn: [],
      intervalMs: 30_000,
      timeoutMs: 300_000,
      wait: true,
      driftDetection: { mode: 'enabled', ignore: [] },
      env: {},
      envFile: [],
      profiles: [],
    });
    expect(findOne({ 'x/compose.yaml': service }).control).toEqual(control);
  });

  it('has what is written', () => {
    const spec = [
      'suspend: true',
      'prune: false',
      'deletionPolicy: Orphan',
      'dependsOn: [{name: db}]',
      'interval: 1h30m',
      'timeout: 1.5s',
      'wait: false',
      'driftDetection: {mode: warn, ignore: [{paths: [/services/web/mem_limit]}]}',
      'env: {TAG: 1.10, DEBUG: true, PORT: 8080}',
      'envFile: [./a.env, /etc/b.env]',
      'profiles: [debug]',
      'services: {}',
      'x-note: 1',
    ].join(', ');
    const stack = findOne({ 'x/a.yaml': envelope('a', spec) });
    expect(stack.control).toEqual({
      suspend: true,
      prune: false,
      deletionPolicy: 'Orphan',
      dependsOn: [{ name: 'db' }],
      intervalMs: 5_400_000,
      timeoutMs: 1500,
      wait: false,
      driftDetection: { mode: 'warn', ignore: [{ paths: ['/services/web/mem_limit'] }] },
      env: { TAG: '1.1', DEBUG: 'true', PORT: '8080' },
      envFile: ['/stacks/x/a.env', '/etc/b.env'],
      profiles: ['debug'],
    });
  });

  it('may have notes at any depth', () => {
    const spec =
      'dependsOn: [{name: db, x-why: data}], driftDetection: {x-note: 1, ignore: [{x-a: 1, paths: [/services/web/labels]}]}, services: {}';
    const { control } = findOne({ 'a.yaml': envelope('a', spec) });
    expect(control.dependsOn).toEqual([{ name: 'db' }]);
    expect(control.driftDetection).toEqual({
      mode: 'enabled',
      ignore: [{ paths: ['/services/web/labels'] }],
    });
  });

  it('takes one env file without a list', () => {
    expect(findOne({ 'a.yaml': envelope('a', 'envFile: a.env, services: {}') }).control.envFile).toEqual([
      '/stacks/a.env',
    ]);
  });

  it('keeps labels and annotations', () => {
    const stack = findOne({
      'a.yaml':
        'apiVersion: stackctl.io/v1alpha1\nkind: Stack\nmetadata: {name: a, labels: {team: x}, annotations: {why: "1"}}\nspec: {services: {}}\n',
    });
    expect(stack).toMatchObject({ labels: { team: 'x' }, annotations: { why: '1' } });
  });

  it('loads the Compose part with its variables, under the name of the stack', () => {
    const tree = {
      'x/a.yaml': envelope(
        'shop',
        'env: {TAG: v2}, composeFiles: [base.yaml], services: {web: {image: "web:$TAG"}}',
      ),
      'x/base.yaml': 'name: other\nservices:\n  web: {image: base, restart: always}\n  db: {image: db}\n',
      'x/.env': 'COMPOSE_PROJECT_NAME=third\n',
    };
    const { project, problems } = loadProject(findOne(tree).compose, filesOf(tree));
    expect(problems).toEqual([]);
    expect(project.name).toBe('shop');
    expect(project.services['web']).toMatchObject({ image: 'web:v2', restart: 'always' });
    expect(Object.keys(project.services)).toEqual(expect.arrayContaining(['db', 'web']));
  });

  it('points at its document', () => {
    const { stacks } = find({ 'a.yaml': `# first\n${envelope('a')}---\n${envelope('b')}` });
    expect(stacks.map(({ at }) => at)).toEqual([
      { file: '/stacks/a.yaml', line: 2, column: 1 },
      { file: '/stacks/a.yaml', line: 7, column: 1 },
    ]);
  });
});

describe('an override file', () => {
  const web = 'services: {web: {image: nginx}}\n';
  const beside = (override: string) => ({
    'shop/compose.yaml': web,
    'shop/compose.override.yaml': override,
  });

  it('that is commented out changes nothing', () => {
    const tree = beside('# services:\n#   web: {restart: always}\n');
    expect(faultsOf(tree)).toEqual([]);
    const stack = findOne(tree);
    expect(loadProject(stack.compose, filesOf(tree)).project.services['web']?.image).toBe('nginx');
    expect(stack.files).toContain('/stacks/shop/compose.override.yaml');
  });

  it('without any text may have been cut off', () => {
    for (const text of ['', '\n', '\0\0']) {
      expect(faultsOf(beside(text)).map(brief)).toEqual(['shop/compose.override.yaml:1:1 EmptyFile']);
    }
  });

  it('must not be laid over one that is commented out', () => {
    const tree = { ...beside(web), 'shop/compose.yaml': '# services:\n' };
    expect(faultsOf(tree).map(brief)).toEqual(['shop/compose.yaml:1:1 EmptyFile']);
  });
});

describe('COMPOSE_FILE in the .env beside a Compose file', () => {
  const web = 'services: {web: {image: nginx}}\n';
  const tree = { 'shop/compose.yaml': web, 'shop/prod.yaml': 'services: {web: {restart: always}}\n' };

  it('is an error where it names other files than those that are found', () => {
    const dotenv = '# ours\nTAG=1\nexport COMPOSE_FILE=compose.yaml:prod.yaml\n';
    expect(faultsOf({ ...tree, 'shop/.env': dotenv })).toEqual([
      {
        severity: 'error',
        code: 'ComposeFileIgnored',
        message: 'COMPOSE_FILE names other files than compose.yaml, and is not followed',
        hint: 'name the files in spec.composeFiles of a Stack manifest, or remove the variable',
        at: { file: '/stacks/shop/.env', line: 3, column: 1 },
      },
    ]);
    const override = { 'shop/compose.override.yaml': web, 'shop/.env': 'COMPOSE_FILE=compose.yaml\n' };
    expect(faultsOf({ ...tree, ...override }).map(brief)).toEqual(['shop/.env:1:1 ComposeFileIgnored']);
  });

  it.each(['COMPOSE_FILE=compose.yaml', 'COMPOSE_FILE=', 'COMPOSE_FILE=./compose.yaml', '# COMPOSE_FILE=x'])(
    'is none where it names these, or nothing: %s',
    (dotenv) => {
      expect(faultsOf({ ...tree, 'shop/.env': dotenv })).toEqual([]);
    },
  );

  it('may name the override file too, with a separator of its own', () => {
    const dotenv = 'COMPOSE_PATH_SEPARATOR=;\nCOMPOSE_FILE=compose.yaml;compose.override.yaml\n';
    const all = { ...tree, 'shop/compose.override.yaml': web, 'shop/.env': dotenv };
    expect(faultsOf(all)).toEqual([]);
  });

  it('is not asked where a manifest or a name says which files are meant', () => {
    const manifest =
      'apiVersion: stackctl.io/v1alpha1\nkind: Stack\nmetadata: {name: shop}\nspec: {composeFiles: [compose.yaml]}\n';
    const dotenv = { 'shop/.env': 'COMPOSE_FILE=compose.yaml:prod.yaml\n' };
    expect(faultsOf({ ...tree, ...dotenv, 'shop/stack.yaml': manifest })).toEqual([]);
    expect(faultsOf({ ...dotenv, 'shop/web.compose.yaml': web })).toEqual([]);
  });
});

describe('the revision of a stack', () => {
  const revision = (tree: Readonly<Record<string, string>>, name: string): string | undefined =>
    find(tree).stacks.find((stack) => stack.name === name)?.revision;

  it('is a sha256', () => {
    expect(revision({ 'a.yaml': envelope('a') }, 'a')).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it('stays when a comment or a neighbour changes', () => {
    const before = revision({ 'a.yaml': `${envelope('a')}---\n${envelope('b')}` }, 'a');
    const after = revision(
      { 'a.yaml': `# comment\n${envelope('a')}---\n${envelope('b', 'services: {}')}` },
      'a',
    );
    expect(after).toBe(before);
  });

  it.each([
    ['a value', 'services: {web: {image: caddy}}'],
    ['its kind', 'services: {web: {image: "nginx", init: "true"}}'],
    ['the order of keys', 'prune: true, services: {web: {image: nginx}}'],
  ])('changes with %s', (_what, spec) => {
    expect(revision({ 'a.yaml': envelope('a', spec) }, 'a')).not.toBe(
      revision({ 'a.yaml': envelope('a') }, 'a'),
    );
  });

  it('tells a string from a number', () => {
    const of = (value: string) => revision({ 'a.yaml': envelope('a', `services: {}, x-a: ${value}`) }, 'a');
    expect(of('"1"')).not.toBe(of('1'));
  });

  it('changes with a Compose file that the manifest names', () => {
    const of = (text: string) =>
      revision({ 'a.yaml': envelope('a', 'composeFiles: [b.yaml]'), 'b.yaml': text }, 'a');
    expect(of(service)).not.toBe(of(`${service}# more\n`));
  });

  it('changes with the override file', () => {
    const of = (text: string) => revision({ 'x/compose.yaml': service, 'x/compose.override.yml': text }, 'x');
    expect(of(service)).not.toBe(of(`${service}# more\n`));
  });
});

describe('what is not taken', () => {
  it('takes neither of two stacks with one name, and tells both where the other is', () => {
    const found = find({
      'a.yaml': envelope('web'),
      'web/compose.yaml': service,
      'b.yaml': envelope('other'),
    });
    expect(found.stacks.map(({ name }) => name)).toEqual(['other']);
    expect(found.problems.map(brief)).toEqual([
      'a.yaml:1:1 DuplicateStack metadata.name',
      'web/compose.yaml:1:1 DuplicateStack metadata.name',
    ]);
    expect(found.problems[0]?.hint).toContain('/stacks/web/compose.yaml:1:1');
    expect(found.broken.map(({ file, names: broken }) => ({ file, broken }))).toEqual([
      { file: '/stacks/a.yaml', broken: ['web'] },
      { file: '/stacks/web/compose.yaml', broken: ['web'] },
    ]);
  });

  it('does not let a good file take over the name of a broken one', () => {
    const found = find({
      'a.yaml': envelope('web', 'prune: maybe, services: {}'),
      'b.yaml': envelope('web'),
    });
    expect(found.stacks).toEqual([]);
    expect(found.broken.map(({ file }) => file)).toEqual(['/stacks/a.yaml', '/stacks/b.yaml']);
  });

  it('takes none of the stacks that depend on each other', () => {
    const found = find({
      'a.yaml': envelope('a', 'services: {}, dependsOn: [{name: b}]'),
      'b.yaml': envelope('b', 'services: {}, dependsOn: [{name: a}]'),
      'c.yaml': envelope('c', 'services: {}, dependsOn: [{name: a}]'),
    });
    expect(found.stacks.map(({ name }) => name)).toEqual(['c']);
    expect(found.problems.map(brief)).toEqual([
      'a.yaml:1:1 DependencyCycle spec.dependsOn',
      'b.yaml:1:1 DependencyCycle spec.dependsOn',
    ]);
  });

  it('takes the good documents of a file beside a wrong one', () => {
    const found = find({ 'a.yaml': `${envelope('a', 'prune: maybe, services: {}')}---\n${envelope('b')}` });
    expect(found.stacks.map(({ name }) => name)).toEqual(['b']);
    expect(found.broken.map(({ names: broken }) => broken)).toEqual([['a']]);
  });

  it('takes nothing of a file that is not YAML', () => {
    const found = find({ 'a.yaml': `${envelope('a')}---\n${envelope('b')}x: [` });
    expect(found.stacks).toEqual([]);
    expect(found.broken.map(({ file }) => file)).toEqual(['/stacks/a.yaml']);
  });

  it('remembers an empty file as suspicious without calling it a fault', () => {
    for (const text of ['', ' \n', '\0\0\0', '\uFEFF']) {
      const found = find({ 'a.yaml': text, 'empty.txt': '' });
      expect(found.problems).toEqual([]);
      expect(
        found.broken.map(({ file, problems }) => [file, problems.map(({ severity }) => severity)]),
      ).toEqual([['/stacks/a.yaml', ['warning']]]);
    }
  });

  it('never throws, whatever is cut off', () => {
    const text = `${envelope('a', 'interval: 30s, envFile: [a], services: {web: {image: nginx}}')}---\n${envelope('b')}`;
    for (let length = 0; length <= text.length; length += 1) {
      const found = find({ 'a.yaml': text.slice(0, length) });
      const known = found.stacks.length + found.broken.length;
      // From the moment the apiVersion is there, nothing is lost without a word.
      if (length > 'apiVersion: stackctl.io/'.length) expect(known).toBeGreaterThan(0);
    }
  });
});
