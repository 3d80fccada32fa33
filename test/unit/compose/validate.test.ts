import { describe, expect, it } from 'vitest';
import { parseYaml } from '../../../src/compose/parse.ts';
import { validateProject } from '../../../src/compose/validate.ts';
import { isAcceptable, type Problem } from '../../../src/model/problem.ts';

function validate(text: string): Problem[] {
  const { documents, problems } = parseYaml('compose.yaml', text);
  const [document] = documents;
  if (document?.kind !== 'mapping' || problems.length > 0) throw new Error('not a mapping');
  return validateProject(document);
}

/** Fields of a service `web` in flow form. */
const ofService = (fields: string): Problem[] => validate(`services: {web: {image: i, ${fields}}}`);
const messages = (problems: readonly Problem[]): string[] =>
  problems.map(({ path, message }) => `${path}: ${message}`);

describe('what a fault in a Compose file says', () => {
  it('names an unknown field, where it stands and what was meant', () => {
    expect(validate('services:\n  web:\n    imagee: nginx\n')).toEqual([
      {
        severity: 'error',
        code: 'UnknownField',
        message: 'unknown field "imagee"',
        path: 'services.web.imagee',
        at: { file: 'compose.yaml', line: 3, column: 5 },
        hint: 'did you mean "image"?',
      },
    ]);
  });

  it('names the kinds of value that are expected and given', () => {
    expect(validate('services:\n  web:\n    cap_add: 5\n')).toEqual([
      {
        severity: 'error',
        code: 'WrongType',
        message: 'expected a list of strings, got a number',
        path: 'services.web.cap_add',
        at: { file: 'compose.yaml', line: 3, column: 14 },
        hint: 'write "- " before it, on a line of its own',
      },
    ]);
  });

  it('names a missing field and points at what misses it', () => {
    expect(validate('services:\n  web:\n    depends_on:\n      db:\n        restart: true\n')).toEqual([
      {
        severity: 'error',
        code: 'MissingField',
        message: 'missing field "condition"',
        path: 'services.web.depends_on.db.condition',
        at: { file: 'compose.yaml', line: 5, column: 9 },
        hint: 'add "condition"',
      },
    ]);
  });

  it('names the words that are allowed', () => {
    const [problem] = ofService('cgroup: hst');
    expect(problem).toMatchObject({
      code: 'InvalidValue',
      message: 'expected one of host, private',
      hint: 'did you mean "host"?',
      path: 'services.web.cgroup',
    });
  });

  it('names a name that nothing can have, and points at it', () => {
    expect(validate('services:\n  my web:\n    image: i\n')).toMatchObject([
      {
        code: 'InvalidValue',
        message: 'invalid name "my web"',
        at: { line: 2, column: 3 },
        path: 'services.my web',
      },
    ]);
  });

  it('lists the known fields when there are few and none is near', () => {
    expect(ofService('logging: {zzz: 1}')[0]?.hint).toBe('known fields: driver, options');
    expect(ofService('zzz: 1')[0]?.hint).toBe('remove it, or name it "x-zzz" to keep it as a note');
  });

  it.each([
    ['ports: [{targt: 80}]', 'services.web.ports[0].targt: unknown field "targt"'],
    [
      'ports: [true]',
      'services.web.ports[0]: expected a port such as "8080:80", or a map with target and published, got true',
    ],
    ['ports: "80"', 'services.web.ports: expected a list of ports, got a string'],
    ['environment: [A=1, {B: 2}]', 'services.web.environment[1]: expected a string, got a map'],
    [
      'environment: {A: [1]}',
      'services.web.environment.A: expected a string, a number, true, false or nothing, got a list',
    ],
    [
      'environment: A=1',
      'services.web.environment: expected a map, or a list of KEY=value strings, got a string',
    ],
    ['build: {contxt: .}', 'services.web.build.contxt: unknown field "contxt"'],
    [
      'volumes: [{type: bnd, target: /a}]',
      'services.web.volumes[0].type: expected one of bind, volume, tmpfs, image, npipe, cluster',
    ],
    ['volumes: [{target: /a}]', 'services.web.volumes[0].type: missing field "type"'],
    [
      'volumes: [{type: bind, target: /a, bind: {selinux: q}}]',
      'services.web.volumes[0].bind.selinux: expected one of z, Z',
    ],
    ['networks: {a: {alias: [b]}}', 'services.web.networks.a.alias: unknown field "alias"'],
    [
      'healthcheck: {interval: 5}',
      'services.web.healthcheck.interval: expected a duration such as 1m30s, got a number',
    ],
    [
      'deploy: {resources: {limits: {memory: 5}}}',
      'services.web.deploy.resources.limits.memory: expected a string, got a number',
    ],
    ['gpus: 1', 'services.web.gpus: expected "all", or a list of maps, got a number'],
    ['ulimits: {nofile: {soft: 1}}', 'services.web.ulimits.nofile.hard: missing field "hard"'],
    ['command: {a: b}', 'services.web.command: expected nothing or a string or a list of strings, got a map'],
    ['hostname: [a]', 'services.web.hostname: expected a string, got a list'],
    ['hostname:', 'services.web.hostname: expected a string, got nothing'],
    ['depends_on: [db, db]', 'services.web.depends_on: expected a list in which nothing stands twice'],
    ['oom_score_adj: 2000', 'services.web.oom_score_adj: expected at most 1000'],
    ['scale: 1.5', 'services.web.scale: expected a whole number, got a number'],
    [
      'pull_policy: sometimes',
      'services.web.pull_policy: expected always, never, build, missing, if_not_present, refresh, daily, weekly or every_DURATION',
    ],
  ])('finds the real fault behind several forms: %s', (fields, expected) => {
    expect(messages(ofService(fields))).toEqual([expected]);
  });

  it('finds all faults at once', () => {
    const problems = validate(
      'services: {a: {imag: x, ports: [[]], tty: 5}, b: 1}\nnetworks: {n: {intern: true}}\nvolume: {}\n',
    );
    expect(problems.map(({ path }) => path).sort()).toEqual([
      'networks.n.intern',
      'services.a.imag',
      'services.a.ports[0]',
      'services.a.tty',
      'services.b',
      'volume',
    ]);
  });

  it('is bounded, however much is wrong', () => {
    const fields = Array.from({ length: 20_000 }, (_, index) => `    imag${index}: 1`).join('\n');
    const problems = validate(`services:\n  web:\n${fields}\n    ${'k'.repeat(900)}: 1\n`);
    expect(problems).toHaveLength(101);
    expect(problems.at(-1)?.message).toBe('19901 more problems of this kind are not shown');
    expect(ofService(`${'k'.repeat(900)}: 1`)[0]?.message.length).toBeLessThan(120);
  });

  it('never shows a value: it may be a secret', () => {
    const canary = 'hunter2-canary';
    const fields = [
      `environment: {A: [${canary}]}`,
      `ports: {${canary}: 1}`,
      `cgroup: ${canary}`,
      `healthcheck: {test: {a: ${canary}}}`,
      `pull_policy: ${canary}`,
      `cap_add: ${canary}`,
      `labels: 5, build: {args: ${canary}}`,
    ];
    for (const field of fields) {
      const problems = ofService(field);
      expect(problems).not.toEqual([]);
      const shown = problems.map(({ message, hint }) => `${message} ${hint}`).join(' ');
      expect(shown).not.toContain(canary);
    }
  });
});

