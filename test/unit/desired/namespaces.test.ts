import { describe, expect, it } from 'vitest';
import { resolveWeb, webContainer, webFaults } from './example.ts';

const services = { vpn: { image: 'vpn:1', networks: { default: null } } };

describe('shared namespaces', () => {
  it('refer to services and to containers outside the stack', () => {
    const container = webContainer(
      { network_mode: 'service:vpn', ipc: 'container:other', pid: 'service:vpn' },
      { services },
    );
    expect(container.networkMode).toEqual({ kind: 'shared', with: { kind: 'service', service: 'vpn' } });
    expect(container.ipc).toEqual({ kind: 'container', name: 'other' });
    expect(container.pid).toEqual({ kind: 'service', service: 'vpn' });
    expect(container.endpoints).toEqual([]);
    expect(container.host).toEqual({});
  });

  it('leave plain modes to the engine', () => {
    const container = webContainer({ ipc: 'shareable', pid: 'host' });
    expect(container.host).toEqual({ IpcMode: 'shareable', PidMode: 'host' });
    expect(container.ipc).toBeUndefined();
  });

  it('make the service wait for those it shares with', () => {
    const { web } = resolveWeb({ network_mode: 'service:vpn' }, { services });
    expect(web.dependsOn).toEqual([
      { service: 'vpn', condition: 'service_started', required: true, restart: true },
    ]);
  });

  it('refuse what belongs to the other container, and expose nothing', () => {
    const service = { network_mode: 'service:vpn', ports: [{ target: 80 }], hostname: 'x', expose: ['80'] };
    expect(webFaults(service, { services })).toEqual([
      'ConflictingAttributes services.web.ports',
      'ConflictingAttributes services.web.hostname',
    ]);
    const container = webContainer({ network_mode: 'service:vpn', expose: ['80'] }, { services });
    expect(container.config.ExposedPorts).toBeUndefined();
  });

  it('refuse names of nothing', () => {
    expect(webFaults({ ipc: 'container:' })).toEqual(['InvalidValue services.web.ipc']);
    expect(webFaults({ pid: 'service:gone' })).toEqual(['UnknownReference services.web.pid']);
  });

  it('keep volumes_from read-only, which docker compose loses', () => {
    const container = webContainer({ volumes_from: ['vpn:ro', 'container:old', 'vpn'] }, { services });
    expect(container.volumesFrom).toEqual([
      { from: { kind: 'service', service: 'vpn' }, readOnly: true },
      { from: { kind: 'container', name: 'old' }, readOnly: false },
      { from: { kind: 'service', service: 'vpn' }, readOnly: false },
    ]);
    expect(webFaults({ volumes_from: ['vpn:maybe'] }, { services })).toEqual([
      'InvalidValue services.web.volumes_from[0]',
    ]);
  });
});
