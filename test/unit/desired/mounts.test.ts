import { describe, expect, it } from 'vitest';
import type { ComposeMount } from '../../../src/compose/model.ts';
import { resolveWeb, webContainer, webFaults } from './example.ts';

const project = { volumes: { data: { name: 'demo_data' } } };
const hostOf = (...volumes: readonly ComposeMount[]) => webContainer({ volumes }, { project }).host;

describe('binds', () => {
  it('are written in the old form when the directory may be made, on every engine alike', () => {
    const volumes: readonly ComposeMount[] = [
      {
        type: 'bind',
        source: '/srv/site/',
        target: '/site',
        read_only: true,
        bind: { create_host_path: true },
      },
      {
        type: 'bind',
        source: '/srv/a',
        target: '/a/',
        bind: { create_host_path: true, propagation: 'rslave' },
      },
    ];
    for (const apiVersion of ['1.41', '1.51']) {
      expect(webContainer({ volumes }, { apiVersion }).host).toEqual({
        Binds: ['/srv/a:/a:rslave', '/srv/site:/site:ro'],
      });
    }
  });

  it('are mounts when the source must be there', () => {
    expect(
      hostOf({ type: 'bind', source: '/srv/a', target: '/a', bind: { propagation: 'rshared' } }),
    ).toEqual({
      Mounts: [{ Type: 'bind', Source: '/srv/a', Target: '/a', BindOptions: { Propagation: 'rshared' } }],
    });
  });

  it('have their directory made when nothing is said about it', () => {
    const bind: ComposeMount = { type: 'bind', source: '/srv/a', target: '/a', read_only: true };
    expect(hostOf(bind)).toEqual({ Binds: ['/srv/a:/a:ro'] });
    const mounts = [{ Type: 'bind', Source: '/srv/a', Target: '/a', ReadOnly: true }];
    expect(hostOf({ ...bind, bind: {} })).toEqual({ Mounts: mounts });
    expect(hostOf({ ...bind, bind: { create_host_path: false } })).toEqual({ Mounts: mounts });
    expect(hostOf({ type: 'bind', source: '/a:b', target: '/c' }).Mounts?.[0]?.BindOptions).toEqual({
      CreateMountpoint: true,
    });
  });

  it('carry their SELinux label in the old form', () => {
    expect(
      hostOf({ type: 'bind', source: '/a', target: '/b', read_only: true, bind: { selinux: 'Z' } }),
    ).toEqual({
      Binds: ['/a:/b:ro,Z'],
    });
  });

  it('are mounts where the old form has no words: colons and recursion', () => {
    const bind = { create_host_path: true };
    expect(hostOf({ type: 'bind', source: '/a:b', target: '/c', bind }).Mounts).toEqual([
      { Type: 'bind', Source: '/a:b', Target: '/c', BindOptions: { CreateMountpoint: true } },
    ]);
    const recursive = { ...bind, recursive: 'readonly' };
    expect(
      hostOf({ type: 'bind', source: '/a', target: '/c', bind: recursive }).Mounts?.[0]?.BindOptions,
    ).toEqual({
      CreateMountpoint: true,
      ReadOnlyForceRecursive: true,
    });
  });

  it('refuse to make such a directory on an engine that cannot', () => {
    const volumes: readonly ComposeMount[] = [
      { type: 'bind', source: '/a:b', target: '/c', bind: { create_host_path: true } },
    ];
    const path = 'services.web.volumes[0].bind.create_host_path';
    expect(webFaults({ volumes }, { apiVersion: '1.41' })).toEqual([`UnsupportedByEngine ${path}`]);
    expect(webFaults({ volumes }, { apiVersion: '1.41', files: { '/a:b/': '' } })).toEqual([]);
  });
});

describe('volumes', () => {
  it('are mounted by their name on the engine', () => {
    expect(
      hostOf({
        type: 'volume',
        source: 'data',
        target: '/d',
        volume: { nocopy: true, subpath: 'sub' },
        read_only: true,
      }),
    ).toEqual({
      Mounts: [
        {
          Type: 'volume',
          Source: 'demo_data',
          Target: '/d',
          ReadOnly: true,
          VolumeOptions: { NoCopy: true, Subpath: 'sub' },
        },
      ],
    });
  });

  it('have no SELinux label and no propagation, and that is said', () => {
    const mount: ComposeMount = { type: 'volume', source: 'data', target: '/d' };
    const plain = hostOf(mount);
    for (const bind of [{ selinux: 'Z' }, { propagation: 'rslave' }]) {
      expect(hostOf({ ...mount, bind })).toEqual(plain);
      expect(webFaults({ volumes: [{ ...mount, bind }] }, { project })).toEqual([
        'IgnoredAttribute services.web.volumes[0]',
      ]);
    }
    expect(webFaults({ volumes: [mount] }, { project })).toEqual([]);
  });

  it('without a name are listed for the plan to name', () => {
    const container = webContainer({
      volumes: [
        { type: 'volume', target: '/z' },
        { type: 'volume', target: '/a/', volume: {} },
      ],
    });
    expect(container.anonymousVolumes).toEqual(['/a', '/z']);
    expect(container.host).toEqual({});
    expect(webFaults({ volumes: [{ type: 'volume', target: '/z', read_only: true }] })).toEqual([
      'Unsupported services.web.volumes[0]',
    ]);
  });

  it('refuse a subpath on an engine that would mount all of the volume', () => {
    const volumes: readonly ComposeMount[] = [
      { type: 'volume', source: 'data', target: '/d', volume: { subpath: 'x' } },
    ];
    expect(webFaults({ volumes }, { project, apiVersion: '1.44' })).toEqual([
      'UnsupportedByEngine services.web.volumes[0].volume.subpath',
    ]);
    expect(webFaults({ volumes }, { project, apiVersion: '1.45' })).toEqual([]);
  });
});

describe('other mounts', () => {
  it('are memory, in both forms', () => {
    const container = webContainer({
      tmpfs: ['/run', '/tmp/:size=64m,mode=1777'],
      volumes: [{ type: 'tmpfs', target: '/cache', tmpfs: { size: '1048576', mode: 0o700 } }],
    });
    expect(container.host).toEqual({
      Tmpfs: { '/run': '', '/tmp': 'size=64m,mode=1777' },
      Mounts: [{ Type: 'tmpfs', Target: '/cache', TmpfsOptions: { SizeBytes: 1_048_576, Mode: 448 } }],
    });
  });

  it('are images, which then must be there', () => {
    const volumes: readonly ComposeMount[] = [
      { type: 'image', source: 'assets:2', target: '/assets', image: { subpath: 'www' } },
    ];
    const { desired, faults } = resolveWeb({ volumes });
    expect(faults).toEqual([]);
    expect(desired.services[0]?.containers[0]?.host.Mounts).toEqual([
      { Type: 'image', Source: 'assets:2', Target: '/assets', ImageOptions: { Subpath: 'www' } },
    ]);
    expect(desired.images.map(({ ref }) => ref)).toEqual(['assets:2', 'nginx:1']);
    expect(webFaults({ volumes }, { apiVersion: '1.47' })).toContain(
      'UnsupportedByEngine services.web.volumes[0].type',
    );
  });

  it('are refused when Linux has none of the kind', () => {
    expect(webFaults({ volumes: [{ type: 'npipe', source: 'x', target: 'y' }] })).toEqual([
      'Unsupported services.web.volumes[0].type',
    ]);
  });
});