describe('what a Compose file may say', () => {
  it.each([
    ['x-a: {b: [1]}'],
    ['healthcheck: {test: a, x-a: 1}'],
    ['ports: [{target: 80, x-a: 1}]'],
    ['networks: {a: {aliases: [b], x-a: 1}}'],
    ['build: {context: ., x-a: 1}'],
    ['deploy: {resources: {limits: {x-a: 1}}}'],
    ['volumes: [{type: bind, source: /a, target: /b, bind: {x-a: 1}}]'],
  ])('takes x-* fields anywhere: %s', (fields) => {
    expect(ofService(fields)).toEqual([]);
  });

  // Each was tried with docker compose 2.40.3.
  it.each([
    ['cpus: "0.5", cpu_shares: "10", scale: "2", pids_limit: -1'],
    ['privileged: "true", tty: "no", init: yes'],
    ['mem_limit: 5, shm_size: 64m, memswap_limit: "-1"'],
    ['command:, entrypoint: []'],
    ['environment: {A: , B: 1, C: true, D: 1.5}, labels: [a, b=c]'],
    ['ports: [80, "80:80", {target: "80", published: 80}]'],
    ['depends_on: {a: {condition: service_healthy, required: false, restart: "true"}}'],
    ['networks: {a: , b: {ipv4_address: 10.0.0.1, priority: 1}}'],
    ['deploy:'],
    ['env_file: [a, {path: b, required: "false", format: raw}]'],
    ['ulimits: {nproc: "5", nofile: {soft: 1, hard: "2"}}'],
    ['extra_hosts: {a: 10.0.0.1, b: ["::1", 10.0.0.2]}'],
    ['gpus: all'],
    ['gpus: [{count: all}]'],
    ['dns: 1.1.1.1, dns_search: [a, b], tmpfs: /run'],
    ['logging: {options: {max-size: 1, mode: }}'],
    ['configs: [a, {source: b, mode: 0440}]'],
    ['container_name: a_b'],
    ['pull_policy: every_5d'],
  ])('takes what docker compose takes: %s', (fields) => {
    expect(ofService(fields)).toEqual([]);
  });

  it.each([
    ['environment:'],
    ['ports:'],
    ['volumes:'],
    ['healthcheck:'],
    ['use_api_socket: "true"'],
    ['mem_reservation: 1.5'],
    ['security_opt: [a, a]'],
    ['ipc: 5'],
    ['devices: [{target: /a}]'],
    ['expose: [true]'],
    ['extends: {file: a}'],
    ['pre_start: []'],
    ['deploy: {resources: {reservations: {devices: [{count: 1}]}}}'],
    ['deploy: {update_config: {order: both}}'],
    ['stop_grace_period: 10'],
    ['container_name: a'],
  ])('refuses what docker compose refuses: %s', (fields) => {
    expect(isAcceptable(ofService(fields))).toBe(false);
  });

  it('takes every section at the top, even an empty resource', () => {
    const text = [
      'name: a',
      'include: [b.yaml, {path: [c.yaml], env_file: d.env, project_directory: e}]',
      'services: {}',
      'networks: {a: , "b c": {external: {name: x}}}',
      'volumes: {a: }',
      'configs: {a: {content: b}}',
      'secrets: {a: {environment: B}}',
      'models: {a: {model: ai/m, context_size: 5}}',
      'x-a: [1]',
    ].join('\n');
    expect(validate(text)).toEqual([]);
  });

  it('warns of the obsolete version', () => {
    expect(validate('version: "3"\nservices: {}\n')).toMatchObject([
      { severity: 'warning', code: 'ObsoleteField', path: 'version', at: { line: 1, column: 1 } },
    ]);
  });
});

