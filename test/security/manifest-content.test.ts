// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Compose's variables
import { afterAll, describe, expect, test } from 'vitest';
import { stackLimits } from '../../src/compose/rules-bounds.ts';
import { SourceDirectory } from './source-directory.ts';

/** Threat table 4.1: what a manifest says. Rows 1 to 7 and 13 are admission's. */

const source = new SourceDirectory();
afterAll(() => source.remove());

const web = (fields: string, more = '') => `services:\n  web:\n    image: a\n    ${fields}\n${more}`;
const many = (count: number, item: (index: number) => string) =>
  Array.from({ length: count }, (_, n) => item(n));

describe('row 8: labels that are ours, and labels that every list would carry', () => {
  test.each([
    ['labels: {io.stackctl.stack: other}', 'ReservedLabel 4:14 services.web.labels.io.stackctl.stack'],
    [
      'labels: {com.docker.compose.project: x}',
      'ReservedLabel 4:14 services.web.labels.com.docker.compose.project',
    ],
    [`labels: {a: ${'x'.repeat(stackLimits.labelBytes)}}`, 'OverLimit 4:17 services.web.labels.a'],
    [
      `labels: [${many(stackLimits.labels + 1, (n) => `l${n}=x`).join(', ')}]`,
      'OverLimit 4:13 services.web.labels',
    ],
  ])('%.60s', async (fields, error) => {
    const { errors, desired } = await source.judge(web(fields));
    expect(errors.map(withoutColumn)).toEqual([withoutColumn(error)]);
    expect(desired).toBeUndefined();
  });

  test('as many and as long as they may be', async () => {
    const long = `a: ${'x'.repeat(stackLimits.labelBytes - 1)}`;
    expect((await source.judge(web(`labels: {${long}}`))).errors).toEqual([]);
  });
});

describe('row 10: a name that is no name', () => {
  test.each(['../x', 'a/b', 'a b', '-a', '"a\\u202Eb"', '"a\\u001b[31m"', 'é'.repeat(3)])(
    'container_name %s',
    async (name) => {
      const { errors } = await source.judge(web(`container_name: ${name}`));
      expect(errors).toHaveLength(1);
      expect(errors[0]).toMatch(/^Invalid(Name|Value) 4:21 services\.web\.container_name$/);
    },
  );

  test.each([
    ['volumes', '../x'],
    ['volumes', '"a\\tb"'],
    ['networks', 'a/../b'],
    ['networks', '".."'],
    ['networks', '"a\\u200Bb"'],
  ])('%s named %s', async (kind, name) => {
    const uses = kind === 'volumes' ? 'volumes: [data:/d]' : 'networks: [data]';
    const { errors } = await source.judge(web(uses, `${kind}:\n  data:\n    name: ${name}\n`));
    expect(errors).toEqual([`InvalidName 7:11 ${kind}.data.name`]);
  });

  test.each(['constructor', 'toString', 'valueOf'])('%s, which every object has', async (name) => {
    const { errors } = await source.judge(
      `services:\n  web:\n    image: ${name}\n    depends_on: [${name}]\n`,
    );
    expect(errors).toContain('ReservedName 3:12 services.web.image');
    expect(errors.filter((error) => error.includes(':17 services.web.depends_on'))).toHaveLength(1);
  });
});

describe('row 11: the environment of the daemon is not there', () => {
  const CANARY = 'canary-of-the-environment';

  test.each([
    '${STACKCTL_CANARY}',
    '$STACKCTL_CANARY',
    '${PATH}',
    '${HOME}',
    '${STACKCTL_CANARY:-none}',
    '${X:-${STACKCTL_CANARY}}',
  ])('%s', async (reference) => {
    process.env['STACKCTL_CANARY'] = CANARY;
    try {
      const text = web(`environment: {A: "${reference}", STACKCTL_CANARY: }\n    command: ["${reference}"]`);
      const { desired, problems } = await source.judge(text);
      const said = JSON.stringify([desired, problems]);
      expect(said).not.toContain(CANARY);
      expect(said).not.toContain(process.env['PATH'] ?? '?');
      expect(desired?.services[0]?.containers[0]?.config.Env).toContain(
        reference.includes('none') ? 'A=none' : 'A=',
      );
      if (!reference.includes('none')) expect(problems.map(({ code }) => code)).toContain('VariableNotSet');
    } finally {
      delete process.env['STACKCTL_CANARY'];
    }
  });

  test('a required variable that only the environment has is an error', async () => {
    const { errors } = await source.judge(web('environment: {A: "${PATH:?not here}"}'));
    expect(errors).toEqual(['RequiredVariable 4:22 services.web.environment.A']);
  });
});

