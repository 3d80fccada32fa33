import { describe, expect, it } from 'vitest';
import { webContainer, webFaults } from './example.ts';

describe('the process of a container', () => {
  it('is described in the words of the create request', () => {
    const { config } = webContainer({
      command: ['serve', '--all'],
      entrypoint: ['/entry'],
      user: '1000:1000',
      working_dir: '/srv/app/../data/',
      hostname: 'web',
      domainname: 'example.org',
      tty: true,
      stdin_open: true,
      stop_signal: 'SIGINT',
      labels: { tier: 'front' },
    });
    expect(config).toEqual({
      Image: 'nginx:1',
      Cmd: ['serve', '--all'],
      Entrypoint: ['/entry'],
      User: '1000:1000',
      WorkingDir: '/srv/data',
      Hostname: 'web',
      Domainname: 'example.org',
      Tty: true,
      OpenStdin: true,
      StopSignal: 'SIGINT',
      Labels: { tier: 'front' },
    });
  });

  it('says nothing of what the manifest does not ask for', () => {
    const { config } = webContainer({
      command: null,
      entrypoint: null,
      tty: false,
      labels: {},
      environment: {},
    });
    expect(config).toEqual({ Image: 'nginx:1' });
  });

  it('sorts its environment and keeps a name without a value, which takes the variable of the image away', () => {
    const { config } = webContainer({ environment: { ZONE: 'a=b', ALPHA: '', PATH: null } });
    expect(config.Env).toEqual(['ALPHA=', 'PATH', 'ZONE=a=b']);
  });

  it('leaves an empty command to the image and clears the entrypoint in both spellings', () => {
    expect(webContainer({ command: [] }).config.Cmd).toBeUndefined();
    expect(webContainer({ entrypoint: [] }).config.Entrypoint).toEqual([]);
    expect(webContainer({ entrypoint: [''] }).config.Entrypoint).toEqual([]);
  });

  it('carries the time to stop for those who stop it beside us', () => {
    expect(webContainer({ stop_grace_period: '1m30.9s' }).config).toEqual({
      Image: 'nginx:1',
      StopTimeout: 90,
    });
  });

  it('refuses a relative working directory', () => {
    expect(webFaults({ working_dir: 'app' })).toEqual(['PathNotAbsolute services.web.working_dir']);
  });

  it('refuses labels that tell whose an object is', () => {
    expect(
      webFaults({ labels: { 'io.stackctl.stack': 'x', 'com.docker.compose.project': 'y', fine: 'z' } }),
    ).toEqual([
      'ReservedLabel services.web.labels.io.stackctl.stack',
      'ReservedLabel services.web.labels.com.docker.compose.project',
    ]);
  });
});
