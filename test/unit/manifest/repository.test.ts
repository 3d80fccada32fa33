import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { findStacks } from '../../../src/manifest/find-stacks.ts';

function find(spec: string, name = 'infra') {
  const text = `apiVersion: stackctl.io/v1alpha1\nkind: GitRepository\nmetadata: {name: ${name}}\nspec:\n  ${spec}\n`;
  return findStacks([{ path: '/m/repo.yaml', relativePath: 'repo.yaml', text }], { home: undefined });
}

describe('a GitRepository', () => {
  it('has its defaults, and paths beside its file', () => {
    const { repositories, problems } = find('url: "https://h/x.git"\n  secretRef: {path: secrets/x}');
    expect(problems).toEqual([]);
    expect(repositories).toMatchObject([
      {
        name: 'infra',
        intervalMs: 60_000,
        timeoutMs: 60_000,
        path: '',
        suspend: false,
        secretDirectory: '/m/secrets/x',
        verify: undefined,
      },
    ]);
  });

  it.each([
    'https://h/x.git',
    'https://h:8443/x',
    'http://127.0.0.1:3000/x.git',
    'http://localhost/x',
    'ssh://git@h:2222/x.git',
    'git@h:ops/x.git',
    'file:///srv/x.git',
  ])('may be at %s', (url) => {
    expect(find(`url: "${url}"`)).toMatchObject({ problems: [], repositories: [{ url }] });
  });

  it.each([
    'http://example.com/x.git',
    'https://user:token@h/x.git',
    'https://token@h/x.git',
    'ext::sh -c id',
    '--upload-pack=id',
    '-oProxyCommand=id',
    'ssh://-oProxyCommand=id/x',
    'ssh://-x@h/y',
    'git://h/x',
    'ftp://h/x',
    '/srv/x.git',
    '../x.git',
    'file://other-host/x',
    'https://h/x.git\\n--upload-pack=id',
    'https://h/x#y',
  ])('may not be at %s', (url) => {
    const found = find(`url: "${url}"`);
    expect(found.repositories).toEqual([]);
    expect(found.broken).toMatchObject([{ file: '/m/repo.yaml' }]);
    expect(found.problems).toMatchObject([{ code: 'InvalidValue', path: 'spec.url' }]);
  });

  it.each(['-x', 'a..b', 'a b', 'a~1', 'a^', 'a:b', 'x.lock', 'a//b', '@{u}', '/a', 'a/', 'a.', '*'])(
    'does not follow a branch called %s',
    (branch) => {
      expect(find(`url: "https://h/x"\n  ref: {branch: "${branch}"}`).repositories).toEqual([]);
    },
  );

  it.each(['../x', '/etc', 'a/../../b', '.git', 'a/.git/b'])('has no manifests in %s', (path) => {
    expect(find(`url: "https://h/x"\n  path: "${path}"`).repositories).toEqual([]);
  });

  it('is as the example has it', () => {
    const example = new URL('../../../manifests/gitops/infra.yaml', import.meta.url);
    const text = readFileSync(example, 'utf8');
    const path = '/etc/stackctl/manifests/infra.yaml';
    const found = findStacks([{ path, relativePath: 'infra.yaml', text }], { home: undefined });
    expect([found.problems, found.broken, found.stacks]).toEqual([[], [], []]);
    expect(found.repositories).toMatchObject([
      {
        name: 'infra',
        ref: { branch: 'main' },
        intervalMs: 60_000,
        path: 'hosts/alpha',
        secretDirectory: '/etc/stackctl/secrets/infra',
        verify: undefined,
      },
      {
        name: 'releases',
        ref: { semver: '>=1.0.0 <2.0.0' },
        intervalMs: 600_000,
        verify: { mode: 'Tag', keyDirectory: '/etc/stackctl/signers' },
      },
    ]);
  });

  it('is not taken when another has its name; a stack may have it', () => {
    const one =
      'apiVersion: stackctl.io/v1alpha1\nkind: GitRepository\nmetadata: {name: a}\nspec: {url: "https://h/x"}\n';
    const stack =
      'apiVersion: stackctl.io/v1alpha1\nkind: Stack\nmetadata: {name: a}\nspec: {services: {w: {image: x}}}\n';
    const found = findStacks(
      [
        { path: '/m/1.yaml', relativePath: '1.yaml', text: `${one}---\n${stack}` },
        { path: '/m/2.yaml', relativePath: '2.yaml', text: one },
      ],
      { home: undefined },
    );
    expect(found.repositories).toEqual([]);
    expect(found.stacks).toMatchObject([{ name: 'a' }]);
    expect(found.problems.map(({ code }) => code)).toEqual(['DuplicateRepository', 'DuplicateRepository']);
  });
});