describe('row 12: more than a host can bear', () => {
  test.each([
    ['a million replicas', web('deploy: {replicas: 1000000}'), 'services.web.deploy.replicas'],
    ['a million by scale', web('scale: 1000000'), 'services.web.scale'],
    ['all ports, exposed twice', web('expose: ["1-65535", "1-65535/udp"]'), 'services.web.expose'],
    [
      '10,000 variables',
      web(`environment: [${many(10_000, (n) => `A${n}=`).join(',')}]`),
      'services.web.environment',
    ],
    ['a variable of 200 KB', web(`environment: {A: ${'x'.repeat(200_000)}}`), 'services.web.environment.A'],
    ['a grace of 1000 h', web('stop_grace_period: 1000h'), 'services.web.stop_grace_period'],
    [
      'a check each 1 ms',
      web('healthcheck: {test: "true", interval: 1ms}'),
      'services.web.healthcheck.interval',
    ],
    [
      'a check each 1 ms at the start',
      web('healthcheck: {test: "true", start_interval: 2ms}'),
      'services.web.healthcheck.start_interval',
    ],
    ['a tmpfs of 1 TB', web('tmpfs: ["/t:size=1t"]'), 'services.web.tmpfs[0]'],
    [
      'the same in the long form',
      web('volumes: [{type: tmpfs, target: /t, tmpfs: {size: 1t}}]'),
      'services.web.volumes[0].tmpfs.size',
    ],
    ['1 TB of shared memory', web('shm_size: 1t'), 'services.web.shm_size'],
    ['1,000 services', `services: {${many(1000, (n) => `s${n}: {image: a}`).join(', ')}}`, 'services'],
    [
      '1,000 networks in use',
      web(
        `networks: [${many(1000, (n) => `n${n}`).join(', ')}]`,
        `networks: {${many(1000, (n) => `n${n}: {}`).join(', ')}}`,
      ),
      'networks',
    ],
  ])('%s', async (_, text, path) => {
    const { problems, desired } = await source.judge(text);
    const found = problems.find((problem) => problem.code === 'OverLimit' && problem.path === path);
    expect(found).toMatchObject({ severity: 'error', hint: expect.stringMatching(/./) });
    expect(found?.at?.line).toBeGreaterThan(0);
    expect(desired).toBeUndefined();
  });

  test('millions of ports out of a few words', async () => {
    const ranges = many(100, (n) => `"127.0.1.${n}:1-65535:1-65535"`).join(', ');
    const { problems, desired } = await source.judge(web(`ports: [${ranges}]`));
    expect(problems.map(({ code }) => code)).toEqual(['InvalidValue']);
    expect(desired).toBeUndefined();
  });

  test('what real stacks have is not too much', async () => {
    const { errors } = await source.judge(
      web(
        [
          'ports: ["10000-12000:10000-12000/udp"]',
          'stop_grace_period: 30m',
          'shm_size: 8g',
          'tmpfs: ["/run", "/tmp:size=2g,mode=1777"]',
          'healthcheck: {test: "true", interval: 1s, start_interval: 200ms}',
          `environment: {KEY: "${'k'.repeat(60_000)}"}`,
        ].join('\n    '),
      ),
    );
    expect(errors).toEqual([]);
  });
});

describe('row 14: a secret in the open', () => {
  test('is in no problem, whatever is wrong with it', async () => {
    const secret = 'hunter2-canary';
    const spoilt = [
      `environment: {PASSWORD: [${secret}]}`,
      `environment: {PASSWORD: "${secret}`,
      `ports: ["${secret}"]\n    environment: {PASSWORD: ${secret}}`,
      `environment: {PASSWORD: "\${X:?}${secret}"}`,
      `environment: {PASSWORD: "\${${secret}"}`,
    ];
    const said = await Promise.all(spoilt.map(async (fields) => (await source.judge(web(fields))).problems));
    expect(said.every((problems) => problems.some(({ severity }) => severity === 'error'))).toBe(true);
    // A port is none.
    expect(JSON.stringify(said.filter((_, index) => index !== 2))).not.toContain(secret);
  });
});

describe('row 15: characters that names and texts must not have', () => {
  test.each([
    [
      'a NUL in a value',
      web('environment: {A: "x\\0y"}'),
      'ControlCharacter 4:22 services.web.environment.A',
    ],
    ['a NUL in a key', web('environment: {"x\\0": y}'), 'ControlCharacter 4:19 services.web.environment'],
    [
      'a NUL in Base64',
      web('environment: {A: !!binary YQBi}'),
      'ControlCharacter 4:31 services.web.environment.A',
    ],
    ['a raw escape', 'services:\n  web: {image: "a\u001b[31m"}\n', 'ControlCharacter 2:18'],
    [
      'a service with a bidi mark',
      'services:\n  "a\\u202Eb": {image: a}\n',
      'InvalidValue 2:3 services.a\u202Eb',
    ],
    [
      'a service with a zero-width space',
      'services:\n  "a\\u200Bb": {image: a}\n',
      'InvalidValue 2:3 services.a\u200Bb',
    ],
    [
      'a service that is not NFC',
      'services:\n  "e\\u0301": {image: a}\n',
      'InvalidValue 2:3 services.e\u0301',
    ],
    ['a service that climbs', 'services:\n  ../x: {image: a}\n', 'InvalidValue 2:3 services.../x'],
  ])('%s', async (_, text, error) => {
    const { errors, desired } = await source.judge(text);
    expect(errors.map(withoutColumn)).toEqual([withoutColumn(error)]);
    expect(desired).toBeUndefined();
  });

  test('a NUL out of an env file', async () => {
    source.put('nul.env', 'A="x\\0000y"\n');
    source.put('raw.env', 'A=x\0y\n');
    const escaped = await source.judge(web('env_file: nul.env'));
    expect(escaped.errors).toEqual(['ControlCharacter 1:3 A']);
    const raw = await source.judge(web('env_file: raw.env'));
    expect(raw.errors).toEqual(['FileNotReadable 4:15 services.web.env_file[0]']);
    expect([escaped.desired, raw.desired]).toEqual([undefined, undefined]);
  });

  test('a path of Windows is a name of no file here', async () => {
    const { errors } = await source.judge(web('configs: [c]', 'configs:\n  c:\n    file: C:\\secret\n'));
    expect(errors).toHaveLength(1);
  });
});

function withoutColumn(error: string): string {
  return error.replace(/(\d+):\d+/, '$1');
}
