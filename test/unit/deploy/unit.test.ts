import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SETTINGS } from '../../../src/settings/table.ts';
import { skipLoudly } from '../../support/loud-skip.ts';

const UNIT = join(import.meta.dirname, '../../../deploy/stackctld.service');
const { stdout: version } = spawnSync('systemd-analyze', ['--version'], { encoding: 'utf8' });
const isRecent = Number(/^systemd (\d+)/.exec(version ?? '')?.[1]) >= 250;
const missing = isRecent ? undefined : 'there is no systemd-analyze of systemd 250 or newer';

describe('deploy/stackctld.service', () => {
  test('makes the directories that the daemon uses by default', () => {
    const text = readFileSync(UNIT, 'utf8');
    const [, state] = /^StateDirectory=(.+)$/m.exec(text) ?? [];
    const [, runtime] = /^RuntimeDirectory=(.+)$/m.exec(text) ?? [];
    expect(SETTINGS.stateDir.initial).toBe(`/var/lib/${state}`);
    expect(SETTINGS.socket.initial).toBe(`/run/${runtime}/stackctl.sock`);
  });

  describe.skipIf(skipLoudly('the systemd unit', missing, false))('as systemd sees it', () => {
    test('has no fault', () => {
      const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', UNIT], { encoding: 'utf8' });
      expect(`${stdout}${stderr}`).toBe('');
      expect(status).toBe(0);
    });

    test('is exposed less than 3 of 10', () => {
      const argv = ['security', '--offline=yes', '--no-pager', '--threshold=30', UNIT];
      const { status, stdout, stderr } = spawnSync('systemd-analyze', argv, { encoding: 'utf8' });
      expect(status, `${stdout.slice(-400)}${stderr}`).toBe(0);
    });
  });
});
