// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Compose has templates of its own
import { describe, expect, it } from 'vitest';
import { errorsOf, load, warningsOf } from './loading-fixture.ts';

const web = (fields: string, options: Parameters<typeof load>[1] = {}) =>
  load(`services:\n  web:\n    image: a\n${fields.replaceAll(/^/gm, '    ')}\n`, options);

describe('loadProject', () => {
  it('makes the smallest project whole', () => {
    const { project, problems } = load('services: {web: {image: a}}\n');
    expect(problems).toEqual([]);
    expect(project).toEqual({
      name: 'demo',
      services: { web: { image: 'a', command: null, entrypoint: null, networks: { default: null } } },
      networks: { default: { name: 'demo_default', ipam: {} } },
      volumes: {},
      configs: {},
      secrets: {},
      extensions: {},
    });
  });

  it('writes every unit as docker compose does', () => {
    const { project } = web(
      'mem_limit: 64m\nshm_size: 1024\ncpus: 0.1\nstop_grace_period: 90s\nhealthcheck: {test: x, interval: 1m30s, retries: 0}\nulimits: {nofile: {soft: 1, hard: 2}, nproc: 3}\nsecrets: [{source: s, mode: 0440}]\nextra_hosts: ["b:[::1]", "a=1.2.3.4"]',
      {},
    );
    expect(project.services['web']).toMatchObject({
      mem_limit: '67108864',
      shm_size: '1024',
      cpus: 0.1,
      stop_grace_period: '1m30s',
      healthcheck: { test: ['CMD-SHELL', 'x'], interval: '1m30s', retries: 0 },
      ulimits: { nofile: { soft: 1, hard: 2 }, nproc: 3 },
      secrets: [{ source: 's', target: '/run/secrets/s', mode: '0440' }],
      extra_hosts: ['a=1.2.3.4', 'b=::1'],
    });
  });

  it.each([
    'environment: [TAKEN=1, "=x"]',
    'environment: [""]',
    'environment: {"=x": y}',
    'annotations: ["=x"]',
    'sysctls: ["=x"]',
    'labels: ["=x"]',
    'build: {context: ., args: ["${UNSET-}=x"]}',
    'post_start: [{command: x, environment: ["=x"]}]',
  ])('refuses what has no name, where it stands: %s', (field) => {
    const { problems } = web(field);
    const column = field.indexOf('"') + 5;
    expect(problems.filter(({ severity }) => severity === 'error')).toMatchObject([
      { code: 'InvalidValue', message: 'an entry has no name', at: { line: 4, column } },
    ]);
  });

  it('takes a name that ends in a space where docker compose does', () => {
    const { project, problems } = web('labels: ["a =b"]\nannotations: ["a =b"]\nenvironment: {"a ": b}');
    expect(problems).toEqual([]);
    const named = { 'a ': 'b' };
    expect(project.services['web']).toMatchObject({ labels: named, annotations: named, environment: named });
    expect(errorsOf(web('environment: ["a =b"]'))).toEqual(['InvalidValue services.web.environment']);
  });

  it('casts texts where a number or a boolean belongs', () => {
    const { project, problems } = web('privileged: "${P}"\nscale: "${N}"\ntty: "yes"', {
      environment: { P: 'true', N: '2' },
    });
    expect(problems).toEqual([]);
    expect(project.services['web']).toMatchObject({ privileged: true, scale: 2, tty: true });
    expect(errorsOf(web('scale: "${N}"', { environment: { N: 'two' } }))).toEqual([
      'InvalidValue services.web.scale',
    ]);
  });

  it('takes variables from the manifest, then from .env, and never from the process', () => {
    const files = { '/stack/.env': 'A=file\nB=file-$A\n' };
    const { project } = web('environment: {A: $A, B: $B, HOME: , PATH: "[$PATH]"}', {
      files,
      environment: { A: 'manifest' },
    });
    expect(project.services['web']?.environment).toEqual({
      A: 'manifest',
      B: 'file-manifest',
      HOME: null,
      PATH: '[]',
    });
  });

  it('warns once about a variable that is not set, and refuses one that is required', () => {
    expect(warningsOf(web('hostname: $X\ndomainname: $X'))).toEqual(['VariableNotSet services.web.hostname']);
    const { problems } = web('hostname: ${X:?tell me}');
    expect(problems).toMatchObject([
      { code: 'RequiredVariable', path: 'services.web.hostname', at: { line: 4, column: 15 } },
    ]);
    expect(problems[0]?.message).toContain('tell me');
  });

  it('reads env files and label files, below what the service says itself', () => {
    const files = {
      '/stack/a.env': 'A=a\nB=a\nD=$E\n',
      '/stack/b.env': 'B=b\nC="b"\n',
      '/stack/raw.env': 'R="$A"\n',
      '/stack/l.env': 'x=file\ny=file\n',
    };
    const { project, filesUsed } = web(
      'env_file: [a.env, b.env, {path: raw.env, format: raw}, {path: no.env, required: false}]\nenvironment: {C: own, E: e}\nlabel_file: l.env\nlabels: {y: own}',
      { files },
    );
    expect(project.services['web']).toMatchObject({
      environment: { A: 'a', B: 'b', C: 'own', D: 'e', E: 'e', R: '"$A"' },
      labels: { x: 'file', y: 'own' },
    });
    expect(filesUsed).toContain('/stack/no.env');
    expect(errorsOf(web('env_file: no.env'))).toEqual(['FileNotFound services.web.env_file[0]']);
  });

  it('implies networks, dependencies and names', () => {
    const { project } = load(
      'services:\n  web: {image: a, links: ["db:database"], volumes_from: [data], network_mode: "service:vpn"}\n  db: {image: a, networks: {}}\n  data: {image: a, volumes: ["v1:/v/../w/"]}\n  vpn: {image: a}\nvolumes: {v1: , ext: {external: true}}\n',
    );
    expect(project.services['web']?.depends_on).toEqual({
      db: { condition: 'service_started', restart: true, required: true },
      vpn: { condition: 'service_started', restart: true, required: true },
      data: { condition: 'service_started', required: true },
    });
    expect(project.services['web']).not.toHaveProperty('networks');
    expect(project.services['db']?.networks).toEqual({ default: null });
    expect(project.services['data']?.volumes).toEqual([
      { type: 'volume', source: 'v1', target: '/w', volume: {} },
    ]);
    expect(project.volumes).toEqual({ v1: { name: 'demo_v1' } });
  });

  it('keeps the resources of a project that has no services', () => {
    const { project, problems } = load('networks: {zone: {internal: true}}\nvolumes: {v: }\n');
    expect(problems).toEqual([]);
    expect(Object.keys(project.networks)).toEqual(['zone']);
    expect(Object.keys(project.volumes)).toEqual(['v']);
  });

  it('selects a service of an empty profile where no profile is', () => {
    const text =
      'services: {a: {image: x, profiles: ["${ENABLE:-}"]}, b: {image: x, profiles: [b]}, c: {image: x}}\n';
    const selected = (dotenv: string) =>
      Object.keys(load(text, { files: { '/stack/.env': dotenv } }).project.services);
    expect(selected('')).toEqual(['a', 'c']);
    expect(selected('ENABLE=off\n')).toEqual(['c']);
    expect(selected('COMPOSE_PROFILES=\n')).toEqual(['a', 'c']);
    expect(selected('COMPOSE_PROFILES=b\n')).toEqual(['b', 'c']);
    expect(Object.keys(load(text, { profiles: ['b'] }).project.services)).toEqual(['b', 'c']);
  });

  it('has no networks and volumes where all services are left out by their profiles', () => {
    const text =
      'services: {a: {image: x, profiles: [p], volumes: ["data:/d"]}}\nvolumes: {data: }\nnetworks: {default: }\n';
    const { services, networks, volumes } = load(text).project;
    expect({ ...services, ...networks, ...volumes }).toEqual({});
    const active = load(text, { profiles: ['p'] }).project;
    expect(Object.keys({ ...active.networks, ...active.volumes })).toEqual(['default', 'data']);
    const resources = load('networks: {n: }\nvolumes: {data: }\n').project;
    expect(Object.keys({ ...resources.networks, ...resources.volumes })).toEqual(['n', 'data']);
  });

  it('takes the mode of a tmpfs as a number only', () => {
    const mode = (text: string) =>
      load(`services: {web: {image: a, volumes: [{type: tmpfs, target: /t, tmpfs: {mode: ${text}}}]}}\n`);
    expect(mode('0o755').project.services['web']?.volumes?.[0]?.tmpfs).toEqual({ mode: 0o755 });
    expect(mode('01777').project.services['web']?.volumes?.[0]?.tmpfs).toEqual({ mode: 0o1777 });
    for (const text of ['"0755"', '"493"', '"${MODE:-1777}"']) {
      expect(errorsOf(mode(text))).toEqual(['InvalidValue services.web.volumes[0].tmpfs.mode']);
    }
  });

  it('makes texts of numbers that are none, in variables and labels', () => {
    const text = 'services: {web: {image: a, environment: {A: .inf, B: -.inf}, labels: {a: .NaN}}}\n';
    const loaded = load(text);
    expect(loaded.problems).toEqual([]);
    expect(loaded.project.services['web']).toMatchObject({
      environment: { A: '+Inf', B: '-Inf' },
      labels: { a: 'NaN' },
    });
    expect(errorsOf(load('services: {web: {image: a, cpus: .inf}}\n'))).not.toEqual([]);
  });

  it('selects services by profile', () => {
    const text =
      'services:\n  web: {image: a, depends_on: {dev: {condition: service_started, required: false}}}\n  dev: {image: a, profiles: [dev]}\n';
    expect(Object.keys(load(text).project.services)).toEqual(['web']);
    expect(Object.keys(load(text, { profiles: ['dev'] }).project.services)).toEqual(['dev', 'web']);
    expect(Object.keys(load(text, { environment: { COMPOSE_PROFILES: 'x,dev' } }).project.services)).toEqual([
      'dev',
      'web',
    ]);
    expect(errorsOf(load(text.replace('required: false', 'required: true')))).toEqual([
      'DisabledDependency services.web.depends_on.dev',
    ]);
  });

  it('decides the name', () => {
    const name = (text: string, options: Parameters<typeof load>[1] = {}) =>
      load(`${text}services: {a: {image: a}}\n`, options).project.name;
    expect(name('')).toBe('demo');
    expect(name('name: My-$X\n', { environment: { X: 'App' } })).toBe('my-app');
    expect(name('name: x\n', { environment: { COMPOSE_PROJECT_NAME: 'given' } })).toBe('given');
    expect(errorsOf(load('services: {a: {image: a}}\n', { name: 'Bad Name' }))).toEqual([
      'InvalidProjectName name',
    ]);
    expect(load('services: {a: {image: "${COMPOSE_PROJECT_NAME}"}}\n').project.services['a']?.image).toBe(
      'demo',
    );
  });

  it('makes paths absolute', () => {
    const { project, filesUsed } = load(
      'services:\n  web: {build: {context: ., additional_contexts: [x=../x, y=https://example.com/y]}, volumes: ["~/h:/h", ./:/d], secrets: [s]}\nsecrets: {s: {file: ./s.txt}}\n',
    );
    expect(project.services['web']).toMatchObject({
      build: { context: '/stack', additional_contexts: { x: '/x', y: 'https://example.com/y' } },
      volumes: [{ source: '/home/ada/h' }, { source: '/stack' }],
    });
    expect(filesUsed).toEqual(['/stack/.env', '/stack/s.txt']);
  });

  it('gives the values of configs and secrets that are variables, outside of the model', () => {
    const loaded = load(
      'services: {web: {image: a, secrets: [s], configs: [c]}}\nsecrets: {s: {environment: TOKEN}}\nconfigs: {c: {environment: CONF}}\n',
      { environment: { TOKEN: 'canary', CONF: 'conf' } },
    );
    expect(loaded.contents).toEqual({ 'secrets.s': 'canary', 'configs.c': 'conf' });
    expect(JSON.stringify([loaded.project, loaded.problems])).not.toContain('canary');
  });

  it('finds all problems at once, each with its place', () => {
    const loaded = load(
      'services:\n  web:\n    imagee: a\n    ports: ["a:b"]\n    networks: [nowhere]\n  db:\n    image: b\n    depends_on: [wbe]\n    hostname: ${X:?}\n',
    );
    const places = loaded.problems
      .filter((problem) => problem.severity === 'error')
      .map((problem) => `${problem.code}:${problem.at?.line}`);
    expect(places.toSorted()).toEqual([
      'InvalidValue:4',
      'MissingImage:3',
      'RequiredVariable:9',
      'UndefinedNetwork:5',
      'UndefinedService:8',
      'UnknownField:3',
    ]);
  });

  it('locates fields, and otherwise what they are part of', () => {
    const { locate } = web('ports:\n  - "80:80"\nlabels:\n  com.example.x: y');
    expect(locate('services.web.ports[0].published')).toMatchObject({ line: 5 });
    expect(locate('services.web.labels.com.example.x')).toMatchObject({ line: 7 });
    expect(locate('services.web.command')).toMatchObject({ line: 3 });
    expect(locate('nothing.here')).toBeUndefined();
  });

  it('warns about a command that a shell should have read', () => {
    const loaded = web('command: a && b');
    expect(loaded.project.services['web']?.command).toEqual(['a']);
    expect(warningsOf(loaded)).toEqual(['CommandCutOff services.web.command']);
  });

  it('refuses an alias bomb within a second', () => {
    const names = 'abcdefgh'.split('');
    const text = names.map(
      (name, i) =>
        `x-${name}: &${name} {${names.map((k) => `${k}: ${i === 0 ? 'x' : `*${names[i - 1]}`}`).join(', ')}}`,
    );
    const start = performance.now();
    expect(errorsOf(load(`${text.join('\n')}\nservices: {a: {image: a, labels: *h}}\n`))).toEqual([
      'TooManyNodes',
    ]);
    expect(performance.now() - start).toBeLessThan(1000);
  });

  it('refuses services that multiply a large base', () => {
    const labels = Array.from({ length: 2000 }, (_, index) => `l${index}: x`).join(', ');
    const services = Array.from({ length: 2000 }, (_, index) => `  s${index}: {extends: base}`).join('\n');
    expect(errorsOf(load(`services:\n  base: {image: a, labels: {${labels}}}\n${services}\n`))).toContain(
      'TooManyNodes',
    );
  });

  it.each([
    ['EmptyProject', ''],
    ['EmptyProject', '# nothing\n'],
    ['TopLevelNotMapping', '- a\n'],
    ['TopLevelNotMapping', 'hello\n'],
  ])('reports %s', (code, text) => {
    expect(errorsOf(load(text))).toEqual([code]);
  });
});
