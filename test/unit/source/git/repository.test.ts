import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RepositoryDeclaration } from '../../../../src/model/repository.ts';
import type { GitLimits } from '../../../../src/source/git/bare-store.ts';
import { createRepositorySource } from '../../../../src/source/git/repository.ts';
import type { RepositorySource } from '../../../../src/source/source.ts';
import { GitRemote } from '../../../support/git-remote.ts';

const signal = AbortSignal.timeout(120_000);
const WEB = 'services: {web: {image: "x:1"}}\n';

let remote: GitRemote;
let state: string;

beforeEach(() => {
  remote = new GitRemote();
  state = join(remote.directory, 'state');
  mkdirSync(state);
});
afterEach(() => remote.dispose());

function open(more: Partial<RepositoryDeclaration> = {}, limits: Partial<GitLimits> = {}): RepositorySource {
  const declaration: RepositoryDeclaration = {
    name: 'infra',
    url: remote.url,
    ref: { branch: 'main', tag: undefined, semver: undefined, commit: undefined },
    intervalMs: 60_000,
    timeoutMs: 30_000,
    path: '',
    suspend: false,
    secretDirectory: undefined,
    verify: undefined,
    at: { file: '/m/repo.yaml', line: 1, column: 1 },
    ...more,
  };
  return createRepositorySource(declaration, {
    ownDirectory: join(state, 'git', 'infra'),
    filesDirectory: files(),
    nowMs: () => 1_000_000,
    random: () => 0.5,
    turn: (work) => work(),
    limits,
  });
}

const files = (...parts: readonly string[]): string => join(state, 'repositories', 'infra', ...parts);

async function pathsOf(source: RepositorySource): Promise<readonly string[]> {
  return (await source.scan(signal)).files.map(({ relativePath }) => relativePath).sort();
}

describe('a repository', () => {
  it('has the manifests of the commit that was pushed, and what they need on disk', async () => {
    remote.put('web/compose.yaml', WEB);
    remote.put('web/run.sh', '#!/bin/sh\n', 0o755);
    remote.put('docs/readme.md', 'hello\n');
    const commit = remote.push();
    const source = open();
    expect(await source.refresh(signal)).toBe(true);
    const scan = await source.scan(signal);
    expect(scan).toMatchObject({
      trusted: true,
      revision: `main@sha1:${commit}`,
      files: [{ path: files('web', 'compose.yaml'), relativePath: 'web/compose.yaml', text: WEB }],
    });
    expect(source.state()).toMatchObject({ ready: 'True', reason: 'Succeeded', nextFetchAtMs: 1_060_000 });
    expect(statSync(files('web', 'run.sh')).mode & 0o777).toBe(0o555);
    expect(statSync(files('web', 'compose.yaml')).mode & 0o777).toBe(0o444);
    expect(readFileSync(files('docs', 'readme.md'), 'utf8')).toBe('hello\n');
  });

  it('has nothing new when the remote has nothing new, and then fetches nothing', async () => {
    remote.put('compose.yaml', WEB);
    remote.push();
    const source = open();
    await source.refresh(signal);
    const packs = () => readdirSync(join(state, 'git', 'infra', 'store.git', 'objects', 'pack')).sort();
    const before = packs();
    expect(await source.refresh(signal)).toBe(false);
    expect(packs()).toEqual(before);
  });

  it('shows only what is below its path, and leaves out what .stackctlignore there says', async () => {
    remote.put('hosts/a/compose.yaml', WEB);
    remote.put('hosts/a/.stackctlignore', 'old/\n');
    remote.put('hosts/a/old/compose.yaml', WEB);
    remote.put('hosts/b/compose.yaml', WEB);
    remote.push();
    const source = open({ path: 'hosts/a' });
    await source.refresh(signal);
    expect(await pathsOf(source)).toEqual(['hosts/a/compose.yaml']);
    expect(existsSync(files('hosts', 'b'))).toBe(false);
  });

  it('follows a tag, a range of versions, a commit, and HEAD', async () => {
    remote.put('compose.yaml', WEB);
    const first = remote.push('one');
    remote.git('tag', 'v1.0.0');
    const second = remote.push('two');
    remote.git('tag', '-a', '-m', 'x', 'v1.2.0');
    remote.push('three');
    remote.git('push', '--quiet', '--tags', 'origin');
    const none = { branch: undefined, tag: undefined, semver: undefined, commit: undefined };
    const revisionOf = async (
      ref: Partial<typeof none | { tag: string; semver: string; commit: string }>,
    ) => {
      const source = open({ ref: { ...none, ...ref } });
      await source.refresh(signal);
      return (await source.scan(signal)).revision;
    };
    expect(await revisionOf({ tag: 'v1.0.0' })).toBe(`v1.0.0@sha1:${first}`);
    expect(await revisionOf({ semver: '^1' })).toBe(`v1.2.0@sha1:${second}`);
    expect(await revisionOf({ commit: first })).toBe(`sha1:${first}`);
    expect(await revisionOf({})).toMatch(/^main@sha1:/);
  });
});

