import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readClientFile } from '../../../src/bin/client-file.ts';
import { chooseEndpoint, type EndpointSources } from '../../../src/cli/endpoint.ts';

const directory = mkdtempSync(join(tmpdir(), 'stackctl-endpoint-'));
afterAll(() => rmSync(directory, { recursive: true }));

const put = (name: string, text: string): string => {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
};
const choose = (sources: Partial<EndpointSources>) =>
  chooseEndpoint({ flags: {}, env: {}, file: {}, cwd: directory, ...sources });

describe('which daemon is called', () => {
  test('the usual socket, the file, the environment, a flag: the later ones count more', () => {
    const file = { host: 'https://file:1' };
    const env = { STACKCTL_SOCKET: '/env.sock' };
    expect(choose({})).toEqual({ kind: 'socket', path: '/run/stackctl/stackctl.sock' });
    expect(choose({ file })).toMatchObject({ kind: 'server', url: new URL('https://file:1') });
    expect(choose({ file, env })).toEqual({ kind: 'socket', path: '/env.sock' });
    expect(choose({ file, env, flags: { host: 'https://flag:1' } })).toMatchObject({
      url: new URL('https://flag:1'),
    });
    expect(choose({ file, env: { STACKCTL_HOST: '' } })).toMatchObject({ url: new URL('https://file:1') });
  });

  test('the token: by itself, in a file, or in a line of the daemon’s file', () => {
    put('token', 'abc\n');
    put('tokens', '# ours\nread-only def\nread-write ghi\n');
    const host = 'https://h:1';
    expect(choose({ flags: { host }, env: { STACKCTL_TOKEN: 'xyz' } })).toMatchObject({ token: 'xyz' });
    expect(choose({ flags: { host, tokenFile: 'token' }, env: { STACKCTL_TOKEN: 'x' } })).toMatchObject({
      token: 'abc',
    });
    expect(choose({ flags: { host }, file: { tokenFile: join(directory, 'tokens') } })).toMatchObject({
      token: 'def',
    });
    expect(choose({ flags: { host } })).toMatchObject({ token: undefined });
  });

  test.each([
    [{ flags: { host: 'https://h:1', socket: '/s' } }, 'both socket and host'],
    [
      { env: { STACKCTL_HOST: 'https://h:1', STACKCTL_SOCKET: '/s' } },
      'both STACKCTL_SOCKET and STACKCTL_HOST',
    ],
    [{ flags: { host: 'h:1' } }, 'is no address'],
    [{ flags: { host: 'https://me:secret@h:1' } }, 'is no address'],
    [{ flags: { host: 'https://h:1/path' } }, 'is no address'],
    [{ flags: { host: 'https://h:1', tokenFile: 'nowhere' } }, 'cannot be read: ENOENT'],
    [{ flags: { host: 'https://h:1', certificateAuthority: 'nowhere' } }, 'cannot be read: ENOENT'],
  ])('%j is refused', (sources: Partial<EndpointSources>, message) => {
    expect(() => choose(sources)).toThrow(message);
  });

  test('a file with no token', () => {
    put('empty', '# nothing\n');
    expect(() => choose({ flags: { host: 'https://h:1', tokenFile: 'empty' } })).toThrow('has no token');
  });
});

describe('the client’s file', () => {
  test('stands in the configuration’s home, and its paths count from it', async () => {
    expect(await readClientFile({ XDG_CONFIG_HOME: directory })).toEqual({});
    const file = put('client.yaml', 'host: https://h:1\ntokenFile: token\ncertificateAuthority: /ca.pem\n');
    expect(await readClientFile({ STACKCTL_CLIENT_CONFIG: file })).toEqual({
      host: 'https://h:1',
      socket: undefined,
      tokenFile: join(directory, 'token'),
      certificateAuthority: '/ca.pem',
    });
  });

  test('everything that is wrong with it is told, with its place', async () => {
    const file = put('bad.yaml', 'hots: https://h:1\ntokenFile: []\n');
    await expect(readClientFile({ STACKCTL_CLIENT_CONFIG: file })).rejects.toThrow(
      `${file}:2:12: tokenFile: expected a path\n${file}:1:1: hots: unknown field "hots"`,
    );
    const nowhere = join(directory, 'nowhere.yaml');
    await expect(readClientFile({ STACKCTL_CLIENT_CONFIG: nowhere })).rejects.toThrow(
      'cannot be read: ENOENT',
    );
  });
});
