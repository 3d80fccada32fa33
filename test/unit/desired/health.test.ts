import { describe, expect, it } from 'vitest';
import { webContainer, webFaults } from './example.ts';

const check = (healthcheck: object, apiVersion = '1.51') =>
  webContainer({ healthcheck }, { apiVersion }).config.Healthcheck;

describe('a healthcheck', () => {
  it('has its durations in nanoseconds', () => {
    const given = {
      test: ['CMD', 'true'],
      interval: '1m30s',
      timeout: '500ms',
      start_period: '10s',
      start_interval: '1s',
      retries: 4,
    };
    expect(check(given)).toEqual({
      Test: ['CMD', 'true'],
      Interval: 90_000_000_000,
      Timeout: 500_000_000,
      StartPeriod: 10_000_000_000,
      StartInterval: 1_000_000_000,
      Retries: 4,
    });
  });

  it('leaves to the image what it does not say', () => {
    expect(check({ interval: '5s' })).toEqual({ Interval: 5_000_000_000 });
    expect(check({ timeout: '0s', retries: 0 })).toBeUndefined();
  });

  it('is switched off in both spellings', () => {
    expect(check({ disable: true, interval: '5s' })).toEqual({ Test: ['NONE'] });
    expect(check({ test: ['NONE'] })).toEqual({ Test: ['NONE'] });
  });

  it('refuses durations that the engine refuses', () => {
    expect(webFaults({ healthcheck: { interval: '10us' } })).toEqual([
      'InvalidDuration services.web.healthcheck.interval',
    ]);
  });

  it('refuses start_interval on an engine that would drop it', () => {
    const faults = (apiVersion: string) =>
      webFaults({ healthcheck: { start_interval: '1s' } }, { apiVersion });
    expect(faults('1.43')).toEqual(['UnsupportedByEngine services.web.healthcheck.start_interval']);
    expect(faults('1.44')).toEqual([]);
  });
});
