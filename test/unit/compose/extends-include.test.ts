// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Compose has templates of its own
import { describe, expect, it } from 'vitest';
import { errorsOf, load } from './loading-fixture.ts';

describe('extends', () => {
  it('puts a service over its base, through several files, with paths of their own directories', () => {
    const loaded = load(
      'services:\n  web:\n    extends: {service: mid, file: sub/mid.yaml}\n    environment: {B: web}\n',
      {
        files: {
          '/stack/sub/mid.yaml':
            'services:\n  mid:\n    extends: {service: base, file: ../base.yaml}\n    build: ./here\n    environment: {A: mid, B: mid}\n',
          '/stack/base.yaml':
            'services:\n  base:\n    volumes: ["./data:/data"]\n    environment: [A=base, C=base]\n  unrelated: {unknown: 1}\n',
        },
      },
    );
    expect(errorsOf(loaded)).toEqual([]);
    expect(loaded.project.services['web']).toMatchObject({
      build: { context: '/stack/sub/here' },
      environment: { A: 'mid', B: 'web', C: 'base' },
      volumes: [{ type: 'bind', source: '/stack/data' }],
    });
    expect(loaded.filesUsed).toEqual(['/stack/.env', '/stack/base.yaml', '/stack/sub/mid.yaml']);
    expect(loaded.locate('services.web.environment.C')).toMatchObject({ file: '/stack/base.yaml', line: 4 });
  });

  it('lets merge tags work on the base and on earlier files', () => {
    const { project } = load([
      'services:\n  web: {image: a, cap_add: [EARLIER]}\n',
      'services:\n  base: {image: b, cap_add: [BASE], ports: ["80"]}\n  web: {extends: base, cap_add: !override [OWN], ports: !reset []}\n',
    ]);
    expect(project.services['web']).toMatchObject({ image: 'b', cap_add: ['OWN'] });
    expect(project.services['web']).not.toHaveProperty('ports');
  });

  it('lets a variable without a value, and one that is reset, win over the base', () => {
    const { project } = load(
      'services:\n  base: {image: b, environment: [TZ=UTC, A=1, B=2]}\n  web: {extends: base, environment: {TZ: , A: , B: !reset }}\n',
      { files: { '/stack/.env': 'TZ=Europe/Vienna\n' } },
    );
    expect(project.services['web']?.environment).toEqual({ TZ: 'Europe/Vienna', A: null });
  });

  it('names the circle', () => {
    const loaded = load('services:\n  a: {image: x, extends: b}\n  b: {image: x, extends: a}\n');
    expect(errorsOf(loaded)).toContain('CircularExtends services.b.extends');
  });

  it('follows a row of services only so far', () => {
    const row = Array.from(
      { length: 500 },
      (_, index) => `  s${index}: {image: x, extends: s${index + 1}}\n`,
    );
    expect(errorsOf(load(`services:\n${row.join('')}  s500: {image: x}\n`))[0]).toMatch(/^ExtendsTooDeep /);
  });

  it('suggests the service that was meant', () => {
    const loaded = load('services:\n  base: {image: x}\n  a: {image: x, extends: bsae}\n');
    expect(loaded.problems).toMatchObject([
      { code: 'UndefinedService', path: 'services.a.extends', hint: 'did you mean base?', at: { line: 3 } },
    ]);
  });
});

describe('include', () => {
  const files = {
    '/stack/sub/compose.yaml':
      'services:\n  db: {image: "db:${TAG}", volumes: ["./d:/d"], environment: [OWN, TAG]}\n  cache: {image: c}\nx-note: 1\nname: other\n',
    '/stack/sub/.env': 'TAG=sub\nOWN=own\n',
  };

  it('brings a project with its own directory and its own variables', () => {
    const { project } = load('include: [sub/compose.yaml]\nservices: {web: {image: w, depends_on: [db]}}\n', {
      files,
    });
    expect(project.name).toBe('demo');
    expect(project.extensions).toEqual({});
    expect(project.services['db']).toMatchObject({
      image: 'db:sub',
      volumes: [{ source: '/stack/sub/d' }],
      environment: { OWN: 'own', TAG: 'sub' },
    });
  });

  it('lets a variable without a value of an override file win', () => {
    const texts = ['include: [sub/compose.yaml]\n', 'services: {db: {environment: [TAG]}}\n'];
    const { project } = load(texts, { files, environment: {} });
    expect(project.services['db']?.environment).toEqual({ OWN: 'own', TAG: null });
  });

  it("lets the parent's variables win", () => {
    const { project } = load('include: [sub/compose.yaml]\n', { files, environment: { TAG: 'parent' } });
    expect(project.services['db']?.image).toBe('db:parent');
  });

  it('takes its directory and its variables from the long form', () => {
    const { project } = load(
      'include: [{path: [sub/compose.yaml, over.yaml], project_directory: ., env_file: e.env}]\n',
      {
        files: { ...files, '/stack/e.env': 'TAG=e\n', '/stack/over.yaml': 'services: {db: {hostname: h}}\n' },
      },
    );
    expect(project.services['db']).toMatchObject({
      image: 'db:e',
      hostname: 'h',
      volumes: [{ source: '/stack/d' }],
    });
  });

  it('lays the including file over what it includes', () => {
    const { project } = load('include: [sub/compose.yaml]\nservices: {cache: {hostname: mine}}\n', { files });
    expect(project.services['cache']).toMatchObject({ image: 'c', hostname: 'mine' });
  });

  it.each([
    ['FileNotFound include[0]', 'include: [missing.yaml]\n'],
    ['RemoteNotSupported include[0]', 'include: ["oci://example.com/app"]\n'],
    ['CircularInclude include[0]', 'include: [compose.yaml]\n'],
    ['InvalidInclude include[0]', 'include: [{env_file: a}]\n'],
  ])('reports %s', (problem, text) => {
    const loaded = load(`${text}services: {web: {image: a}}\n`, { files: { '/stack/compose.yaml': text } });
    expect(errorsOf(loaded)).toEqual([problem]);
  });

  it('does not blame names that a missing file would have brought', () => {
    const loaded = load('include: [missing.yaml]\nservices: {web: {image: a, networks: [there]}}\n');
    expect(errorsOf(loaded)).toEqual(['FileNotFound include[0]']);
  });
});
