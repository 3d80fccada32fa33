// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Compose has templates of its own
import { describe, expect, it } from 'vitest';
import { load } from '../compose/loading-fixture.ts';
import { webContainer, webFaults } from './example.ts';

describe('devices', () => {
  it('are sorted by where they appear', () => {
    const { host } = webContainer({
      devices: [
        { source: '/dev/sdb', target: '/dev/xvdb', permissions: 'r' },
        { source: '/dev/sda', target: '/dev/xvda' },
      ],
      device_cgroup_rules: ['c 2:* rmw', 'a 7:* rmw'],
    });
    expect(host).toEqual({
      Devices: [
        { PathOnHost: '/dev/sda', PathInContainer: '/dev/xvda', CgroupPermissions: 'rwm' },
        { PathOnHost: '/dev/sdb', PathInContainer: '/dev/xvdb', CgroupPermissions: 'r' },
      ],
      DeviceCgroupRules: ['a 7:* rmw', 'c 2:* rmw'],
    });
  });

  it('of the Container Device Interface are requests, from API 1.44', () => {
    const devices = [{ source: 'vendor.com/gpu=0', target: 'vendor.com/gpu=0', permissions: 'rwm' }];
    expect(webContainer({ devices }).host).toEqual({
      DeviceRequests: [{ Driver: 'cdi', DeviceIDs: ['vendor.com/gpu=0'] }],
    });
    expect(webFaults({ devices }, { apiVersion: '1.43' })).toEqual([
      'UnsupportedByEngine services.web.devices[0].source',
    ]);
    expect(webFaults({ devices: [{ source: '/dev/a', target: '/dev/a' }] }, { apiVersion: '1.41' })).toEqual(
      [],
    );
  });

  it('that are GPUs have that capability by themselves; reserved ones say it', () => {
    const { host } = webContainer({
      gpus: [{ driver: 'nvidia', count: -1 }],
      deploy: {
        resources: { reservations: { devices: [{ capabilities: ['tpu'], device_ids: ['b', 'a'] }] } },
      },
    });
    expect(host.DeviceRequests).toEqual([
      { Capabilities: [['gpu']], Count: -1, Driver: 'nvidia' },
      { Capabilities: [['tpu']], DeviceIDs: ['a', 'b'] },
    ]);
  });

  it.each([
    ['gpus: [{}]', -1],
    ['gpus: [{count: 2}]', 2],
    ['gpus: [{count: 0}]', undefined],
    ['gpus: [{device_ids: []}]', undefined],
    ['deploy: {resources: {reservations: {devices: [{capabilities: [gpu]}]}}}', -1],
    [
      'deploy: {resources: {reservations: {devices: [{capabilities: [gpu], count: "${GPUS:-0}"}]}}}',
      undefined,
    ],
  ])('are as many GPUs as docker compose asks for: %s', (text, count) => {
    const { web } = load(`services:\n  web:\n    image: x\n    ${text}\n`).project.services;
    expect(webContainer(web ?? {}).host.DeviceRequests).toEqual([
      { Capabilities: [['gpu']], ...(count === undefined ? {} : { Count: count }) },
    ]);
  });

  it('are throttled by the byte', () => {
    const { host } = webContainer({
      blkio_config: {
        weight_device: [{ path: '/dev/sda', weight: 400 }],
        device_read_bps: [{ path: '/dev/sdb', rate: '12mb' }],
        device_write_iops: [{ path: '/dev/sdb', rate: 30 }],
      },
    });
    expect(host).toEqual({
      BlkioWeightDevice: [{ Path: '/dev/sda', Weight: 400 }],
      BlkioDeviceReadBps: [{ Path: '/dev/sdb', Rate: 12_582_912 }],
      BlkioDeviceWriteIOps: [{ Path: '/dev/sdb', Rate: 30 }],
    });
  });
});
