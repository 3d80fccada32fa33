import { describe, expect, it } from 'vitest';
import { errorsOf, load } from './loading-fixture.ts';

const service = (texts: readonly string[]) => load(texts).project.services['web'];
const over = (base: string, above: string) =>
  service([`services:\n  web:\n    image: a\n${indent(base)}`, `services:\n  web:\n${indent(above)}`]);
const indent = (text: string) => text.replaceAll(/^/gm, '    ');

describe('files laid over each other', () => {
  it('merge mappings, replace single values and append lists', () => {
    const web = over(
      'hostname: one\ncap_add: [A]\nlabels: {k: base, only: base}',
      'hostname: two\ncap_add: [B, A]\nlabels: [k=above]',
    );
    expect(web).toMatchObject({ hostname: 'two', cap_add: ['A', 'B'], labels: { k: 'above', only: 'base' } });
  });

  it('let null change nothing, except that it clears a command', () => {
    expect(over('hostname: one\ncommand: run', 'hostname:\ncommand:')).toMatchObject({
      hostname: 'one',
      command: null,
    });
  });

  it('let a variable, a label or a sysctl without a value replace the one below', () => {
    const loaded = load(
      [
        'services:\n  web:\n    build: {context: ., args: {A: base}, labels: {k: v}}\n    environment: {A: base, B: base, C: base}\n' +
          '    labels: [k=v, l=w]\n    annotations: {k: v}\n    sysctls: {k: v}\n    deploy: {labels: {k: v}}\n    networks: [n]\n' +
          '    volumes: ["data:/d"]\nnetworks: {n: {labels: {k: v}}}\nvolumes: {data: {labels: {k: v}}}\n',
        'services:\n  web:\n    build: {args: [A], labels: {k: }}\n    environment: [A, B]\n' +
          '    labels: [k]\n    annotations: {k: }\n    sysctls: {k: }\n    deploy: {labels: {k: }}\n' +
          'networks: {n: {labels: {k: }}}\nvolumes: {data: {labels: [k]}}\n',
      ],
      { files: { '/stack/.env': 'A=outside\n' } },
    ).project;
    const bare = { k: '' };
    expect(loaded.services['web']).toMatchObject({
      build: { args: { A: 'outside' }, labels: bare },
      environment: { A: 'outside', B: null, C: 'base' },
      labels: { k: '', l: 'w' },
      annotations: bare,
      sysctls: bare,
      deploy: { labels: bare },
    });
    expect(loaded.networks['n']?.labels).toEqual(bare);
    expect(loaded.volumes['data']?.labels).toEqual(bare);
  });

  it('let a label of a config or secret without a value change nothing', () => {
    const { project } = load([
      'services: {web: {image: a, configs: [c]}}\nconfigs: {c: {content: x, labels: {k: v}}}\n',
      'configs: {c: {labels: {k: }}}\n',
    ]);
    expect(project.configs['c']?.labels).toEqual({ k: 'v' });
  });

  it('replace commands and tests', () => {
    const web = over(
      'command: [a]\nentrypoint: [b]\nhealthcheck: {test: [CMD, x], interval: 5s}',
      'command: [c]\nentrypoint: d e\nhealthcheck: {test: y}',
    );
    expect(web).toMatchObject({
      command: ['c'],
      entrypoint: ['d', 'e'],
      healthcheck: { test: ['CMD-SHELL', 'y'], interval: '5s' },
    });
  });

  it('bring lists and mappings of variables together by key', () => {
    expect(over('environment: [A=1, B=2]', 'environment: {B: 3, C: null}')?.environment).toEqual({
      A: '1',
      B: '3',
      C: null,
    });
  });

  it("keep one mount for a target and one port for a binding, in the first one's place", () => {
    const web = over(
      'volumes: ["/a:/x", "/b:/y"]\nports: ["80:80", "127.0.0.1:80:80"]',
      'volumes: ["/c:/x/"]\nports: [{target: 80, published: "80", protocol: tcp}]',
    );
    expect(web?.volumes?.map((mount) => mount.source)).toEqual(['/c', '/b']);
    expect(web?.ports?.map((port) => port.host_ip)).toEqual([undefined, '127.0.0.1']);
  });

  it('start afresh with another logging driver', () => {
    expect(over('logging: {driver: x, options: {a: "1"}}', 'logging: {driver: y}')?.logging).toEqual({
      driver: 'y',
    });
    expect(over('logging: {driver: x, options: {a: "1"}}', 'logging: {options: {b: "2"}}')?.logging).toEqual({
      driver: 'x',
      options: { a: '1', b: '2' },
    });
  });

  it('unify the forms of depends_on, networks and build', () => {
    const web = load([
      'services:\n  web: {build: ./dir, depends_on: [db], networks: [n]}\n  db: {image: b}\nnetworks: {n: , m: }\n',
      'services:\n  web: {build: {target: t}, depends_on: {db: {condition: service_started, restart: true}}, networks: {m: {aliases: [w]}}}\n',
    ]).project.services['web'];
    expect(web?.build).toEqual({ context: '/stack/dir', dockerfile: 'Dockerfile', target: 't' });
    expect(web?.depends_on).toEqual({ db: { condition: 'service_started', required: true, restart: true } });
    expect(web?.networks).toEqual({ n: null, m: { aliases: ['w'] } });
  });

  it('follow !reset and !override', () => {
    const web = over(
      'hostname: one\ncap_add: [A]\nenvironment: {A: "1", B: "2"}\nports: ["80:80"]',
      'hostname: !reset null\ncap_add: !override [B]\nenvironment: {A: !reset null}\nports: !reset []',
    );
    expect(web).not.toHaveProperty('hostname');
    expect(web).not.toHaveProperty('ports');
    expect(web).toMatchObject({ cap_add: ['B'], environment: { B: '2' } });
  });

  it('work the same for the documents of one file', () => {
    expect(service(['services: {web: {image: a}}\n---\nservices: {web: {image: b}}\n'])?.image).toBe('b');
    const bare =
      'services: {web: {image: a, environment: {A: "1"}}}\n---\nservices: {web: {environment: [A]}}\n';
    expect(service([bare])?.environment).toEqual({ A: null });
  });

  it('refuse what cannot be merged, and say where', () => {
    const loaded = load([
      'services:\n  web:\n    image: a\n    cap_add: [A]\n',
      'services:\n  web:\n    cap_add: {a: b}\n',
    ]);
    expect(errorsOf(loaded)).toContain('CannotOverride services.web.cap_add');
    expect(loaded.problems[0]?.at).toEqual({ file: '/stack/override1.yaml', line: 3, column: 14 });
  });
});
