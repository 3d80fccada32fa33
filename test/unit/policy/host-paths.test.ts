import { describe, expect, it } from 'vitest';
import { broken, type Held, violations } from './policy-fixture.ts';

const binding = (source: string): string =>
  JSON.stringify({
    services: { web: { image: 'nginx', volumes: [{ type: 'bind', source, target: '/x' }] } },
  });

const AT = 'services.web.volumes[0]';

describe('a bind', () => {
  it.each([
    '/etc',
    '/etc/',
    '//etc',
    '/./etc',
    '/etc/.',
    '/stack/../etc',
    '../etc',
    './../../etc',
    '/stackish',
    '/proc',
    '/sys',
    '/dev',
    '/root',
    '/home/ada/.ssh',
    '~/.ssh',
    '/boot',
    '/var/lib/docker/volumes',
    '/etc ',
    '/proc/self/root/etc',
  ])('of %s leads out of the stack', (source) => {
    expect(broken(binding(source))).toEqual([`host-path ${AT}`]);
  });

  it.each([
    '/',
    '//',
    '/.',
    '/stack/..',
    '/run',
    '/run/',
    '/var/run',
    '/var/../run/containerd',
    '/var/run/docker.sock',
    '/run/user/1000/docker.sock',
    '/run/user/1000/podman/podman.sock',
    './docker.sock',
    '/run/stackctl/stackctl.sock',
  ])('of %s hands out a socket', (source) => {
    expect(broken(binding(source))).toEqual([`engine-socket ${AT}`]);
  });

  it.each(['.', './data', 'data/', '/stack/data', './a/../b', './//a'])(
    'of %s is the stack’s own',
    (source) => {
      expect(broken(binding(source))).toEqual([]);
    },
  );

  it.each<[string, NonNullable<Held['links']>, string]>([
    ['./data', { '/stack/data': '/etc' }, 'host-path'],
    ['./data/deep/er', { '/stack/data': '/etc' }, 'host-path'],
    ['./data', { '/stack/data': '/stack/two', '/stack/two': '/srv' }, 'host-path'],
    ['./data', { '/stack/data': undefined }, 'host-path'],
    ['./data', { '/stack/data': '/' }, 'engine-socket'],
    ['./data', { '/stack/data': '/run/docker.sock' }, 'engine-socket'],
    ['/srv/engine', { '/var/run': '/run', '/srv/engine': '/var/run' }, 'engine-socket'],
  ])('of %s with the links %j: %s', (source, links, rule) => {
    expect(broken(binding(source), { links })).toEqual([`${rule} ${AT}`]);
  });

  it('may go through links that stay within the stack, also where the stack itself is behind one', () => {
    expect(broken(binding('./data'), { links: { '/stack/data': '/stack/real' } })).toEqual([]);
    expect(broken(binding('./data'), { links: { '/stack': '/mnt/stacks/web' } })).toEqual([]);
  });

  it('says where it leads', () => {
    const [problem] = violations(binding('./data'), { links: { '/stack/data': '/etc' } });
    expect(problem).toMatchObject({ code: 'PolicyViolation', severity: 'error' });
    expect(problem?.message).toContain('it leads to /etc, which is outside of the stack’s directory /stack');
    expect(problem?.at).toEqual({ file: '/stack/compose.yaml', line: 1, column: 48 });
  });

  it('of what is stackctld’s is refused within the stack as well', () => {
    const places = { sockets: ['/stack/run/engine'], ownPaths: ['/stack/state'] };
    expect(broken(binding('./state/applied'), { places })).toEqual([`host-path ${AT}`]);
    expect(broken(binding('./run'), { places })).toEqual([`engine-socket ${AT}`]);
    expect(broken(binding('.'), { places })).toEqual([`engine-socket ${AT}`]);
    expect(broken(binding('./data'), { places })).toEqual([]);
  });

  it('of the directory of all manifests is refused, of one below it is not', () => {
    const places = { manifestRoots: ['/stack'] };
    expect(broken(binding('.'), { places })).toEqual([`host-path ${AT}`]);
    expect(broken(binding('./data'), { places })).toEqual([]);
  });

  it.each(['/', '/etc', '/etc/ssh', '/usr', '/var', '/var/lib', '/home'])(
    'is nobody’s own in %s, whoever says that it is a stack’s directory',
    (directory) => {
      expect(broken(binding(`${directory}/anything`), { directory })).toEqual([`host-path ${AT}`]);
    },
  );

  it('is the stack’s own in a directory of manifests, wherever the operator put that', () => {
    const directory = '/etc/stackctl/manifests/web';
    const held = { directory, places: { manifestRoots: ['/etc/stackctl/manifests'] } };
    expect(broken(binding(`${directory}/data`), held)).toEqual([]);
    expect(broken(binding('/etc/stackctl/manifests/db'), held)).toEqual([`host-path ${AT}`]);
  });
});

