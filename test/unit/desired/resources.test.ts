import { describe, expect, it } from 'vitest';
import type { ComposeService } from '../../../src/compose/model.ts';
import { webContainer, webFaults } from './example.ts';

const limits = (service: ComposeService) => webContainer(service).resources;
const restart = (service: ComposeService) => webContainer(service).restartPolicy;

describe('resources', () => {
  it('come from the older attributes', () => {
    expect(
      limits({
        mem_limit: '536870912',
        mem_reservation: '268435456',
        memswap_limit: '-1',
        cpus: 1.5,
        cpu_shares: 512,
        cpuset: '0,1',
        pids_limit: 100,
        blkio_config: { weight: 300 },
      }),
    ).toEqual({
      Memory: 536_870_912,
      MemoryReservation: 268_435_456,
      MemorySwap: -1,
      NanoCpus: 1_500_000_000,
      CpuShares: 512,
      CpusetCpus: '0,1',
      PidsLimit: 100,
      BlkioWeight: 300,
    });
  });

  it('come from deploy, which wins', () => {
    const deploy = {
      resources: {
        limits: { cpus: '0.1', memory: '64000000', pids: 7 },
        reservations: { cpus: 0.05, memory: '32000000' },
      },
    };
    expect(limits({ deploy, mem_limit: '1' })).toEqual({
      NanoCpus: 100_000_000,
      Memory: 64_000_000,
      MemoryReservation: 32_000_000,
      PidsLimit: 7,
    });
  });

  it('take no limit and zero for unset, as the engine does', () => {
    expect(limits({ mem_limit: '0', pids_limit: -1, cpus: 0, cpu_shares: 0 })).toEqual({});
  });

  it('read the scheduler in microseconds or as durations', () => {
    expect(limits({ cpu_period: '100000', cpu_quota: 50_000, cpu_rt_runtime: '400ms' })).toEqual({
      CpuPeriod: 100_000,
      CpuQuota: 50_000,
      CpuRealtimeRuntime: 400_000,
    });
  });

  it('refuse cpus together with a quota, as the engine does', () => {
    expect(webFaults({ cpus: 1, cpu_quota: 50_000 })).toEqual(['ConflictingAttributes services.web.cpus']);
  });

  it('change nothing in the hash', () => {
    const hash = webContainer({}).specHash;
    expect(webContainer({ mem_limit: '64000000', cpus: 0.5, pids_limit: 9 }).specHash).toBe(hash);
  });
});

describe('the restart policy', () => {
  it('is `no` and not given when the manifest is silent', () => {
    expect(restart({})).toEqual({ Name: 'no', MaximumRetryCount: 0 });
  });

  it('knows a number of attempts', () => {
    expect(restart({ restart: 'on-failure:3' })).toEqual({ Name: 'on-failure', MaximumRetryCount: 3 });
    expect(restart({ restart: 'unless-stopped' })).toEqual({ Name: 'unless-stopped', MaximumRetryCount: 0 });
  });

  it('comes from deploy when both are there', () => {
    const deploy = { restart_policy: { condition: 'on-failure', max_attempts: 2, delay: '5s' } };
    expect(restart({ restart: 'always', deploy })).toEqual({ Name: 'on-failure', MaximumRetryCount: 2 });
    expect(restart({ deploy: { restart_policy: { condition: 'none' } } }).Name).toBe('no');
    expect(restart({ deploy: { restart_policy: {} } }).Name).toBe('always');
  });

  it('drops attempts that the engine would refuse, and says so', () => {
    const service = { deploy: { restart_policy: { condition: 'any', max_attempts: 3 } } };
    expect(restart(service)).toEqual({ Name: 'always', MaximumRetryCount: 0 });
    expect(webFaults(service)).toEqual(['IgnoredAttribute services.web.deploy.restart_policy']);
  });

  it('refuses words it does not know', () => {
    expect(webFaults({ restart: 'sometimes' })).toEqual(['InvalidValue services.web.restart']);
    expect(webFaults({ restart: 'on-failure:x' })).toEqual(['InvalidValue services.web.restart']);
  });

  it('changes nothing in the hash', () => {
    expect(webContainer({ restart: 'always' }).specHash).toBe(webContainer({}).specHash);
  });
});
