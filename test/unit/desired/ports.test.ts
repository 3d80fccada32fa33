import { describe, expect, it } from 'vitest';
import { webContainer, webFaults } from './example.ts';

describe('ports', () => {
  it('are bound and exposed', () => {
    const { config, host } = webContainer({
      ports: [
        { target: 80, published: '8080', host_ip: '127.0.0.1', protocol: 'tcp', mode: 'ingress' },
        { target: 53, published: '53', protocol: 'udp' },
      ],
    });
    expect(host.PortBindings).toEqual({
      '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '8080' }],
      '53/udp': [{ HostIp: '', HostPort: '53' }],
    });
    expect(config.ExposedPorts).toEqual({ '80/tcp': {}, '53/udp': {} });
  });

  it('of one container port are sorted and told once', () => {
    const { host } = webContainer({
      ports: [
        { target: 80, published: '81' },
        { target: 80, published: '80' },
        { target: 80, published: '81', protocol: 'tcp' },
      ],
    });
    expect(host.PortBindings).toEqual({
      '80/tcp': [
        { HostIp: '', HostPort: '80' },
        { HostIp: '', HostPort: '81' },
      ],
    });
  });

  it('keep a range of the host, and any free port is the empty one', () => {
    const { host } = webContainer({ ports: [{ target: 80, published: '8000-8002' }, { target: 81 }] });
    expect(host.PortBindings).toEqual({
      '80/tcp': [{ HostIp: '', HostPort: '8000-8002' }],
      '81/tcp': [{ HostIp: '', HostPort: '' }],
    });
  });

  it('that are only exposed have a protocol, and a range is its ports', () => {
    const { config } = webContainer({ expose: ['80', '53/udp', '9000-9002'] });
    expect(Object.keys(config.ExposedPorts ?? {})).toEqual([
      '80/tcp',
      '53/udp',
      '9000/tcp',
      '9001/tcp',
      '9002/tcp',
    ]);
    expect(webFaults({ expose: ['http'] })).toEqual(['InvalidPort services.web.expose[0]']);
  });
});
