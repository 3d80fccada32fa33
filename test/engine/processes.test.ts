import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { ContainerId } from '../../src/model/names.ts';
import { failureOf } from '../support/contract/world.ts';
import {
  type ContainerChange,
  containerRequest,
  desiredNetwork,
  endpoint,
  inNetwork,
  ownerLabels,
} from '../support/engine-requests.ts';
import { eventually } from '../support/eventually.ts';
import { hasEngine, Lab } from '../support/lab.ts';

const signal = (): AbortSignal => new AbortController().signal;

function newLab(): Lab {
  const lab = new Lab();
  onTestFinished(() => lab.dispose());
  return lab;
}

/** A directory of the host that the engine sees under the same path. */
function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'stackctl-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

async function create(lab: Lab, change: ContainerChange): Promise<ContainerId> {
  return lab.engine.createContainer(containerRequest(lab, change), signal());
}

async function observed(lab: Lab, id: ContainerId) {
  const seen = await lab.engine.observe(
    { stack: lab.stack, project: lab.stack, networkNames: [], imageRefs: [] },
    signal(),
  );
  return seen.containers.find((container) => container.id === id);
}

/** What a command in a running container prints. */
async function output(lab: Lab, id: ContainerId, command: string): Promise<string> {
  const exec = await lab.docker
    .getContainer(id)
    .exec({ Cmd: ['sh', '-c', command], AttachStdout: true, Tty: true });
  const stream = await exec.start({ Tty: true });
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8').replaceAll('\r', '').trim();
}

describe.skipIf(!hasEngine())('containers with real processes', () => {
  test.each([
    ['a command that is not there', { Cmd: ['/nope'] }],
    ['a command that is no program', { Cmd: ['/etc/passwd'] }],
    ['a user that is not known', { User: 'nobody-knows' }],
    ['a working directory that is a file', { WorkingDir: '/etc/passwd/x' }],
  ])('%s is the manifest’s fault and says what to correct', async (_name, config) => {
    const lab = newLab();
    const started = create(lab, { config }).then((id) => lab.engine.startContainer(id, signal()));
    const failure = await failureOf(started);
    expect(failure.kind).toBe('invalid');
    expect(failure.hint).toBeDefined();
  });

  test('a directory bound onto a file is the manifest’s fault', async () => {
    const lab = newLab();
    const id = await create(lab, {
      host: { Mounts: [{ Type: 'bind', Source: newDirectory(), Target: '/etc/passwd' }] },
    });
    const failure = await failureOf(lab.engine.startContainer(id, signal()));
    expect(failure).toMatchObject({ kind: 'invalid' });
    expect(failure.hint).toMatch(/directory onto a file/);
  });

  test('a bind source that is missing is the manifest’s fault', async () => {
    const lab = newLab();
    const missing = join(newDirectory(), 'missing');
    const failure = await failureOf(
      create(lab, { host: { Mounts: [{ Type: 'bind', Source: missing, Target: '/x' }] } }),
    );
    expect(failure).toMatchObject({ kind: 'invalid' });
    expect(failure.hint).toContain(missing);
  });

  test('a port that a process of the host has is a conflict', async () => {
    const lab = newLab();
    const port = 34_000 + Math.floor(Math.random() * 5000);
    const listener = await create(lab, {
      service: 'listener',
      config: { Cmd: ['nc', '-l', '-p', String(port)] },
      desired: { networkMode: { kind: 'host' } },
    });
    await lab.engine.startContainer(listener, signal());
    const hex = port.toString(16).toUpperCase().padStart(4, '0');
    await eventually('the listener listens', async () =>
      (await output(lab, listener, 'cat /proc/net/tcp /proc/net/tcp6')).includes(`:${hex} `)
        ? true
        : undefined,
    );
    const id = await create(lab, {
      desired: { networkMode: { kind: 'bridge' } },
      host: { PortBindings: { '80/tcp': [{ HostIp: '0.0.0.0', HostPort: String(port) }] } },
    });
    const failure = await failureOf(lab.engine.startContainer(id, signal()));
    expect(failure.kind).toBe('conflict');
    expect(failure.hint).toContain(`process of the host listens on port ${port}`);
  });

  test('swapping a network live leaves the very same process running', async () => {
    const lab = newLab();
    const name = `${lab.stack}_net`;
    const before = await lab.engine.createNetwork(desiredNetwork(name), ownerLabels(lab), signal());
    const id = await create(lab, inNetwork({ id: before, name }, endpoint({ aliases: ['web'] })));
    await lab.engine.startContainer(id, signal());
    const pid = (await lab.docker.getContainer(id).inspect()).State.Pid;
    await lab.engine.disconnectNetwork(before, id, false, signal());
    await lab.engine.removeNetwork(before, false, signal());
    const after = await lab.engine.createNetwork(
      desiredNetwork(name, { internal: true }),
      ownerLabels(lab),
      signal(),
    );
    await lab.engine.connectNetwork(after, id, endpoint({ aliases: ['web'] }), signal());
    expect((await lab.docker.getContainer(id).inspect()).State.Pid).toBe(pid);
    expect(await output(lab, id, 'nslookup web 127.0.0.11 >/dev/null && echo resolves')).toBe('resolves');
  });

  test('health is seen with its last probe', async () => {
    const lab = newLab();
    const id = await create(lab, {
      config: {
        Healthcheck: { Test: ['CMD-SHELL', 'echo sick; exit 1'], Interval: 5e7, Timeout: 1e9, Retries: 2 },
      },
    });
    await lab.engine.startContainer(id, signal());
    const health = await eventually('it is unhealthy', async () => {
      const now = (await observed(lab, id))?.health;
      return now?.status === 'unhealthy' ? now : undefined;
    });
    expect(health.failingStreak).toBeGreaterThanOrEqual(2);
    expect(health.output).toBe('sick');
    expect(health.lastProbeAtMs).toBeGreaterThan(Date.now() - 60_000);
  });
});

