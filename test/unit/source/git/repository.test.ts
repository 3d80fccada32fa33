import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
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
import { GitHttp } from '../../../support/git-http.ts';
import { GitRemote } from '../../../support/git-remote.ts';
import { skipLoudly } from '../../../support/loud-skip.ts';

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

  it('with submodules whose urls and paths are options has none of them asked for', async () => {
    const marker = join(remote.directory, 'was-run');
    const url = `--upload-pack=touch ${marker}`;
    remote.put('compose.yaml', WEB);
    remote.put(
      '.gitmodules',
      `[submodule "-c"]\n\tpath = sub\n\turl = ${url}\n\tupdate = !touch ${marker}\n`,
    );
    remote.push();
    const some = remote.git('rev-parse', 'HEAD').trim();
    remote.git('update-index', '--add', '--cacheinfo', `160000,${some},sub`);
    remote.git('commit', '--quiet', '-m', 'sub');
    remote.git('push', '--quiet', '--force', 'origin', 'HEAD:main');
    const source = open();
    await source.refresh(signal);
    // What Git itself finds hostile is refused as a whole; what it does not is left out.
    expect(source.state()).toMatchObject({ ready: 'False', reason: 'ContentRefused', revision: undefined });
    expect([existsSync(marker), existsSync(files('sub'))]).toEqual([false, false]);
  });

  it('with names that differ in case only has both, each in its place', async () => {
    remote.put('web/compose.yaml', WEB);
    remote.put('web/a.conf', 'lower\n');
    remote.put('web/A.conf', 'upper\n');
    remote.put('WEB/compose.yaml', 'services: {other: {image: "x:1"}}\n');
    remote.push();
    const source = open();
    await source.refresh(signal);
    expect(await pathsOf(source)).toEqual(['WEB/compose.yaml', 'web/compose.yaml']);
    expect(['a.conf', 'A.conf'].map((name) => readFileSync(files('web', name), 'utf8'))).toEqual([
      'lower\n',
      'upper\n',
    ]);
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

describe('a remote with TLS', () => {
  const TOKEN = 'canary-bearer-51f0';
  let https: GitHttp;
  let url: string;
  let secret: string;

  /** A certificate of this address that nobody has signed but itself. */
  function selfSigned(name: string): { readonly cert: string; readonly key: string } {
    const [key, cert] = [join(remote.directory, `${name}.key`), join(remote.directory, `${name}.crt`)];
    const options = [
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '2',
    ];
    const names = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1'];
    execFileSync('openssl', ['req', ...options, ...names, '-keyout', key, '-out', cert], { stdio: 'ignore' });
    return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
  }
  const put = (name: string, text: string) => writeFileSync(join(secret, name), text, { mode: 0o600 });

  beforeEach(async () => {
    const tls = selfSigned('server');
    secret = join(remote.directory, 'secret');
    mkdirSync(secret);
    put('ca.crt', tls.cert);
    put('bearerToken', `${TOKEN}\n`);
    https = new GitHttp(remote.directory, { bearer: TOKEN }, tls);
    url = `${await https.listen()}/infra.git`;
    remote.put('compose.yaml', WEB);
    remote.push();
  });
  afterEach(() => https.close());

  it('is read with the authority and the token of its secret', async () => {
    const source = open({ url, secretDirectory: secret });
    await source.refresh(signal);
    expect(source.state()).toMatchObject({ ready: 'True', reason: 'Succeeded' });
    expect(await pathsOf(source)).toEqual(['compose.yaml']);
    expect(new Set(https.requests.map(({ authorization }) => authorization))).toEqual(
      new Set([`Bearer ${TOKEN}`]),
    );
  });

  it('gets no token when its certificate is of nobody that is trusted', async () => {
    for (const authority of [undefined, selfSigned('another').cert]) {
      rmSync(join(secret, 'ca.crt'), { force: true });
      if (authority !== undefined) put('ca.crt', authority);
      const source = open({ url, secretDirectory: secret });
      await source.refresh(signal);
      const { ready, reason, message } = source.state();
      expect({ ready, reason }).toEqual({ ready: 'False', reason: 'FetchFailed' });
      expect(message).toMatch(/certificate/i);
      expect(await pathsOf(source)).toEqual([]);
    }
    expect(https.requests).toEqual([]);
  });

  it('is not read with another token, and no token is told', async () => {
    const source = open({ url, secretDirectory: secret });
    await source.refresh(signal);
    put('bearerToken', 'canary-wrong-77\n');
    remote.push('later');
    await source.refresh(signal);
    expect(source.state()).toMatchObject({ ready: 'False', reason: 'AuthenticationFailed' });
    expect(JSON.stringify(source.state())).not.toContain('canary');
    expect(await pathsOf(source)).toEqual(['compose.yaml']);
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

  const lacksGnupg = spawnSync('gpg', ['--version']).error === undefined ? undefined : 'there is no gpg';
  describe.skipIf(skipLoudly('signatures of GnuPG', lacksGnupg, false))('of GnuPG', () => {
    const homes: string[] = [];
    afterEach(() => {
      for (const home of homes.splice(0)) execFileSync('gpgconf', ['--homedir', home, '--kill', 'all']);
    });

    /** A key ring of its own, with a secret key; the program that signs with it. */
    function gpgKey(name: string): { readonly publicKey: string; readonly program: string } {
      const home = join(remote.directory, name);
      homes.push(home);
      mkdirSync(home, { mode: 0o700 });
      const gpg = (...args: string[]) =>
        execFileSync('gpg', ['--batch', '--quiet', '--homedir', home, ...args], {
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'pipe'],
        });
      gpg('--passphrase', '', '--quick-generate-key', 'Ann <ann@example.com>', 'ed25519', 'sign', 'never');
      const program = join(remote.directory, `${name}-gpg`);
      writeFileSync(program, `#!/bin/sh\nexec gpg --homedir '${home}' "$@"\n`, { mode: 0o755 });
      return { publicKey: gpg('--armor', '--export'), program };
    }
    function signersHave(file: string, text: string): void {
      mkdirSync(join(remote.directory, 'signers'), { recursive: true });
      writeFileSync(join(remote.directory, 'signers', file), text);
    }
    function gpgSignWith({ program }: { readonly program: string }): void {
      remote.git('config', 'gpg.format', 'openpgp');
      remote.git('config', 'gpg.program', program);
      remote.git('config', 'user.signingkey', 'ann@example.com');
    }

    it('of somebody known are taken; of nobody, of a namesake, or by ssh, not', async () => {
      const [known, other] = [gpgKey('known'), gpgKey('other')];
      signersHave('ann.asc', known.publicKey);
      remote.put('compose.yaml', WEB);
      gpgSignWith(known);
      const good = remote.push('signed', '-S');
      const source = verified('HEAD');
      await source.refresh(signal);
      expect(source.state()).toMatchObject({ ready: 'True', revision: `main@sha1:${good}` });
      const refused = { reason: 'VerificationFailed', revision: `main@sha1:${good}` };
      remote.push('unsigned');
      await source.refresh(signal);
      expect(source.state()).toMatchObject(refused);
      gpgSignWith(other);
      remote.push('signed by a namesake', '-S');
      await source.refresh(signal);
      expect(source.state()).toMatchObject(refused);
      signWith(sshKey('ssh'));
      remote.push('signed by ssh', '-S');
      await source.refresh(signal);
      expect(source.state()).toMatchObject(refused);
      gpgSignWith(known);
      const again = remote.push('signed again', '-S');
      await source.refresh(signal);
      expect(source.state()).toMatchObject({ ready: 'True', revision: `main@sha1:${again}` });
    });

    it('of the tag and the commit are asked for together', async () => {
      const known = gpgKey('known');
      signersHave('ann.asc', known.publicKey);
      gpgSignWith(known);
      remote.put('compose.yaml', WEB);
      remote.push('signed', '-S');
      remote.git('tag', '-s', '-m', 'x', 'v1');
      remote.git('tag', '-a', '-m', 'x', 'v2');
      remote.push('unsigned');
      remote.git('tag', '-s', '-m', 'x', 'v3');
      remote.git('push', '--quiet', '--tags', 'origin');
      const ofTag = async (tag: string) => {
        const source = verified('TagAndHEAD', {
          branch: undefined,
          tag,
          semver: undefined,
          commit: undefined,
        });
        await source.refresh(signal);
        return source.state().reason;
      };
      expect([await ofTag('v1'), await ofTag('v2'), await ofTag('v3')]).toEqual([
        'Succeeded',
        'VerificationFailed',
        'VerificationFailed',
      ]);
    });

    it('are not checked with a file that has no keys, and nothing is left behind', async () => {
      signersHave('ann.asc', 'no key\n');
      remote.put('compose.yaml', WEB);
      remote.push();
      const source = verified('HEAD');
      await source.refresh(signal);
      expect(source.state()).toMatchObject({ reason: 'SecretUnusable', revision: undefined });
      expect(existsSync(join(state, 'git', 'infra', 'keys'))).toBe(false);
    });
  });

  it('cannot be checked without keys, and then nothing is taken', async () => {
    remote.put('compose.yaml', WEB);
    remote.push();
    const source = verified('HEAD');
    await source.refresh(signal);
    expect(source.state()).toMatchObject({ reason: 'SecretUnusable', revision: undefined });
  });
});