describe('what was good last', () => {
  it('stays when the remote is gone, and is there again after a restart', async () => {
    remote.put('compose.yaml', WEB);
    const commit = remote.push();
    const before = open();
    await before.refresh(signal);
    const after = open({ url: 'file:///nonexistent/infra.git' });
    expect(await after.scan(signal)).toMatchObject({ trusted: false, revision: `main@sha1:${commit}` });
    await after.refresh(signal);
    expect(after.state()).toMatchObject({ ready: 'False', reason: 'FetchFailed', nextFetchAtMs: 1_005_000 });
    await after.refresh(signal);
    expect(after.state()).toMatchObject({ nextFetchAtMs: 1_010_000 });
    expect(await after.scan(signal)).toMatchObject({ trusted: false, files: [{ text: WEB }] });
  });

  it('stays when the branch is gone', async () => {
    remote.put('compose.yaml', WEB);
    remote.push();
    const source = open();
    await source.refresh(signal);
    remote.git('push', '--quiet', 'origin', ':main');
    await source.refresh(signal);
    expect(source.state().reason).toBe('RefNotFound');
    expect(await source.scan(signal)).toMatchObject({ trusted: false, files: [{ text: WEB }] });
  });

  it('is not mistaken for what an emptied repository has; the files of its stacks stay on disk', async () => {
    remote.put('web/compose.yaml', WEB);
    remote.put('web/web.conf', 'a\n');
    remote.push();
    const source = open();
    await source.refresh(signal);
    remote.remove('web');
    remote.push();
    await source.refresh(signal);
    expect(await source.scan(signal)).toMatchObject({ trusted: true, files: [] });
    expect(readFileSync(files('web', 'web.conf'), 'utf8')).toBe('a\n');
  });
});

describe('the files that are laid out', () => {
  it('are replaced in place and removed one by one, and what a container made stays', async () => {
    remote.put('web/compose.yaml', WEB);
    remote.put('web/data/seed', 'one\n');
    remote.put('web/conf.d/old.conf', 'old\n');
    remote.push();
    const source = open();
    await source.refresh(signal);
    const compose = statSync(files('web', 'compose.yaml')).ino;
    writeFileSync(files('web', 'data', 'own'), 'mine\n');
    remote.put('web/data/seed', 'two\n');
    remote.remove('web/conf.d/old.conf');
    remote.push();
    await source.refresh(signal);
    expect(readFileSync(files('web', 'data', 'seed'), 'utf8')).toBe('two\n');
    expect(readFileSync(files('web', 'data', 'own'), 'utf8')).toBe('mine\n');
    expect(existsSync(files('web', 'conf.d'))).toBe(false);
    expect(statSync(files('web', 'compose.yaml')).ino).toBe(compose);
  });

  it('are never written through a link that a container put there', async () => {
    const outside = join(remote.directory, 'outside');
    mkdirSync(outside);
    remote.put('web/compose.yaml', WEB);
    remote.put('web/data/seed', 'one\n');
    remote.push();
    const source = open();
    await source.refresh(signal);
    symlinkSync(outside, files('web', 'data', 'sub'));
    remote.put('web/data/sub/passwd', 'root\n');
    remote.push();
    await source.refresh(signal);
    expect(source.state()).toMatchObject({ ready: 'False', reason: 'ContentRefused' });
    expect(readdirSync(outside)).toEqual([]);
    expect(await source.scan(signal)).toMatchObject({ trusted: false, files: [{ text: WEB }] });
  });
});

