import { describe, expect, it } from 'vitest';
import type { ComposeBuild, ComposeService } from '../../../src/compose/model.ts';
import { resolve, resolveWeb } from './example.ts';

const files = { '/srv/demo/app/': 'sources', '/srv/shared/Dockerfile': 'FROM scratch' };
const image = (service: ComposeService) => resolveWeb(service, { files }).desired.images[0];
const build = (more: Partial<ComposeBuild>) => {
  const { desired, faults } = resolve({
    files,
    services: { app: { build: { context: '/srv/demo/app', ...more } } },
  });
  return { image: desired.images[0], service: desired.services[0], build: desired.images[0]?.build, faults };
};

describe('images', () => {
  it('are had by the policy of the manifest', () => {
    const policy = (pull_policy: string) => image({ pull_policy })?.pullPolicy;
    expect(image({})?.pullPolicy).toEqual({ kind: 'missing' });
    expect(policy('if_not_present')).toEqual({ kind: 'missing' });
    expect(policy('always')).toEqual({ kind: 'always' });
    expect(policy('never')).toEqual({ kind: 'never' });
    expect(policy('daily')).toEqual({ kind: 'every', periodMs: 86_400_000 });
    expect(policy('weekly')).toEqual({ kind: 'every', periodMs: 604_800_000 });
    expect(policy('every_2h30m')).toEqual({ kind: 'every', periodMs: 9_000_000 });
    expect(resolveWeb({ pull_policy: 'every_' }).faults).toEqual(['InvalidValue services.web.pull_policy']);
  });

  it('stand once, with the most eager policy of all who use them', () => {
    const services = {
      a: { image: 'x:1', pull_policy: 'never' },
      b: { image: 'x:1', pull_policy: 'always' },
      c: { image: 'x:1', pull_policy: 'weekly' },
      d: { image: 'x:1', platform: 'linux/arm64' },
    };
    expect(resolve({ services }).desired.images).toEqual([
      { ref: 'x:1', platform: undefined, pullPolicy: { kind: 'always' }, build: undefined },
      { ref: 'x:1', platform: 'linux/arm64', pullPolicy: { kind: 'missing' }, build: undefined },
    ]);
  });
});

describe('builds', () => {
  it('name their image as docker compose does', () => {
    const { image, service, faults } = build({});
    expect(faults).toEqual([]);
    expect(image?.ref).toBe('demo-app');
    expect(image?.pullPolicy).toEqual({ kind: 'build' });
    expect(service?.containers[0]?.config.Image).toBe('demo-app');
  });

  it('carry what the engine’s API takes', () => {
    expect(
      build({
        dockerfile: 'docker/Dockerfile',
        args: { B: '2', A: '1', UNSET: null },
        target: 'run',
        labels: { a: 'b' },
        network: 'host',
        extra_hosts: ['db=10.0.0.1'],
        cache_from: ['x:1'],
        shm_size: '67108864',
        no_cache: true,
        pull: true,
        tags: ['t:2', 't:1'],
      }).build,
    ).toEqual({
      context: '/srv/demo/app',
      dockerfile: 'docker/Dockerfile',
      dockerfileInline: undefined,
      args: { A: '1', B: '2' },
      target: 'run',
      labels: { a: 'b' },
      network: 'host',
      extraHosts: ['db:10.0.0.1'],
      cacheFrom: ['x:1'],
      shmSizeBytes: 67_108_864,
      noCache: true,
      pull: true,
      tags: ['t:1', 't:2'],
      digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
    });
  });

  it('have another digest when any input changes, the files of the context included', () => {
    const digest = (more: Partial<ComposeBuild>, context = 'sources') =>
      resolve({
        files: { '/srv/demo/app/': context },
        services: { app: { build: { context: '/srv/demo/app', ...more } } },
      }).desired.images[0]?.build?.digest;
    const all = [
      digest({}),
      digest({}, 'other sources'),
      digest({ args: { A: '1' } }),
      digest({ target: 'x' }),
      digest({ dockerfile: 'Other' }),
      digest({ dockerfile_inline: 'FROM scratch' }),
    ];
    expect(new Set(all).size).toBe(all.length);
    expect(digest({ args: { A: '1', B: '2' } })).toBe(digest({ args: { B: '2', A: '1' } }));
  });

  it('send a Dockerfile along that is outside of the context', () => {
    expect(build({ dockerfile: '../../shared/Dockerfile' }).build).toMatchObject({
      dockerfile: 'Dockerfile',
      dockerfileInline: 'FROM scratch',
    });
    expect(build({ dockerfile: '/gone/Dockerfile' }).faults).toEqual([
      'FileUnreadable services.app.build.dockerfile',
    ]);
  });

  it('refuse what they cannot do', () => {
    const context = 'https://example.org/app.git';
    expect(build({ context }).faults).toEqual(['Unsupported services.app.build.context']);
    expect(build({ context: '/gone' }).faults).toEqual(['FileUnreadable services.app.build.context']);
    expect(build({ ssh: ['default'], additional_contexts: { x: '/y' }, cache_to: ['z'] }).faults).toEqual([
      'Unsupported services.app.build.additional_contexts',
      'IgnoredAttribute services.app.build.cache_to',
      'Unsupported services.app.build.ssh',
    ]);
    expect(build({ platforms: ['linux/amd64', 'linux/arm64'] }).faults).toEqual([
      'Unsupported services.app.build.platforms',
    ]);
    expect(build({ platforms: ['linux/arm64'] }).image?.platform).toBe('linux/arm64');
  });
});
