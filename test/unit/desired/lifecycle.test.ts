import { describe, expect, it } from 'vitest';
import type { ComposeService } from '../../../src/compose/model.ts';
import { resolve, resolveWeb } from './example.ts';

const web = (service: ComposeService) => resolveWeb(service).web;

describe('the life of a service', () => {
  it('has as many containers as it asks for, none included', () => {
    const names = (service: ComposeService) =>
      web(service).containers.map(({ name, ordinal }) => [name, ordinal]);
    expect(names({})).toEqual([['demo-web-1', 1]]);
    expect(names({ deploy: { replicas: 2 } })).toEqual([
      ['demo-web-1', 1],
      ['demo-web-2', 2],
    ]);
    expect(names({ scale: 0 })).toEqual([]);
    expect(names({ deploy: { mode: 'global', replicas: 3 } })).toHaveLength(1);
    expect(names({ container_name: 'site' })).toEqual([['site', 1]]);
  });

  it('has one hash for all its containers, whatever their names', () => {
    const { containers } = web({ scale: 2 });
    expect(containers[0]?.specHash).toBe(containers[1]?.specHash);
    expect(web({ container_name: 'site' }).containers[0]?.specHash).toBe(containers[0]?.specHash);
  });

  it('gives a container ten seconds to stop, or what the manifest says', () => {
    expect(web({}).stopGraceMs).toBe(10_000);
    expect(web({ stop_grace_period: '1m30s' }).stopGraceMs).toBe(90_000);
    expect(resolveWeb({ stop_grace_period: 'long' }).faults).toEqual([
      'InvalidDuration services.web.stop_grace_period',
    ]);
  });

  it('replaces one container after the other and goes back when that fails', () => {
    expect(web({}).update).toEqual({
      order: 'stop-first',
      parallelism: 1,
      delayMs: 0,
      failureAction: 'rollback',
      monitorMs: 5_000,
      maxFailureRatio: 0,
    });
    const update_config = {
      order: 'start-first',
      parallelism: 0,
      delay: '2s',
      failure_action: 'pause',
      monitor: '1m',
      max_failure_ratio: 0.3,
    };
    expect(web({ deploy: { replicas: 4, update_config } }).update).toEqual({
      order: 'start-first',
      parallelism: 4,
      delayMs: 2_000,
      failureAction: 'pause',
      monitorMs: 60_000,
      maxFailureRatio: 0.3,
    });
  });

  it('knows whether the engine or we restart', () => {
    expect(web({}).restartPolicyGiven).toBe(false);
    expect(web({ restart: 'no' }).restartPolicyGiven).toBe(true);
    expect(web({ deploy: { restart_policy: { condition: 'any' } } }).restartPolicyGiven).toBe(true);
  });

  it('heals the unhealthy unless the service opts out', () => {
    const opted = (extension: unknown) => resolveWeb({ 'x-stackctl': extension } as ComposeService);
    expect(web({}).healUnhealthy).toBe(true);
    expect(opted({ healUnhealthy: false }).web.healUnhealthy).toBe(false);
    expect(opted({ healUnhealthy: 'no' }).faults).toEqual([
      'InvalidExtension services.web.x-stackctl.healUnhealthy',
    ]);
    expect(opted({ heal: true }).faults).toEqual(['InvalidExtension services.web.x-stackctl']);
  });
});

describe('a job', () => {
  const awaited = (migrate: ComposeService) => {
    const services = {
      migrate: { image: 'm:1', ...migrate },
      web: {
        image: 'w:1',
        depends_on: { migrate: { condition: 'service_completed_successfully', required: true } },
      },
    } as const;
    const resolved = resolve({ services });
    return { ...resolved, job: resolved.desired.services.find(({ name }) => name === 'migrate')?.isJob };
  };

  it('is what others await as completed and nothing restarts', () => {
    expect(awaited({}).job).toBe(true);
    expect(awaited({ restart: 'no' }).job).toBe(true);
    expect(awaited({ restart: 'on-failure:3' }).job).toBe(true);
    expect(awaited({ deploy: { restart_policy: { condition: 'none' } } }).job).toBe(true);
  });

  it('is what is declared as one', () => {
    expect(web({ deploy: { mode: 'replicated-job' } }).isJob).toBe(true);
    expect(web({}).isJob).toBe(false);
  });

  it('cannot be what always runs again', () => {
    const { job, faults } = awaited({ restart: 'always' });
    expect(job).toBe(false);
    expect(faults).toEqual(['ConditionNeverTrue services.web.depends_on.migrate']);
  });
});

describe('dependencies', () => {
  const started = { condition: 'service_started', required: true } as const;

  it('stand before what depends on them, and otherwise by name', () => {
    const services = {
      a: { image: 'x', depends_on: { z: started } },
      b: { image: 'x' },
      m: { image: 'x', depends_on: { a: started, b: started } },
      z: { image: 'x' },
    };
    expect(resolve({ services }).desired.services.map(({ name }) => name)).toEqual(['z', 'a', 'b', 'm']);
  });

  it('are those that are written and those that follow from links', () => {
    const services = {
      db: { image: 'x' },
      cache: { image: 'x' },
      web: {
        image: 'x',
        links: ['cache:c', 'db'],
        depends_on: { db: { condition: 'service_healthy', required: false } as const, gone: started },
      },
    };
    expect(resolve({ services }).desired.services.at(-1)?.dependsOn).toEqual([
      { service: 'cache', condition: 'service_started', required: true, restart: true },
      { service: 'db', condition: 'service_healthy', required: false, restart: false },
    ]);
  });

  it('cannot wait for the health of what has none', () => {
    const services = {
      db: { image: 'x', healthcheck: { disable: true } },
      web: { image: 'x', depends_on: { db: { condition: 'service_healthy', required: true } as const } },
    };
    expect(resolve({ services }).faults).toEqual(['ConditionNeverTrue services.web.depends_on.db']);
  });
});
