import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { chmodSync, copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { SourceStatus } from '../../src/model/repository.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { GitHttp } from '../support/git-http.ts';
import { GitRemote } from '../support/git-remote.ts';
import { hasEngine } from '../support/lab.ts';
import { skipLoudly } from '../support/loud-skip.ts';
import { run, World } from '../support/stackctld.ts';

const SECRET = 'a webhook secret of some length';
const PASSWORD = 'canary-token-7c1d';

const stackOf = (name: string, text: string) => `name: ${name}
services:
  web:
    image: stackctl.local/busybox:1
    command: [sh, -c, "echo ${text}; exec sleep 1000"]
    stop_grace_period: 0s
    volumes: ["kept:/kept", "./conf.txt:/conf.txt:ro"]
volumes: {kept: {}}
`;

const repository = (name: string, url: string, more: string) => `apiVersion: stackctl.io/v1alpha1
kind: GitRepository
metadata: {name: ${name}}
spec:
  url: ${url}
  ref: {branch: main}
${more}`;

describe.skipIf(!hasEngine())('manifests out of Git', () => {
  let world: World;
  let remote: GitRemote;
  let http: GitHttp;
  let url: string;
  let hooks: number;
  let number = 0;
  let source: string;

  beforeAll(async () => {
    hooks = await freePort();
    world = await World.create();
    const secret = join(world.directory, 'webhook-secret');
    writeFileSync(secret, `${SECRET}\n`, { mode: 0o600 });
    await world.write('other.compose.yaml', `name: ${world.unique}-other\nservices: {}\n`);
    await world.start([
      ...['--webhook-listen', `127.0.0.1:${hooks}`, '--webhook-secret', secret],
      ...['--delete-grace', '2s'],
    ]);
  });
  beforeEach(async () => {
    number += 1;
    source = `infra${number}`;
    remote = new GitRemote();
    http = new GitHttp(remote.directory, { user: 'bot', password: PASSWORD });
    url = `${await http.listen()}/infra.git`;
    const secret = join(world.directory, 'secrets', source);
    mkdirSync(secret, { recursive: true });
    writeFileSync(join(secret, 'username'), 'bot\n');
    writeFileSync(join(secret, 'password'), `${PASSWORD}\n`, { mode: 0o600 });
  });
  afterEach(async () => {
    await http.close();
    remote.dispose();
  });
  afterAll(() => world.dispose());

  const declare = (interval: string, at = url) =>
    world.write(
      `${source}.yaml`,
      repository(source, at, `  interval: ${interval}\n  secretRef: {path: ../secrets/${source}}\n`),
    );
  const stackName = (which: string) => `${world.unique}-${which}${number}`;
  async function sourceStatus(): Promise<SourceStatus | undefined> {
    const ran = await world.ctl('get', 'source', source, '-o', 'json');
    return ran.code === 0 ? (JSON.parse(ran.stdout) as SourceStatus) : undefined;
  }
  const until = <Value>(what: string, get: () => Promise<Value | undefined>, withinMs = 60_000) =>
    eventually(what, get, { withinMs, everyMs: 200 });
  const untilSource = (what: string, isSo: (status: SourceStatus) => boolean) =>
    until(what, async () => {
      const status = await sourceStatus();
      return status !== undefined && isSo(status) ? status : undefined;
    });
  const untilApplied = (stack: string, commit: string, withinMs?: number) =>
    until(
      `${stack} runs ${commit}`,
      async () => {
        const status = await world.status(stack);
        const ready = status?.conditions.find(({ type }) => type === 'Ready')?.status === 'True';
        return ready && status?.lastAppliedRevision === `main@sha1:${commit}` ? status : undefined;
      },
      withinMs,
    );
  const says = async (stack: string) =>
    (await world.docker.getContainer(`${stack}-web-1`).inspect()).Config.Cmd?.[2];
  const webhook = (signature: string | undefined) =>
    posted(signature === undefined ? {} : { 'x-hub-signature-256': `sha256=${signature}` });
  const delivered = (signature: string, id: string) =>
    posted({ 'x-hub-signature-256': `sha256=${signature}`, 'x-github-delivery': id });
  function posted(headers: Readonly<Record<string, string>>): Promise<number> {
    return fetch(`http://127.0.0.1:${hooks}/hooks/${source}`, { method: 'POST', body: '{}', headers }).then(
      ({ status }) => status,
    );
  }

  test('a push brings a service up, a revert rolls it back, a removed manifest removes the stack and no volume', async () => {
    const [one, two] = [stackName('one'), stackName('two')];
    remote.put('one/compose.yaml', stackOf(one, 'first'));
    remote.put('one/conf.txt', 'a\n');
    const first = remote.push();
    await declare('2s');
    await untilApplied(one, first);
    const { Id: before } = await world.docker.getContainer(`${one}-web-1`).inspect();

    remote.put('two/compose.yaml', stackOf(two, 'other'));
    remote.put('two/conf.txt', 'b\n');
    const second = remote.push();
    await untilApplied(two, second);
    await untilApplied(one, second);
    // A commit that does not change a stack makes none of its containers anew.
    expect((await world.docker.getContainer(`${one}-web-1`).inspect()).Id).toBe(before);

    remote.put('one/compose.yaml', stackOf(one, 'changed'));
    const third = remote.push();
    await untilApplied(one, third);
    expect(await says(one)).toContain('changed');
    remote.git('revert', '--no-edit', 'HEAD');
    const reverted = remote.push();
    await untilApplied(one, reverted);
    expect(await says(one)).toContain('first');
    expect((await world.events(one)).map(({ reason }) => reason)).toContain('NewRevision');

    remote.remove('two');
    remote.push();
    await until(
      'the second stack is gone',
      async () => ((await world.status(two)) === undefined ? true : undefined),
      120_000,
    );
    const { Volumes } = await world.docker.listVolumes();
    expect(Volumes.map(({ Name }) => Name)).toContain(`${two}_kept`);
    expect((await world.status(one))?.sync).toBe('Synced');

    // The password went to the repository, and nowhere that somebody reads.
    expect(http.requests.some(({ authorization }) => authorization !== undefined)).toBe(true);
    expect(await world.log()).not.toContain(PASSWORD);
    const shown = await world.ctl('describe', 'source', source);
    expect(shown.stdout).toContain(`main@sha1:${remote.git('rev-parse', 'HEAD').trim()}`);
    expect(shown.stdout).not.toContain(PASSWORD);
  });

  test('a webhook has it looked at long before its interval; one without a signature does nothing', async () => {
    const stack = stackName('hook');
    remote.put('compose.yaml', stackOf(stack, 'first'));
    remote.put('conf.txt', 'a\n');
    const first = remote.push();
    await declare('1h');
    await untilApplied(stack, first);
    remote.put('compose.yaml', stackOf(stack, 'second'));
    const second = remote.push();
    expect(await webhook(undefined)).toBe(401);
    expect(await webhook('0'.repeat(64))).toBe(401);
    expect((await sourceStatus())?.revision).toBe(`main@sha1:${first}`);
    const signature = createHmac('sha256', SECRET).update('{}').digest('hex');
    const [calledAtMs, calledAt] = [performance.now(), Date.now()];
    expect(await webhook(signature)).toBe(202);
    const sawMs = untilSource(
      'the commit is seen',
      ({ revision }) => revision === `main@sha1:${second}`,
    ).then(() => performance.now() - calledAtMs);
    await untilApplied(stack, second);
    const readyMs = performance.now() - calledAtMs;
    const { State } = await world.docker.getContainer(`${stack}-web-1`).inspect();
    const upMs = Date.parse(State.StartedAt) - calledAt;
    // Up within two seconds on a machine that does nothing else, which no test can ask for; the interval is an hour. It
    // is Ready once it has stayed up for five.
    console.info(
      `after a webhook: seen in ${Math.round(await sawMs)} ms, up in ${upMs} ms, Ready in ${Math.round(readyMs)} ms`,
    );
    expect(upMs).toBeGreaterThan(0);
    expect(upMs).toBeLessThan(60_000);
    expect(await says(stack)).toContain('second');
    expect(await webhook(signature)).toBe(202);
    await world.writesOfTwoPasses(stack);
    const asked = http.requests.length;
    expect([await delivered(signature, 'one'), await delivered(signature, 'one')]).toEqual([202, 200]);
    await until('the remote was asked', async () => (http.requests.length > asked ? true : undefined));
    expect((await sourceStatus())?.revision).toBe(`main@sha1:${second}`);
  });

  test('a repository that is applied is followed, and forgotten by delete; its stacks stay', async () => {
    const stack = stackName('applied');
    remote.put('compose.yaml', stackOf(stack, 'first'));
    remote.put('conf.txt', 'a\n');
    const first = remote.push();
    const secret = `  secretRef: {path: ${join(world.directory, 'secrets', source)}}\n`;
    const file = await world.file(`${source}.yaml`, repository(source, url, `  interval: 2s\n${secret}`));
    const applied = await world.ctl('apply', '-f', file);
    expect([applied.code, applied.stdout], applied.stderr).toEqual([0, `source/${source} created\n`]);
    await untilApplied(stack, first);
    expect((await sourceStatus())?.declaredAt).toContain(`${source}.yaml`);
    expect((await world.ctl('apply', '-f', file)).stdout).toBe(`source/${source} unchanged\n`);

    // Somebody declares it in the directory as well: it stays the applied one's, and that is seen where one looks.
    const twice = `${source}-twice.yaml`;
    await world.write(twice, repository(source, 'https://git.example.com/x.git', ''));
    await until('it is told at the directory', async () => {
      const { stderr } = await world.ctl('get', 'sources');
      return stderr.includes(`repository ${source} is declared twice`) ? stderr : undefined;
    });
    expect((await world.ctl('describe', 'source', world.manifests)).stdout).toContain('DuplicateRepository');
    expect((await sourceStatus())?.url).toBe(url);
    await run('rm', [join(world.manifests, twice)]);

    remote.put('compose.yaml', stackOf(stack, 'second'));
    await untilApplied(stack, remote.push());
    const { Id: before } = await world.docker.getContainer(`${stack}-web-1`).inspect();
    expect(await world.ctl('delete', 'source', source)).toMatchObject({ code: 0 });
    await untilSource('it is not declared any more', ({ reason }) => reason === 'NotDeclared');
    await world.writesOfTwoPasses(stack);
    expect((await world.docker.getContainer(`${stack}-web-1`).inspect()).Id).toBe(before);
    expect(await world.ctl('delete', stack, '--confirm')).toMatchObject({ code: 0 });
  });

  test('nothing is deleted by an emptied repository, a remote that fails, or a declaration that is gone', async () => {
    const stack = stackName('stays');
    remote.put('compose.yaml', stackOf(stack, 'first'));
    remote.put('conf.txt', 'a\n');
    const first = remote.push();
    await declare('1h');
    await untilApplied(stack, first);
    const { Id: before } = await world.docker.getContainer(`${stack}-web-1`).inspect();

    remote.remove('compose.yaml');
    remote.remove('conf.txt');
    remote.push();
    const emptied = await world.ctl('reconcile', 'source', source);
    expect(emptied.code).toBe(1);
    expect(emptied.stderr).toContain('SourceSuspect');

    remote.git('push', '--quiet', 'origin', ':main');
    const gone = await world.ctl('reconcile', 'source', source);
    expect(gone.stderr).toContain('RefNotFound: the remote has no branch main');

    writeFileSync(join(world.directory, 'secrets', source, 'password'), 'wrong\n');
    const refused = await world.ctl('reconcile', 'source', source);
    expect(refused.stderr).toContain('AuthenticationFailed');
    await http.close();
    expect((await world.ctl('reconcile', 'source', source)).stderr).toContain('FetchFailed');

    await run('rm', [join(world.manifests, `${source}.yaml`)]);
    await untilSource('it is not declared any more', ({ reason }) => reason === 'NotDeclared');
    await world.writesOfTwoPasses(stack);
    const container = await world.docker.getContainer(`${stack}-web-1`).inspect();
    expect({ id: container.Id, running: container.State.Running }).toEqual({ id: before, running: true });
    const ready = (await world.status(stack))?.conditions.find(({ type }) => type === 'Ready');
    expect(ready).toMatchObject({ status: 'True', reason: 'SourceSuspect' });
    expect(await world.ctl('delete', stack)).toMatchObject({ code: 1 });
    const deleted = await world.ctl('delete', stack, '--confirm');
    expect(deleted).toMatchObject({ code: 0, stdout: `stack/${stack} deleted\n` });
  });

  test('a commit that breaks its manifest, or wants the host, changes nothing and says why', async () => {
    const stack = stackName('bad');
    remote.put('compose.yaml', stackOf(stack, 'first'));
    remote.put('conf.txt', 'a\n');
    const first = remote.push();
    await declare('1h');
    await untilApplied(stack, first);
    const { Id: before } = await world.docker.getContainer(`${stack}-web-1`).inspect();
    const reasonAfter = async (text: string): Promise<string | undefined> => {
      remote.put('compose.yaml', text);
      const commit = remote.push();
      await world.ctl('reconcile', stack, '--with-source');
      const status = await until(`${commit} was tried`, async () => {
        const seen = await world.status(stack);
        const ready = seen?.conditions.find(({ type }) => type === 'Ready');
        return ready?.status === 'False' ? ready : undefined;
      });
      return status.reason;
    };
    expect(await reasonAfter(`${stackOf(stack, 'second')}  oops: [\n`)).toBe('ManifestInvalid');
    remote.put('compose.yaml', stackOf(stack, 'first'));
    await world.ctl('reconcile', 'source', source);
    remote.push();
    await world.ctl('reconcile', 'source', source);
    await world.untilReady(stack);
    const wantsHost = stackOf(stack, 'third').replace('./conf.txt:', '/etc/passwd:');
    expect(await reasonAfter(wantsHost)).toBe('PolicyViolation');
    expect((await world.docker.getContainer(`${stack}-web-1`).inspect()).Id).toBe(before);
  });

  test('the last good commit is in force after a restart without the remote', async () => {
    const stack = stackName('offline');
    remote.put('compose.yaml', stackOf(stack, 'first'));
    remote.put('conf.txt', 'a\n');
    const first = remote.push();
    await declare('1h');
    await untilApplied(stack, first);
    await http.close();
    await world.kill();
    await world.docker.getContainer(`${stack}-web-1`).remove({ force: true });
    await world.start(['--delete-grace', '2s']);
    const status = await untilSource('the remote was asked', ({ reason }) => reason === 'FetchFailed');
    expect(status).toMatchObject({ ready: 'False', revision: `main@sha1:${first}` });
    await until('its container is there again', async () =>
      (await says(stack).catch(() => undefined)) === undefined ? undefined : true,
    );
    await untilApplied(stack, first);
  });

  const sshd = '/usr/sbin/sshd';
  const lacksSshd =
    existsSync(sshd) && process.getuid?.() === 0 ? undefined : 'there is no sshd, or this is not root';
  test.skipIf(skipLoudly('a repository over ssh', lacksSshd, false))(
    'a repository over ssh is followed when its host is the known one',
    async () => {
      const stack = stackName('ssh');
      const port = await freePort();
      const home = join(remote.directory, 'sshd');
      const secret = join(world.directory, 'secrets', source);
      mkdirSync(home, { mode: 0o700 });
      mkdirSync('/run/sshd', { recursive: true });
      const key = (path: string) => run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path]);
      await key(join(home, 'host'));
      await key(join(secret, 'identity'));
      copyFileSync(join(secret, 'identity.pub'), join(home, 'authorized_keys'));
      chmodSync(join(home, 'authorized_keys'), 0o600);
      const config = [
        'UsePAM no',
        'StrictModes no',
        'PermitRootLogin yes',
        `AuthorizedKeysFile ${home}/authorized_keys`,
      ];
      writeFileSync(join(home, 'config'), `${config.join('\n')}\n`);
      const options = ['-D', '-e', '-f', join(home, 'config'), '-h', join(home, 'host')];
      const daemon = spawn(sshd, [...options, '-o', `ListenAddress=127.0.0.1:${port}`], { stdio: 'ignore' });
      try {
        const scan = () =>
          run('ssh-keyscan', ['-p', String(port), '127.0.0.1']).then(({ stdout }) => stdout || undefined);
        const hostKey = await until('sshd answers', scan);
        writeFileSync(
          join(secret, 'known_hosts'),
          hostKey.replace(/AAAA\S+/, 'AAAAC3NzaC1lZDI1NTE5AAAAIMOm9rGXRc2zhpmgDJmhmNAYzBkDwzgTzZSxjeVf7bXt'),
        );
        remote.put('compose.yaml', stackOf(stack, 'first'));
        remote.put('conf.txt', 'a\n');
        const first = remote.push();
        await declare('1h', `ssh://${userInfo().username}@127.0.0.1:${port}${remote.bare}`);
        await untilSource('another host is refused', ({ reason }) => reason === 'AuthenticationFailed');
        writeFileSync(join(secret, 'known_hosts'), hostKey);
        expect(await world.ctl('reconcile', 'source', source)).toMatchObject({ code: 0 });
        await untilApplied(stack, first);
      } finally {
        daemon.kill();
      }
    },
  );
});
