import { describe, expect, it } from 'vitest';
import { faultOf, shown } from '../../../../src/source/git/fault.ts';
import { fetchDelayMs } from '../../../../src/source/git/fetch-delay.ts';
import { chooseTarget } from '../../../../src/source/git/remote.ts';
import { leadsInside, parseTree } from '../../../../src/source/git/tree.ts';

const A = 'a'.repeat(40);
const B = 'b'.repeat(40);
const NO_REF = { branch: undefined, tag: undefined, semver: undefined, commit: undefined };

describe('what is followed of a remote', () => {
  it('is what HEAD names when nothing is said', () => {
    const listing = `ref: refs/heads/trunk\tHEAD\n${A}\tHEAD\n`;
    expect(chooseTarget(listing, NO_REF)).toEqual({ label: 'trunk', want: 'HEAD', sha: A });
  });

  it('is the branch or tag of that very name', () => {
    const listing = `${B}\trefs/heads/feature/main\n${A}\trefs/heads/main\n`;
    expect(chooseTarget(listing, { ...NO_REF, branch: 'main' })).toMatchObject({ label: 'main', sha: A });
    expect(chooseTarget(`${A}\trefs/tags/v1\n`, { ...NO_REF, tag: 'v1' })).toMatchObject({
      want: 'refs/tags/v1',
    });
  });

  it('is the highest version within a range, whatever else is tagged', () => {
    const tags = ['v1.9.0', 'v1.10.0', 'v2.0.0', '1.11.0-rc.1', 'nightly', 'v1.10.0^{}'];
    const listing = tags.map((tag) => `${A}\trefs/tags/${tag}\n`).join('');
    expect(chooseTarget(listing, { ...NO_REF, semver: '>=1.0.0 <2.0.0' }).label).toBe('v1.10.0');
  });

  it.each([
    ['an empty remote', '', NO_REF],
    ['a branch that is gone', `${A}\trefs/heads/other\n`, { ...NO_REF, branch: 'main' }],
    ['no version within the range', `${A}\trefs/tags/v1.0.0\n`, { ...NO_REF, semver: '^2' }],
    ['a range that is none', `${A}\trefs/tags/v1.0.0\n`, { ...NO_REF, semver: 'what?' }],
  ])('is not found in %s', (_, listing, ref) => {
    expect(() => chooseTarget(listing, ref)).toThrow(expect.objectContaining({ reason: 'RefNotFound' }));
  });
});

describe('when a remote is asked again', () => {
  it('is its interval, and after failures ever later, up to ten minutes', () => {
    const delay = (failures: number) => fetchDelayMs({ failures, intervalMs: 60_000, random: 0.5 });
    expect([0, 1, 2, 3, 9, 1000].map(delay)).toEqual([60_000, 5_000, 10_000, 20_000, 600_000, 600_000]);
  });

  it('differs by at most 5 % from one repository to the other', () => {
    const delay = (random: number) => fetchDelayMs({ failures: 0, intervalMs: 100_000, random });
    expect([delay(0), delay(0.999_999)]).toEqual([95_000, 105_000]);
  });
});

describe('a link of a repository', () => {
  it.each([
    ['a/b/link', '../c', ''],
    ['link', 'a/file', ''],
    ['hosts/a/link', '../b', 'hosts'],
    ['link', './a', ''],
  ])('%s -> %s stays inside', (path, target, root) => {
    expect(leadsInside(path, target, root)).toBe(true);
  });

  it.each([
    ['link', '/etc/passwd', ''],
    ['link', '../outside', ''],
    ['a/link', '../../outside', ''],
    // Where `other` leads is not known here.
    ['a/b/link', 'other/../..', ''],
    ['hosts/a/link', '../../secrets', 'hosts'],
    ['link', '.git/config', ''],
    ['link', '..', ''],
    ['link', '', ''],
  ])('%s -> %s does not', (path, target, root) => {
    expect(leadsInside(path, target, root)).toBe(false);
  });
});

describe('the tree of a commit', () => {
  const record = (mode: string, name: string | Buffer) =>
    Buffer.concat([
      Buffer.from(`${mode} ${mode === '160000' ? 'commit' : 'blob'} ${A}\t`),
      Buffer.from(name),
      Buffer.from([0]),
    ]);
  const limits = { files: 3 };

  it('has files, programs and links; a submodule is left out with a note', () => {
    const listing = Buffer.concat([
      record('100644', 'a b.yaml'),
      record('100755', 'run'),
      record('120000', 'l'),
      record('160000', 'sub'),
    ]);
    const { entries, notes } = parseTree(listing, limits);
    expect(entries.map(({ path, kind }) => [path, kind])).toEqual([
      ['a b.yaml', 'file'],
      ['run', 'program'],
      ['l', 'link'],
    ]);
    expect(notes).toEqual(['submodule sub is not fetched']);
  });

  it.each([
    ['a newline', 'a\nb'],
    ['an escape sequence', 'a\u001b[2J'],
    ['a backslash', 'a\\b'],
    ['another spelling of .git', 'a/.GIT/config'],
    ['a step up', 'a/../b'],
    ['bytes that are no UTF-8', Buffer.from([0x61, 0xff])],
    ['a name that no disk takes', 'x'.repeat(256)],
  ])('is refused for a name with %s', (_, name) => {
    expect(() => parseTree(record('100644', name), limits)).toThrow(
      expect.objectContaining({ reason: 'ContentRefused' }),
    );
  });

  it('is refused when it has more files than are read', () => {
    const listing = Buffer.concat(['a', 'b', 'c', 'd'].map((name) => record('100644', name)));
    expect(() => parseTree(listing, limits)).toThrow('more than 3 files');
  });
});

describe('what Git says', () => {
  it.each([
    ["fatal: could not read Username for 'https://h': terminal prompts disabled", 'AuthenticationFailed'],
    ['git@h: Permission denied (publickey).', 'AuthenticationFailed'],
    ['Host key verification failed.', 'AuthenticationFailed'],
    ["fatal: couldn't find remote ref refs/heads/x", 'RefNotFound'],
    ['error: object 1: hasDotgit: contains .git', 'ContentRefused'],
    ['fatal: unable to access: Could not resolve host: h', 'FetchFailed'],
  ])('%s means %s', (stderr, reason) => {
    expect(faultOf(stderr, 'x').reason).toBe(reason);
  });

  it('is shown in one bounded line, without control characters and without credentials', () => {
    const said = shown(`remote: \u001b[31mhi\nfatal: https://user:token@host/x ${'y'.repeat(1000)}\n`);
    expect(said).toMatch(/^fatal: https:\/\/host\/x y+$/);
    expect(said.length).toBeLessThanOrEqual(300);
  });
});
