// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Compose has templates of its own
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lintManifests } from '../../../src/bin/local-lint.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'stackctl-lint-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** `FILE:LINE:COLUMN RULE FIELD` each, of the rules that are asked; the first file is the manifest. */
function lint(files: Readonly<Record<string, string>>, ...only: readonly string[]): readonly string[] {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
  const given = Object.entries(files).filter(([path]) => /^(compose(\.override)?|stack)\.yaml$/.test(path));
  const linted = lintManifests({
    manifests: {
      baseDirectory: directory,
      files: given.map(([relativePath, text]) => ({ relativePath, text })),
    },
    reading: 'tree',
    selection: { only },
  });
  expect(linted.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  return linted.findings.map(
    ({ rule, at, path }) => `${relative(directory, at.file)}:${at.line}:${at.column} ${rule} ${path}`,
  );
}

describe('a finding stands where its field was written', () => {
  it('by an anchor and a merge key, at the anchor', () => {
    const text = [
      'x-base: &base',
      '  image: nginx',
      'services:',
      '  one: { <<: *base }',
      '  two:',
      '    <<: *base',
    ].join('\n');
    expect(lint({ 'compose.yaml': text }, 'image-latest', 'no-memory-limit')).toEqual([
      'compose.yaml:2:10 image-latest services.one.image',
      'compose.yaml:2:10 image-latest services.two.image',
      'compose.yaml:4:3 no-memory-limit services.one.mem_limit',
      'compose.yaml:5:3 no-memory-limit services.two.mem_limit',
    ]);
  });

  it('by extends and include, in the other file', () => {
    const files = {
      'compose.yaml':
        'include: [more/more.yaml]\nservices:\n  web:\n    extends: { file: base.yaml, service: base }\n',
      'base.yaml': 'services:\n  base:\n    image: nginx\n    user: root\n',
      'more/more.yaml': 'services:\n  more:\n    image: redis\n    ports: ["6379:6379"]\n',
    };
    expect(lint(files, 'image-latest', 'root-user', 'database-port-published', 'no-healthcheck')).toEqual([
      'base.yaml:3:12 image-latest services.web.image',
      'base.yaml:4:11 root-user services.web.user',
      'compose.yaml:3:3 no-healthcheck services.web.healthcheck',
      'more/more.yaml:2:3 no-healthcheck services.more.healthcheck',
      'more/more.yaml:3:12 image-latest services.more.image',
      'more/more.yaml:4:13 database-port-published services.more.ports[0]',
    ]);
  });

  it('by an override, in the file that wins', () => {
    const files = {
      'compose.yaml': 'services:\n  web: { image: "nginx:1.27.2" }\n',
      'compose.override.yaml': 'services:\n  web: { image: nginx }\n',
    };
    expect(lint(files, 'image-latest')).toEqual([
      'compose.override.yaml:2:17 image-latest services.web.image',
    ]);
  });

  it('also where a variable fills it in', () => {
    const files = { 'compose.yaml': 'services:\n  web: { image: "nginx:${TAG:-latest}" }\n' };
    expect(lint(files, 'image-latest')).toEqual(['compose.yaml:2:17 image-latest services.web.image']);
  });

  it('below spec of a Stack, and at the document where nothing else is meant', () => {
    const stack = [
      'apiVersion: stackctl.io/v1alpha1',
      'kind: Stack',
      'metadata: { name: shop }',
      'spec:',
      '  services:',
      '    web.front:',
      '      image: nginx',
      '      environment: [API_TOKEN=abc123]',
    ].join('\n');
    expect(
      lint(
        { 'stack.yaml': stack, '.env': 'A=1' },
        'image-latest',
        'secret-in-environment',
        'no-restart-policy',
        'env-file-not-ignored',
      ),
    ).toEqual([
      'stack.yaml:1:1 env-file-not-ignored ',
      'stack.yaml:6:5 no-restart-policy services.web.front.restart',
      'stack.yaml:7:14 image-latest services.web.front.image',
      'stack.yaml:8:21 secret-in-environment services.web.front.environment.API_TOKEN',
    ]);
  });
});

describe('what is meant is no finding', () => {
  it.each([
    ['a job needs neither a restart policy nor a healthcheck', 'jobs: { image: x }', 'no-restart-policy'],
    ['a job is not checked', 'jobs: { image: x }', 'no-healthcheck'],
  ])('%s', (_, service, rule) => {
    const text = `services:\n  ${service}\n  web:\n    image: x\n    restart: always\n    healthcheck: { test: [CMD, x] }\n    depends_on: { jobs: { condition: service_completed_successfully } }\n`;
    expect(lint({ 'compose.yaml': text }, rule)).toEqual([]);
  });

  it.each([
    [
      'a condition that is written',
      'depends_on: { db: { condition: service_started } }',
      'depends-on-without-condition',
    ],
    ['an address that is written', 'ports: ["0.0.0.0:80:80"]', 'port-on-all-addresses'],
    ['a directory below a home', 'volumes: ["/home/ada/data:/data"]', 'sensitive-host-path'],
    ['the clock of the host', 'volumes: ["/etc/localtime:/etc/localtime:ro"]', 'sensitive-host-path'],
    ['a secret by its file', 'environment: { DB_PASSWORD_FILE: /run/secrets/db }', 'secret-in-environment'],
    ['a port with quotes', 'ports: ["22:22"]', 'port-not-quoted'],
    ['a limit of deploy', 'deploy: { resources: { limits: { memory: 1g } } }', 'no-memory-limit'],
    ['the driver local', 'logging: { driver: local }', 'no-log-rotation'],
    ['a pinned image', `image: "nginx@sha256:${'0'.repeat(64)}"`, 'image-digest'],
    ['an image of this host', 'image: "stackctl.local/web:1"', 'image-digest'],
  ])('%s', (_, field, rule) => {
    const image = field.startsWith('image') ? '' : '    image: x\n';
    const db =
      rule === 'depends-on-without-condition' ? '  db: { image: y, healthcheck: { test: [CMD, y] } }\n' : '';
    expect(lint({ 'compose.yaml': `services:\n${db}  web:\n${image}    ${field}\n` }, rule)).toEqual([]);
  });

  it('a network that another stack makes is known by that stack', () => {
    const text = (internal: boolean) =>
      [
        'apiVersion: stackctl.io/v1alpha1',
        'kind: Stack',
        'metadata: { name: zones }',
        `spec: { networks: { data: { name: zone-data, internal: ${internal} } } }`,
        '---',
        'apiVersion: stackctl.io/v1alpha1',
        'kind: Stack',
        'metadata: { name: db }',
        'spec:',
        '  services: { db: { image: postgres, networks: [data] } }',
        '  networks: { data: { name: zone-data, external: true } }',
      ].join('\n');
    expect(lint({ 'stack.yaml': text(true) }, 'database-network-not-internal')).toEqual([]);
    expect(lint({ 'stack.yaml': text(false) }, 'database-network-not-internal')).toHaveLength(1);
  });
});