describe('other ways to a file of the host', () => {
  it.each([
    [
      'a secret',
      { secrets: { key: { file: '/etc/shadow' } } },
      { secrets: ['key'] },
      'host-path secrets.key.file',
    ],
    [
      'a config',
      { configs: { key: { file: '../other/x' } } },
      { configs: ['key'] },
      'host-path configs.key.file',
    ],
    ['a build context', {}, { build: '/' }, 'engine-socket services.web.build.context'],
    ['a build context above', {}, { build: '..' }, 'engine-socket services.web.build.context'],
    [
      'a Dockerfile',
      {},
      { build: { context: '.', dockerfile: '/etc/shadow' } },
      'host-path services.web.build.dockerfile',
    ],
  ])('%s', (_what, beside, service, expected) => {
    const text = JSON.stringify({ services: { web: { image: 'nginx', ...service } }, ...beside });
    expect(broken(text)).toEqual([expected]);
  });

  it.each(['env_file', 'label_file'])('%s outside of the stack', (field) => {
    const text = (file: string) => JSON.stringify({ services: { web: { image: 'nginx', [field]: [file] } } });
    const files = { '/srv/other.env': 'A=1', '/stack/own.env': 'A=1' };
    expect(broken(text('/srv/other.env'), { files })).toEqual(['host-file']);
    expect(broken(text('./own.env'), { files })).toEqual([]);
    expect(broken(text('./own.env'), { files, links: { '/stack/own.env': '/etc/environment' } })).toEqual([
      'host-file',
    ]);
  });

  it('a file that is included or extended outside of the stack', () => {
    const files = { '/srv/base.yaml': 'services: {base: {image: nginx}}' };
    const extended = 'services: {web: {extends: {file: /srv/base.yaml, service: base}}}';
    expect(broken(extended, { files })).toEqual(['host-file']);
    expect(broken('include: [/srv/base.yaml]', { files })).toContain('host-file');
  });
});

describe('a volume', () => {
  const made = (options: object) =>
    broken(
      JSON.stringify({
        services: { web: { image: 'nginx', volumes: ['data:/x'] } },
        volumes: { data: { driver_opts: options } },
      }),
    );

  it.each([
    { type: 'none', o: 'bind', device: '/etc' },
    { type: 'none', o: 'rbind,ro', device: '/etc' },
    { type: '', o: ' bind ', device: '/stack/../etc' },
    { type: 'tmpfs', o: 'size=1m,bind', device: '/etc' },
    { type: 'none', o: 'bind,shared', device: '/stack/data' },
    { type: 'none', o: 'bind', device: '/run/docker.sock' },
    { type: 'ext4', device: '/dev/sda1' },
    { type: 'overlay', device: 'overlay', o: 'lowerdir=/etc,upperdir=/tmp/a,workdir=/tmp/b' },
    { type: 'nfs', o: 'addr=10.0.0.1,rw', device: ':/export' },
    { type: 'cifs', o: 'addr=10.0.0.1,username=a', device: '//10.0.0.1/share' },
    { type: 'tmpfs', device: 'tmpfs', o: 'size=1m,suid' },
    { mountpoint: '/etc' },
  ])('with %j is one of the host', (options) => {
    expect(made(options)).toEqual(['volume-device volumes.data.driver_opts']);
  });

  it.each([
    {},
    { type: 'tmpfs', device: 'tmpfs', o: 'size=100m,uid=1000,mode=0700,noexec' },
    { type: 'none', o: 'bind', device: '/stack/data' },
    { type: 'none', o: 'bind,ro', device: '/stack/data' },
  ])('with %j is the stack’s own', (options) => {
    expect(made(options)).toEqual([]);
  });
});