describe('a hostile repository', () => {
  /** A good commit is in force; what is pushed then is refused, and changes nothing. */
  async function refusalOf(make: () => void, limits: Partial<GitLimits> = {}): Promise<string> {
    remote.put('web/compose.yaml', WEB);
    const good = remote.push();
    const source = open({}, limits);
    await source.refresh(signal);
    expect(source.state().ready).toBe('True');
    remote.put('web/compose.yaml', 'services: {evil: {image: "x:1"}}\n');
    make();
    await source.refresh(signal);
    const { reason, message, revision } = source.state();
    expect(revision).toBe(`main@sha1:${good}`);
    expect(await source.scan(signal)).toMatchObject({ trusted: false, files: [{ text: WEB }] });
    expect(readFileSync(files('web', 'compose.yaml'), 'utf8')).toBe(WEB);
    return `${reason}: ${message}`;
  }

  it.each(['/etc/passwd', '../../outside', 'there/../../..'])(
    'with a link to %s is refused',
    async (target) => {
      const refusal = await refusalOf(() => {
        remote.link('web/link', target);
        remote.push();
      });
      expect(refusal).toMatch(/^ContentRefused: web\/link is a link out of the repository/);
    },
  );

  it('with a large file is refused without its content ever being there, and is not fetched again', async () => {
    const refusal = await refusalOf(
      () => {
        remote.put('web/large', Buffer.alloc(8 * 1024 * 1024));
        remote.push();
      },
      { fileBytes: 1024 * 1024 },
    );
    expect(refusal).toMatch(/^ContentRefused: web\/large is too large \(8388608 bytes/);
    expect(existsSync(files('web', 'large'))).toBe(false);
  });

  it('that sends more than is kept is cut off, and leaves nothing on the disk', async () => {
    const refusal = await refusalOf(
      () => {
        const noise = execFileSync('head', ['-c', String(48 * 1024 * 1024), '/dev/urandom'], {
          maxBuffer: 2 ** 27,
        });
        remote.put('web/noise', noise);
        remote.push();
      },
      { storeBytes: 1024 * 1024 },
    );
    expect(refusal).toMatch(/^ContentRefused/);
    const pack = join(state, 'git', 'infra', 'store.git', 'objects', 'pack');
    const bytes = readdirSync(pack).reduce((sum, name) => sum + statSync(join(pack, name)).size, 0);
    expect(bytes).toBeLessThan(1024 * 1024);
  });

  it('with objects that only Git’s own check finds wrong is refused', async () => {
    const refusal = await refusalOf(() => {
      const blob = remote.git('hash-object', '-w', 'web/compose.yaml').trim();
      const tree = execFileSync('git', ['mktree'], {
        cwd: remote.work,
        input: `100644 blob ${blob}\tconfig\n`,
        encoding: 'utf8',
      }).trim();
      const root = execFileSync('git', ['mktree'], {
        cwd: remote.work,
        input: `040000 tree ${tree}\t.git\n`,
        encoding: 'utf8',
      }).trim();
      const commit = remote.git('commit-tree', '-m', 'evil', root).trim();
      remote.git('push', '--quiet', '--force', 'origin', `${commit}:main`);
    });
    expect(refusal).toMatch(/^ContentRefused: /);
  });

  it('with a submodule is taken without it, and says so', async () => {
    remote.put('compose.yaml', WEB);
    const marker = join(remote.directory, 'was-run');
    remote.put('.gitmodules', `[submodule "sub"]\n\tpath = sub\n\turl = ext::sh -c "touch ${marker}"\n`);
    remote.push();
    const empty = remote.git('rev-parse', 'HEAD').trim();
    remote.git('update-index', '--add', '--cacheinfo', `160000,${empty},sub`);
    remote.git('commit', '--quiet', '-m', 'sub');
    remote.git('push', '--quiet', '--force', 'origin', 'HEAD:main');
    const source = open();
    await source.refresh(signal);
    expect(source.state()).toMatchObject({ ready: 'True', notes: ['submodule sub is not fetched'] });
    expect([existsSync(marker), existsSync(files('sub'))]).toEqual([false, false]);
  });

  it('with hooks, filters and attributes has none of them run', async () => {
    const marker = join(remote.directory, 'was-run');
    remote.put('compose.yaml', WEB);
    remote.put('.gitattributes', '* filter=evil text eol=crlf\n');
    remote.put('hooks/post-checkout', `#!/bin/sh\ntouch ${marker}\n`, 0o755);
    remote.put(
      '.gitconfig',
      `[filter "evil"]\n\tsmudge = touch ${marker}\n[core]\n\tfsmonitor = touch ${marker}\n`,
    );
    remote.push();
    const source = open();
    await source.refresh(signal);
    expect((await source.scan(signal)).files).toMatchObject([{ text: WEB }]);
    expect(readFileSync(files('compose.yaml'), 'utf8')).toBe(WEB);
    expect(existsSync(marker)).toBe(false);
  });

  it('keeps links that stay inside', async () => {
    remote.put('web/compose.yaml', WEB);
    remote.put('shared/a.conf', 'a\n');
    remote.link('web/a.conf', '../shared/a.conf');
    remote.push();
    const source = open();
    await source.refresh(signal);
    expect(lstatSync(files('web', 'a.conf')).isSymbolicLink()).toBe(true);
    expect(readFileSync(files('web', 'a.conf'), 'utf8')).toBe('a\n');
  });
});

describe('signatures', () => {
  function sshKey(name: string): string {
    const path = join(remote.directory, name);
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'ann@example.com', '-f', path]);
    return path;
  }
  const verified = (mode: 'HEAD' | 'Tag' | 'TagAndHEAD', ref?: RepositoryDeclaration['ref']) =>
    open({
      verify: { mode, keyDirectory: join(remote.directory, 'signers') },
      ...(ref === undefined ? {} : { ref }),
    });

  function trust(key: string): void {
    mkdirSync(join(remote.directory, 'signers'), { recursive: true });
    const line = `ann@example.com ${readFileSync(`${key}.pub`, 'utf8')}`;
    writeFileSync(join(remote.directory, 'signers', 'allowed_signers'), line);
  }
  function signWith(key: string): void {
    remote.git('config', 'gpg.format', 'ssh');
    remote.git('config', 'user.signingkey', `${key}.pub`);
  }

  it('of somebody known are taken; of nobody, or somebody else, not', async () => {
    const [known, other] = [sshKey('known'), sshKey('other')];
    trust(known);
    remote.put('compose.yaml', WEB);
    signWith(known);
    const good = remote.push('signed', '-S');
    const source = verified('HEAD');
    await source.refresh(signal);
    expect(source.state()).toMatchObject({ ready: 'True', revision: `main@sha1:${good}` });
    remote.push('unsigned');
    await source.refresh(signal);
    expect(source.state()).toMatchObject({ reason: 'VerificationFailed', revision: `main@sha1:${good}` });
    signWith(other);
    remote.push('signed by another', '-S');
    await source.refresh(signal);
    expect(source.state()).toMatchObject({ reason: 'VerificationFailed', revision: `main@sha1:${good}` });
    signWith(known);
    remote.push('signed again', '-S');
    await source.refresh(signal);
    expect(source.state()).toMatchObject({ ready: 'True' });
  });

  it('of tags are asked for when they are wanted', async () => {
    const known = sshKey('known');
    trust(known);
    signWith(known);
    remote.put('compose.yaml', WEB);
    remote.push();
    remote.git('tag', '-s', '-m', 'x', 'v1');
    remote.git('tag', '-a', '-m', 'x', 'v2');
    remote.git('push', '--quiet', '--tags', 'origin');
    const ofTag = async (tag: string) => {
      const source = verified('Tag', { branch: undefined, tag, semver: undefined, commit: undefined });
      await source.refresh(signal);
      return source.state().reason;
    };
    expect([await ofTag('v1'), await ofTag('v2')]).toEqual(['Succeeded', 'VerificationFailed']);
  });

  it('cannot be checked without keys, and then nothing is taken', async () => {
    remote.put('compose.yaml', WEB);
    remote.push();
    const source = verified('HEAD');
    await source.refresh(signal);
    expect(source.state()).toMatchObject({ reason: 'SecretUnusable', revision: undefined });
  });
});