describe.skipIf(!hasEngine())('files put into a container', () => {
  test('have owner, mode and content, and missing parents are made', async () => {
    const lab = newLab();
    const id = await create(lab, {});
    const content = 'änderung\n'.repeat(3);
    await lab.engine.putFiles(
      id,
      [
        { target: '/etc/app/deep/config.yml', content, uid: 1000, gid: 1001, mode: 0o440, secret: false },
        { target: '/tmp/token', content: '', uid: 0, gid: 0, mode: 0o600, secret: true },
      ],
      signal(),
    );
    await lab.engine.startContainer(id, signal());
    expect(await output(lab, id, 'cat /etc/app/deep/config.yml')).toBe(content.trim());
    expect(
      await output(lab, id, "stat -c '%u:%g %a' /etc/app/deep/config.yml /tmp/token /etc/app /tmp"),
    ).toBe(['1000:1001 440', '0:0 600', '0:0 755', '0:0 1777'].join('\n'));
  });

  test('cannot be put into a read-only container, and the failure says what to do', async () => {
    const lab = newLab();
    const id = await create(lab, { host: { ReadonlyRootfs: true } });
    const file = { target: '/etc/x', content: 'canary-5151', uid: 0, gid: 0, mode: 0o600, secret: true };
    const failure = await failureOf(lab.engine.putFiles(id, [file], signal()));
    expect(failure.kind).toBe('invalid');
    expect(failure.hint).toContain('read_only');
    expect(`${failure.message}${failure.hint}`).not.toContain('canary-5151');
  });
});

describe.skipIf(!hasEngine())('bind mounts whose source was replaced', () => {
  test('are stale when file, directory or link target is another one, not when it is edited in place', async () => {
    const lab = newLab();
    const directory = newDirectory();
    const path = (name: string) => join(directory, name);
    for (const name of ['edited', 'renamed-over', 'first', 'second', 'missing'])
      writeFileSync(path(name), name);
    mkdirSync(path('remade'));
    symlinkSync('first', path('link'));
    const targets: Readonly<Record<string, string>> = {
      edited: '/in/edited',
      'renamed-over': '/sbin/renamed-over',
      remade: '/in/remade',
      link: '/in/link',
      missing: '/in/missing',
    };
    const id = await create(lab, {
      host: {
        Mounts: Object.entries(targets).map(([name, Target]) => ({
          Type: 'bind',
          Source: path(name),
          Target,
        })),
      },
    });
    await lab.engine.startContainer(id, signal());
    expect((await observed(lab, id))?.staleBinds).toEqual([]);

    writeFileSync(path('edited'), 'edited in place');
    writeFileSync(path('new'), 'new');
    renameSync(path('new'), path('renamed-over'));
    renameSync(path('remade'), path('remade-old'));
    mkdirSync(path('remade'));
    symlinkSync('second', path('new-link'));
    renameSync(path('new-link'), path('link'));
    unlinkSync(path('missing'));
    const stale = (await observed(lab, id))?.staleBinds ?? [];
    expect(stale.toSorted()).toEqual(['/in/link', '/in/remade', '/sbin/renamed-over']);

    await lab.engine.restartContainer(id, 0, signal()).catch(() => undefined);
    writeFileSync(path('missing'), 'back');
    await lab.engine.stopContainer(id, 0, undefined, signal());
    expect((await observed(lab, id))?.staleBinds).toEqual([]);
  });
});
