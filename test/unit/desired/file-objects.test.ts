import { describe, expect, it } from 'vitest';
import type { ComposeService } from '../../../src/compose/model.ts';
import { type Example, resolveWeb, webContainer, webFaults } from './example.ts';

const example: Example = {
  project: {
    configs: {
      inline: { name: 'demo_inline', content: 'hello' },
      mounted: { name: 'demo_mounted', file: '/srv/demo/app.conf' },
    },
    secrets: {
      token: { name: 'demo_token', environment: 'TOKEN' },
      key: { name: 'demo_key', file: '/srv/demo/key.pem' },
      empty: { name: 'demo_empty', environment: 'EMPTY' },
      swarm: { name: 'swarm', external: true },
    },
  },
  request: { contents: { 'secrets.token': 'hunter2', 'secrets.empty': '' } },
  files: { '/srv/demo/app.conf': 'a = 1', '/srv/demo/key.pem': 'PEM' },
};
const container = (service: ComposeService) => webContainer(service, example);
const faults = (service: ComposeService) => webFaults(service, example);

describe('configs and secrets', () => {
  it('from files are mounted read-only where Compose puts them', () => {
    const { host, files } = container({
      configs: [{ source: 'mounted' }],
      secrets: [{ source: 'key', target: 'server.key' }],
    });
    expect(host.Mounts).toEqual([
      { Type: 'bind', Source: '/srv/demo/app.conf', Target: '/mounted', ReadOnly: true },
      { Type: 'bind', Source: '/srv/demo/key.pem', Target: '/run/secrets/server.key', ReadOnly: true },
    ]);
    expect(files).toEqual([]);
  });

  it('with content are put into the container, readable by all unless told otherwise', () => {
    const { host, files } = container({
      configs: [{ source: 'inline', target: '/etc/app/x.conf', uid: '1000', gid: '50', mode: '0440' }],
      secrets: [{ source: 'token' }],
    });
    expect(host).toEqual({});
    expect(files).toEqual([
      { target: '/etc/app/x.conf', content: 'hello', uid: 1000, gid: 50, mode: 0o440, secret: false },
      { target: '/run/secrets/token', content: 'hunter2', uid: 0, gid: 0, mode: 0o444, secret: true },
    ]);
  });

  it('make another hash when what they say changes, wherever it comes from', () => {
    const service: ComposeService = {
      configs: [{ source: 'inline' }, { source: 'mounted' }],
      secrets: [{ source: 'token' }, { source: 'key' }],
    };
    const changes: readonly Example[] = [
      example,
      { ...example, request: { contents: { 'secrets.token': 'other' } } },
      { ...example, request: { ...example.request, secretKey: 'key-2' } },
      { ...example, files: { ...example.files, '/srv/demo/app.conf': 'a = 2' } },
      { ...example, files: { ...example.files, '/srv/demo/key.pem': 'PEM 2' } },
    ];
    const hashes = changes.map((change) => webContainer(service, change).specHash);
    expect(new Set(hashes).size).toBe(changes.length);
  });

  it('never stand in a problem', () => {
    const service: ComposeService = {
      read_only: true,
      secrets: [{ source: 'token' }],
      tmpfs: ['/run/secrets'],
    };
    const { problems } = resolveWeb(service, example);
    expect(problems.length).toBeGreaterThan(1);
    expect(JSON.stringify(problems)).not.toContain('hunter2');
  });

  it('cannot be put into a read-only root, nor below memory', () => {
    expect(faults({ read_only: true, secrets: [{ source: 'token' }] })).toEqual([
      'Unsupported services.web.secrets[0]',
    ]);
    expect(faults({ tmpfs: ['/run:size=1m'], secrets: [{ source: 'token' }] })).toEqual([
      'Unsupported services.web.secrets[0]',
    ]);
    expect(faults({ read_only: true, tmpfs: ['/run'], secrets: [{ source: 'key' }] })).toEqual([]);
  });

  it('must have a value, a file and a place of their own', () => {
    expect(faults({ secrets: [{ source: 'empty' }] })).toEqual(['EmptySecret services.web.secrets[0]']);
    expect(webFaults({ secrets: [{ source: 'token' }] }, { ...example, request: {} })).toEqual([
      'MissingValue services.web.secrets[0]',
    ]);
    expect(webFaults({ secrets: [{ source: 'key' }] }, { ...example, files: {} })).toEqual([
      'FileUnreadable services.web.secrets[0]',
    ]);
    expect(
      faults({
        configs: [
          { source: 'inline', target: '/x' },
          { source: 'mounted', target: '/x' },
        ],
      }),
    ).toEqual(['DuplicateMountTarget services.web.configs[1]']);
  });

  it('of a Swarm are refused where somebody uses them', () => {
    expect(faults({ secrets: [{ source: 'swarm' }] })).toEqual(['Unsupported secrets.swarm.external']);
    expect(faults({})).toEqual([]);
  });

  it('warn that a file of the host keeps its own owner and mode', () => {
    const { problems } = resolveWeb({ secrets: [{ source: 'key', mode: '0400' }] }, example);
    expect(problems.map(({ severity, code }) => [severity, code])).toEqual([['warning', 'IgnoredAttribute']]);
  });
});