describe('labels that are ours', () => {
  it.each([
    ['services: {web: {labels: {io.stackctl.stack: a}}}', 'services.web.labels.io.stackctl.stack'],
    ['services: {web: {labels: [a=b, io.stackctl.stack=a]}}', 'services.web.labels[1]'],
    ['services: {web: {annotations: {io.stackctl.x: a}}}', 'services.web.annotations.io.stackctl.x'],
    ['services: {web: {build: {labels: [io.stackctl.x]}}}', 'services.web.build.labels[0]'],
    ['services: {web: {deploy: {labels: {io.stackctl.x: }}}}', 'services.web.deploy.labels.io.stackctl.x'],
    [
      'services: {web: {volumes: [{type: volume, target: /a, volume: {labels: [io.stackctl.x=1]}}]}}',
      'services.web.volumes[0].volume.labels[0]',
    ],
    ['networks: {a: {labels: {io.stackctl.x: a}}}', 'networks.a.labels.io.stackctl.x'],
    ['volumes: {a: {labels: {io.stackctl.x: a}}}', 'volumes.a.labels.io.stackctl.x'],
    ['configs: {a: {file: b, labels: {io.stackctl.x: a}}}', 'configs.a.labels.io.stackctl.x'],
    ['secrets: {a: {file: b, labels: {io.stackctl.x: a}}}', 'secrets.a.labels.io.stackctl.x'],
  ])('may not be set: %s', (text, path) => {
    expect(validate(text).map(({ code, path: found }) => [code, found])).toEqual([['ReservedLabel', path]]);
  });

  it('are only those', () => {
    expect(ofService('labels: {io.stackctlx: a, com.example.io.stackctl.a: b}')).toEqual([]);
  });
});
