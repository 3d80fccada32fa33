import { describe, expect, it } from 'vitest';
import type { ComposePort } from '../../../src/compose/model.ts';
import { resolve } from './example.ts';

const ports = (one: ComposePort, other: ComposePort) =>
  resolve({ services: { a: { image: 'x', ports: [one] }, b: { image: 'x', ports: [other] } } }).faults;

describe('two services', () => {
  it('cannot both have a name, made up or given', () => {
    const services = { a: { image: 'x' }, b: { image: 'x', container_name: 'demo-a-1' } };
    expect(resolve({ services }).faults).toEqual(['DuplicateName services.b.container_name']);
  });

  it('cannot publish one port on all addresses and on one of them', () => {
    const clash = ['PortClash services.b.ports'];
    const port = { target: 80, published: '80' };
    expect(ports(port, { ...port, host_ip: '127.0.0.1' })).toEqual(clash);
    expect(ports({ ...port, host_ip: '0.0.0.0' }, { ...port, host_ip: '127.0.0.1' })).toEqual(clash);
    expect(ports({ ...port, host_ip: '::' }, { ...port, host_ip: '::1' })).toEqual(clash);
  });

  it('may publish a port on different addresses, protocols, or from ranges', () => {
    const port = { target: 80, published: '80' };
    expect(ports({ ...port, host_ip: '10.0.0.1' }, { ...port, host_ip: '10.0.0.2' })).toEqual([]);
    expect(ports({ ...port, host_ip: '0.0.0.0' }, { ...port, host_ip: '::1' })).toEqual([]);
    expect(ports({ ...port, host_ip: '0.0.0.0' }, { ...port, host_ip: '::' })).toEqual([]);
    expect(ports({ ...port, protocol: 'udp' }, port)).toEqual([]);
    expect(ports({ target: 80, published: '80-90' }, { target: 80, published: '80-90' })).toEqual([]);
    expect(ports({ target: 80 }, { target: 80 })).toEqual([]);
  });
});
