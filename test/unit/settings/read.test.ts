import { describe, expect, test } from 'vitest';
import { formatPosition } from '../../../src/model/problem.ts';
import { type ReadSettings, readSettings, type SettingsWorld } from '../../../src/settings/read.ts';
import { flagName, type Settings, settingList } from '../../../src/settings/table.ts';

const USUAL = '/etc/stackctl/stackctld.yaml';

function read(world: Partial<SettingsWorld> & { readonly files?: Record<string, string> }): ReadSettings {
  const { files = {}, ...rest } = world;
  return readSettings({ argv: [], env: {}, cwd: '/home/me', readFile: (path) => files[path], ...rest });
}

function good(world: Parameters<typeof read>[0]): Settings {
  const found = read(world);
  if (found.kind !== 'settings') throw new Error(JSON.stringify(found));
  return found.settings;
}

function faults(world: Parameters<typeof read>[0]): readonly string[] {
  const found = read(world);
  if (found.kind !== 'wrong') throw new Error(JSON.stringify(found));
  return found.problems.map(({ at, path, message, hint }) =>
    [formatPosition(at), path, message, hint].filter((part) => part !== undefined && part !== '').join(' | '),
  );
}

describe('where a setting comes from', () => {
  const files = { [USUAL]: 'workers: 2\nresync: 2m\nstateDir: state\n' };

  test('the default, when nobody says anything', () => {
    expect(good({})).toMatchObject({ workers: 4, resync: 30_000, manifests: ['/etc/stackctl/manifests'] });
  });

  test('the file before the default, the environment before the file, a flag before both', () => {
    expect(good({ files }).workers).toBe(2);
    expect(good({ files, env: { STACKCTL_WORKERS: '3' } }).workers).toBe(3);
    expect(good({ files, env: { STACKCTL_WORKERS: '3' }, argv: ['--workers', '5'] }).workers).toBe(5);
    expect(good({ files, env: { STACKCTL_WORKERS: '' } }).workers).toBe(2);
  });

  test('each of them on its own: what one does not say, another may', () => {
    const settings = good({ files, env: { STACKCTL_INSTANCE: 'b' }, argv: ['--workers', '5'] });
    expect(settings).toMatchObject({ workers: 5, instance: 'b', resync: 120_000, concurrency: 4 });
  });

  test('paths count from the file that they stand in, or from where the daemon was started', () => {
    expect(good({ files }).stateDir).toBe('/etc/stackctl/state');
    expect(good({ argv: ['--state-dir', 'state'] }).stateDir).toBe('/home/me/state');
  });

  test('a list: several words after a flag, one text with colons, a list in the file', () => {
    expect(good({ argv: ['--manifests', 'a', '/b'] }).manifests).toEqual(['/home/me/a', '/b']);
    expect(good({ env: { STACKCTL_MANIFESTS: '/a:b' } }).manifests).toEqual(['/a', '/home/me/b']);
    expect(good({ files: { [USUAL]: 'manifests: [a, /b]' } }).manifests).toEqual(['/etc/stackctl/a', '/b']);
  });

  test('the file that is named, by a flag before a variable; a comment alone sets nothing', () => {
    const named = {
      '/home/me/one.yaml': 'workers: 6',
      '/two.yaml': 'workers: 7',
      '/none.yaml': '# nothing\n',
    };
    expect(
      good({ files: named, argv: ['--config', 'one.yaml'], env: { STACKCTL_CONFIG: '/two.yaml' } }).workers,
    ).toBe(6);
    expect(good({ files: named, env: { STACKCTL_CONFIG: '/two.yaml' } }).workers).toBe(7);
    expect(good({ files: named, argv: ['--config', '/none.yaml'] }).workers).toBe(4);
    expect(faults({ argv: ['--config', '/nowhere.yaml'] })).toEqual([
      '--config: there is no file /nowhere.yaml',
    ]);
  });
});

describe('what is wrong', () => {
  test('everything is told at once, with its place and what to write', () => {
    const files = { [USUAL]: 'manifest: [a]\nworkers: 99\nlogLevel: inf\nresync: 10\n' };
    const found = faults({ files, env: { STACKCTL_DELETE_GRACE: 'soon' }, argv: ['--concurrency', '0'] });
    expect(found).toEqual(
      expect.arrayContaining([
        `${USUAL}:1:1 | manifest | unknown field "manifest" | did you mean "manifests"?`,
        `${USUAL}:2:10 | workers | expected a whole number from 1 to 64 | write a whole number from 1 to 64`,
        `${USUAL}:3:11 | logLevel | expected one of trace, debug, info, warn, error, fatal | did you mean "info"?`,
        `${USUAL}:4:9 | resync | expected a duration such as 30s, 5m or 1h30m, got a number | write the unit: "10s"`,
        'STACKCTL_DELETE_GRACE "soon": expected a duration such as 30s, 5m or 1h30m',
        '--concurrency "0": expected a whole number from 1 to 64',
      ]),
    );
    expect(found).toHaveLength(6);
  });

  test('what a flag overrides is wrong all the same', () => {
    expect(faults({ files: { [USUAL]: 'workers: 99' }, argv: ['--workers', '2'] })).toHaveLength(1);
  });

  test.each([
    ['a: [', `${USUAL}:`],
    ['- a', 'expected a map'],
    ['workers: 1\n---\nworkers: 2', 'the settings are one document'],
    ['workers: 1\nworkers: 2', 'workers'],
    ['manifests: /a', 'expected a list'],
    ['__proto__: {}', '__proto__'],
  ])('a file that is %j', (text, part) => {
    expect(faults({ files: { [USUAL]: text } }).join('\n')).toContain(part);
  });

  test('a flag that does not exist, and an argument', () => {
    expect(read({ argv: ['--worker', '2'] })).toMatchObject({
      kind: 'usage',
      text: expect.stringContaining('--workers'),
    });
    expect(read({ argv: ['up'] })).toMatchObject({ kind: 'usage' });
  });

  test('help is no fault, and lists every flag with its variable', () => {
    const help = read({ argv: ['--help'], files: { [USUAL]: 'broken: [' } });
    expect(help.kind).toBe('help');
    const text = 'text' in help ? help.text.replaceAll(/\s+/g, ' ') : '';
    for (const [, setting] of settingList()) {
      expect(text).toContain(setting.flag);
      expect(text).toContain(`(or ${setting.env}`);
    }
  });
});

test('the key in the file is the flag in camel case', () => {
  for (const [key, setting] of settingList()) {
    const camel = flagName(setting)
      .slice(2)
      .replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
    expect(camel).toBe(key);
  }
});

test('metrics are not served to others by accident', () => {
  expect(faults({ argv: ['--metrics-listen', '0.0.0.0:9464'] })[0]).toContain('others could read it');
  expect(good({ argv: ['--metrics-listen', '127.0.0.1:9464'] }).metricsListen).toEqual({
    host: '127.0.0.1',
    port: 9464,
  });
  expect(good({ argv: ['--metrics-listen', '0.0.0.0:1', '--listen-without-tls'] }).listenWithoutTls).toBe(
    true,
  );
});
