import { describe, expect, it } from 'vitest';
import { resolveWeb, webContainer } from './example.ts';

describe('settings of the host', () => {
  it('are taken over one by one', () => {
    const { host } = webContainer({
      annotations: { note: 'x' },
      cgroup: 'private',
      cgroup_parent: '/stacks',
      dns: ['9.9.9.9', '1.1.1.1'],
      dns_opt: ['use-vc'],
      dns_search: ['example.org'],
      group_add: ['mail', '0'],
      init: false,
      logging: { driver: 'local', options: { 'max-size': '10m' } },
      mem_swappiness: '60',
      oom_kill_disable: true,
      oom_score_adj: -500,
      runtime: 'crun',
      shm_size: '134217728',
      storage_opt: { size: '20G' },
      sysctls: { 'net.core.somaxconn': '1024' },
      userns_mode: 'host',
      uts: 'host',
    });
    expect(host).toEqual({
      Annotations: { note: 'x' },
      CgroupnsMode: 'private',
      CgroupParent: '/stacks',
      Dns: ['9.9.9.9', '1.1.1.1'],
      DnsOptions: ['use-vc'],
      DnsSearch: ['example.org'],
      GroupAdd: ['0', 'mail'],
      Init: false,
      LogConfig: { Type: 'local', Config: { 'max-size': '10m' } },
      MemorySwappiness: 60,
      OomKillDisable: true,
      OomScoreAdj: -500,
      Runtime: 'crun',
      ShmSize: 134_217_728,
      StorageOpt: { size: '20G' },
      Sysctls: { 'net.core.somaxconn': '1024' },
      UsernsMode: 'host',
      UTSMode: 'host',
    });
  });

  it('sort hosts but keep the order of the addresses of one host', () => {
    const { host } = webContainer({ extra_hosts: ['zulu=2001:db8::1', 'alpha=10.0.0.2', 'alpha=10.0.0.1'] });
    expect(host.ExtraHosts).toEqual(['alpha:10.0.0.2', 'alpha:10.0.0.1', 'zulu:2001:db8::1']);
  });

  it('sort limits by name, one number being both', () => {
    const { host } = webContainer({ ulimits: { nproc: 10, core: { soft: 1, hard: 2 } } });
    expect(host.Ulimits).toEqual([
      { Name: 'core', Soft: 1, Hard: 2 },
      { Name: 'nproc', Soft: 10, Hard: 10 },
    ]);
  });

  it('leave the log driver to the engine when only options are given', () => {
    expect(webContainer({ logging: { options: { 'max-size': '1m' } } }).host.LogConfig).toEqual({
      Type: '',
      Config: { 'max-size': '1m' },
    });
    expect(webContainer({ logging: {} }).host).toEqual({});
  });

  it('leave annotations out, and say so, where an engine would drop them in silence', () => {
    const annotations = { note: 'x' };
    const old = resolveWeb({ annotations }, { apiVersion: '1.42' });
    expect(old.problems).toMatchObject([
      { severity: 'warning', code: 'IgnoredByEngine', path: 'services.web.annotations' },
    ]);
    expect(old.web.containers[0]?.host).toEqual({});
    const young = resolveWeb({ annotations }, { apiVersion: '1.43' });
    expect(young.problems).toEqual([]);
    expect(young.web.containers[0]?.host).toEqual({ Annotations: annotations });
  });
});
