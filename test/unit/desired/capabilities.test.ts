import { describe, expect, it } from 'vitest';
import type { ComposeService } from '../../../src/compose/model.ts';
import { dockerRelease, isAtLeast } from '../../../src/desired/api-version.ts';
import { SERVICE_CAPABILITIES } from '../../../src/desired/capabilities.ts';
import { SERVICE_DETAIL_CAPABILITIES } from '../../../src/desired/capability-details.ts';
import { resolve, resolveWeb, webFaults } from './example.ts';

describe('the table of attributes', () => {
  it('refuses what no single Linux host can do, with the reason', () => {
    const service: ComposeService = {
      provider: { type: 'x' },
      models: { llm: null },
      credential_spec: { file: 'x' },
      use_api_socket: true,
      isolation: 'hyperv',
    };
    const { problems } = resolveWeb(service);
    expect(problems.map(({ code, path }) => `${code} ${path}`)).toEqual([
      'Unsupported services.web.credential_spec',
      'Unsupported services.web.isolation',
      'Unsupported services.web.models',
      'Unsupported services.web.provider',
      'Unsupported services.web.use_api_socket',
    ]);
    expect(problems.every(({ severity, message }) => severity === 'error' && message.includes(': '))).toBe(
      true,
    );
  });

  it('lets pass what is unset, a default, or only for others', () => {
    const service: ComposeService = {
      use_api_socket: false,
      isolation: 'default',
      models: {},
      attach: false,
      develop: { watch: [] },
      cpu_count: 2,
      annotations: {},
      deploy: {
        placement: { constraints: ['node.role == manager'] },
        endpoint_mode: 'vip',
        labels: { a: 'b' },
      },
      networks: { default: { gw_priority: 0 } },
    };
    expect(webFaults(service, { apiVersion: '1.41' })).toEqual([]);
  });

  it('says which version and release would do', () => {
    const networks = { default: { gw_priority: 1 }, other: null };
    const { problems } = resolveWeb({ networks }, { apiVersion: '1.41' });
    expect(problems).toEqual([
      {
        severity: 'error',
        code: 'UnsupportedByEngine',
        path: 'services.web.networks.default.gw_priority',
        message: 'gw_priority needs Engine API 1.48, and this engine speaks 1.41',
        hint: 'upgrade the engine to Docker 28.0, or take it out: this engine would ignore it',
        at: undefined,
      },
    ]);
  });

  it('names a Docker release for every version it asks for', () => {
    const rows = [...Object.values(SERVICE_CAPABILITIES), ...Object.values(SERVICE_DETAIL_CAPABILITIES)];
    const versions = rows.flatMap(({ minApi }) => (minApi === undefined ? [] : [minApi]));
    expect(versions.length).toBeGreaterThan(5);
    expect(versions.filter((version) => dockerRelease(version) === undefined)).toEqual([]);
  });

  it('tells where each attribute goes, or why nowhere', () => {
    for (const row of [
      ...Object.values(SERVICE_CAPABILITIES),
      ...Object.values(SERVICE_DETAIL_CAPABILITIES),
    ]) {
      expect(row.fields.length > 0 || row.change === 'controller').toBe(true);
    }
  });

  it('does not look at configs and secrets that nobody uses', () => {
    const project = { secrets: { s: { name: 's', external: true, driver: 'vault' } } };
    expect(resolve({ project }).faults).toEqual([]);
  });
});

describe('API versions', () => {
  it('are compared as numbers', () => {
    expect(isAtLeast('1.9', '1.41')).toBe(false);
    expect(isAtLeast('1.41', '1.41')).toBe(true);
    expect(isAtLeast('2.0', '1.41')).toBe(true);
  });
});
