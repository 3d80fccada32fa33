import { execFile } from 'node:child_process';
import { mkdir, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Problem } from '../../src/model/problem.ts';
import type { StackStatus } from '../../src/model/status.ts';
import { expectQuiet, type Identity, identityOf, look, objectsOf } from '../support/engine-view.ts';
import { eventually } from '../support/eventually.ts';
import { inside } from '../support/inside.ts';
import { hasEngine, Lab, SMALL_IMAGE } from '../support/lab.ts';
import { World } from '../support/stackctld.ts';

const MIB = 1024 * 1024;

/** A fault in a manifest: what is made of the good text, and what stackctl must say about it. */
interface Fault {
  readonly what: string;
  readonly spoil: (good: string) => string;
  readonly code: string;
  /** Texts at one of which the problem must stand ('' is the end); undefined: at the file's beginning. */
  readonly at: readonly string[] | undefined;
}

const ALIAS_BOMB = [
  'x-a: &a [1, 2, 3, 4, 5, 6, 7, 8, 9]',
  ...['b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'].map((name, index, all) => {
    const from = index === 0 ? 'a' : all[index - 1];
    return `x-${name}: &${name} [${Array.from({ length: 9 }, () => `*${from}`).join(', ')}]`;
  }),
  '',
].join('\n');

const WEB_NETWORKS = '    networks: [front]\n';

const FAULTS: readonly Fault[] = [
  {
    what: 'an unknown field',
    spoil: (good) => good.replace(WEB_NETWORKS, '    netwrks: [front]\n'),
    code: 'UnknownField',
    at: ['netwrks'],
  },
  {
    what: 'a wrong type',
    spoil: (good) => good.replace(WEB_NETWORKS, '    networks: 5\n'),
    code: 'WrongType',
    at: ['5\n'],
  },
  {
    what: 'a network that is not defined',
    spoil: (good) => good.replace(WEB_NETWORKS, '    networks: [frnt]\n'),
    code: 'UndefinedNetwork',
    at: ['frnt'],
  },
  {
    what: 'a dependency cycle',
    spoil: (good) =>
      good
        .replace(WEB_NETWORKS, `    depends_on: [db]\n${WEB_NETWORKS}`)
        .replace('  db:\n', '  db:\n    depends_on: [web]\n'),
    code: 'DependencyCycle',
    at: ['db]\n', 'web]\n'],
  },
  {
    what: 'a duplicate key',
    spoil: (good) => good.replace(WEB_NETWORKS, `${WEB_NETWORKS}    image: other\n`),
    code: 'DuplicateKey',
    at: ['image: other'],
  },
  {
    what: 'a missing required variable',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Compose's variables.
    spoil: (good) => good.replace('REVISION: ', 'TOKEN: "${TOKEN:?say who you are}"\n      REVISION: '),
    code: 'RequiredVariable',
    at: ['"$'],
  },
  {
    what: 'half a file',
    spoil: (good) => good.slice(0, good.indexOf('100000')),
    code: 'InvalidYaml',
    at: [''],
  },
  { what: 'an empty file', spoil: () => '', code: 'Unreadable', at: undefined },
  {
    what: 'a file of NUL bytes',
    spoil: (good) => '\0'.repeat(good.length),
    code: 'Unreadable',
    at: undefined,
  },
  {
    what: 'an alias bomb',
    spoil: (good) => `${ALIAS_BOMB}${good}`,
    code: 'TooManyNodes',
    at: [Array.from({ length: 9 }, () => '*e').join(', ')],
  },
  {
    what: 'an alias that contains itself',
    spoil: (good) => `x-a: &a {b: *a}\n${good}`,
    code: 'CyclicAlias',
    at: ['*a'],
  },
  {
    what: 'a __proto__ key in a service',
    spoil: (good) => good.replace(WEB_NETWORKS, `${WEB_NETWORKS}    __proto__: {privileged: true}\n`),
    code: 'ReservedKey',
    at: ['__proto__'],
  },
  {
    what: 'a service named __proto__',
    spoil: (good) => good.replace('  db:\n', '  __proto__:\n'),
    code: 'ReservedKey',
    at: ['__proto__'],
  },
  {
    what: 'a constructor key in the environment',
    spoil: (good) => good.replace('REVISION: ', 'constructor: {prototype: {image: x}}\n      REVISION: '),
    code: 'ReservedKey',
    at: ['constructor'],
  },
];

/**
 * Faults in what users write, and in the world that they are written for. Whatever happens: the stack's last good state
 * keeps running, nothing is written for it, the other stack never notices, and the daemon's process stays the same.
 */
describe.skipIf(!hasEngine())('bad input is told and harms nothing', () => {
  let world: World;
  let lab: Lab;
  let stack: string;
  let bystander: string;
  let daemon: number | undefined;
  /** A second octet of subnets and ports that are this run's own. */
  let lane: number;
  let revision = 0;

  const names = () => ({ web: `${stack}-web-1`, db: `${stack}-db-1`, other: `${bystander}-app-1` });
  const file = () => `${stack}.compose.yaml`;

  const good = () => `
services:
  web:
    image: ${SMALL_IMAGE}
    command: [sleep, "100000"]
    stop_signal: SIGKILL
    volumes: [data:/data]
    ports: ["${20000 + lane}:80"]
    deploy: {update_config: {monitor: 100ms}}
${WEB_NETWORKS}  db:
    image: ${SMALL_IMAGE}
    command: [sleep, "100000"]
    stop_signal: SIGKILL
    networks: [front]
    environment:
      REVISION: "${revision}"
    deploy: {update_config: {monitor: 100ms}}
networks:
  front: {ipam: {config: [{subnet: 10.232.${lane}.0/24}]}}
volumes:
  data: {}
`;

  /** The other form of a manifest, so that both are spoilt. */
  const bystanderManifest = () => `
apiVersion: stackctl.io/v1alpha1
kind: Stack
metadata: {name: ${bystander}}
spec:
  prune: true
  services:
    app:
      image: ${SMALL_IMAGE}
      command: [sleep, "100000"]
      stop_signal: SIGKILL
      ports: ["${21000 + lane}:80"]
      networks: [only]
  networks:
    only: {ipam: {config: [{subnet: 10.233.${lane}.0/24}]}}
`;

  const identities = (): Promise<readonly Identity[]> =>
    Promise.all(Object.values(names()).map((name) => identityOf(world.docker, name)));

  /** The status of a stack once it says what it must say. */
  const untilTold = (says: (status: StackStatus) => boolean, what: string): Promise<StackStatus> =>
    eventually(
      `the status tells of ${what}`,
      async () => {
        const status = await world.status(stack);
        return status !== undefined && says(status) ? status : undefined;
      },
      { withinMs: 60_000, everyMs: 100 },
    ).catch(async (error: Error) => {
      throw new Error(`${error.message}\n${JSON.stringify(await world.status(stack), undefined, 1)}`);
    });

  const untilProblem = async (code: string): Promise<Problem> => {
    const told = await untilTold(({ problems }) => problems.some((problem) => problem.code === code), code);
    const [problem, ...more] = told.problems.filter(({ severity }) => severity === 'error');
    if (problem === undefined) throw new Error('it is no error');
    // A syntax error may bring another one along; never a fault of another kind.
    expect(more.filter((other) => other.code !== code)).toEqual([]);
    expect(conditionOf(told, 'Ready')).toMatchObject({ status: 'False', reason: 'ManifestInvalid' });
    return problem;
  };

  const conditionOf = (status: StackStatus, type: string) =>
    status.conditions.find((condition) => condition.type === type);

  /** Waits for so many readings of the directory that begin from now on. */
  async function untilScans(count: number): Promise<void> {
    const scans = async () => (await world.log()).split('a source was read').length;
    // One may be under way.
    const wanted = (await scans()) + count + 1;
    await eventually('the directory is read', async () => ((await scans()) >= wanted ? true : undefined), {
      withinMs: 60_000,
      everyMs: 100,
    });
  }

  const untilWarned = (code: string): Promise<StackStatus> =>
    untilTold(
      ({ problems }) => problems.some((problem) => problem.severity === 'warning' && problem.code === code),
      code,
    );

  /** Mends the manifest with a change of one service in it: the change must arrive, and all else stay. */
  async function mend(kept: readonly Identity[]): Promise<void> {
    revision += 1;
    const generation = (await world.status(stack))?.generation ?? 0;
    await world.write(file(), good());
    await world.untilReady(stack, { generation: generation + 1 });
    const wire = await world.docker.getContainer(names().db).inspect();
    expect(wire.Config.Env).toContain(`REVISION=${revision}`);
    const [web, , other] = await identities();
    expect([web, other]).toEqual([kept[0], kept[2]]);
  }

  /** What must hold while a fault stands that stackctl can see for itself: nobody is touched, nothing is written. */
  async function expectUntouched(before: readonly Identity[], writes: number): Promise<void> {
    await look(world, stack);
    expect(await identities()).toEqual(before);
    expect(world.proxy.writes().slice(writes)).toEqual([]);
    expect(world.pid).toBe(daemon);
    expect(conditionOf((await world.status(bystander)) as StackStatus, 'Ready')?.status).toBe('True');
  }

  beforeAll(async () => {
    world = await World.create({ flags: ['--delete-grace', '6s'] });
    lab = new Lab();
    stack = `t${world.unique}`;
    bystander = `b${world.unique}`;
    lane = Number.parseInt(world.unique.slice(0, 2), 16);
    await world.write(file(), good());
    await world.write(`${bystander}.yaml`, bystanderManifest());
    await world.start();
    daemon = world.pid;
    await world.untilReady(stack);
    await world.untilReady(bystander);
    await expectQuiet(world, stack);
  });
  afterAll(async () => {
    await world.dispose();
    await lab.dispose();
  });

  describe('in a manifest', () => {
    test.each(FAULTS)('$what', async ({ spoil, code, at }) => {
      const before = await identities();
      const writes = world.proxy.writes().length;
      const bad = spoil(good());
      const path = await world.write(file(), bad);
      const problem = await untilProblem(code);
      expect((at ?? [undefined]).map((text) => placeIn(path, bad, text))).toContainEqual(problem.at);
      expect(problem.hint ?? '').not.toBe('');
      await expectUntouched(before, writes);
      await mend(before);
    });

    test('a fault after another fault: the first is not told any more', async () => {
      const before = await identities();
      const writes = world.proxy.writes().length;
      await world.write(file(), good().replace(WEB_NETWORKS, '    networks: [frnt]\n'));
      await untilProblem('UndefinedNetwork');
      await world.write(file(), good().replace(WEB_NETWORKS, `${WEB_NETWORKS}    image: other\n`));
      await untilProblem('DuplicateKey');
      await expectUntouched(before, writes);
      await mend(before);
    });

    test.each([
      ['an unknown field', 'UnknownField', (text: string) => text.replace('  prune:', '  prun:')],
      ['half a file', 'InvalidYaml', (text: string) => text.slice(0, text.indexOf('100000'))],
      ['no name', 'MissingField', (text: string) => text.replace(`{name: ${bystander}}`, '{}')],
      ['another apiVersion', 'UnknownApiVersion', (text: string) => text.replace('v1alpha1', 'v9')],
    ])('the same with an envelope: %s', async (_, code, spoil) => {
      const before = await identities();
      const writes = world.proxy.writes().length;
      const path = await world.write(`${bystander}.yaml`, spoil(bystanderManifest()));
      const told = await eventually(
        `its status tells of ${code}`,
        async () => (await world.status(bystander))?.problems.find((problem) => problem.code === code),
        { withinMs: 60_000, everyMs: 100 },
      );
      expect(told).toMatchObject({ severity: 'error', at: { file: path }, hint: expect.stringMatching(/./) });
      await look(world, bystander);
      expect(await identities()).toEqual(before);
      await world.write(`${bystander}.yaml`, bystanderManifest());
      await world.untilReady(bystander);
      await expectUntouched(before, writes);
    });

    test('a file of 100 MB', async () => {
      const before = await identities();
      const writes = world.proxy.writes().length;
      await truncate(join(world.manifests, file()), 100 * MIB);
      expect((await untilProblem('Unreadable')).message).toContain('too large');
      await expectUntouched(before, writes);
      await mend(before);
    });

    test.each([
      ['a link that leads outside', (path: string) => symlink('/etc/hostname', path)],
      ['a link that leads nowhere', (path: string) => symlink('nowhere.yaml', path)],
      ['a FIFO', (path: string) => promisify(execFile)('mkfifo', [path])],
    ])('%s in the place of the file', async (_, make) => {
      const before = await identities();
      const writes = world.proxy.writes().length;
      const path = join(world.manifests, file());
      await rm(path);
      await make(path);
      const problem = await untilProblem('Unreadable');
      expect(problem.at).toEqual({ file: path, line: 1, column: 1 });
      await expectUntouched(before, writes);
      await rm(path, { recursive: true });
      await mend(before);
    });

    test('a broken file beside the good ones is told, and is nobody’s problem', async () => {
      const before = await identities();
      const writes = world.proxy.writes().length;
      const path = await world.write('new.compose.yaml', 'services: {web: {image: [}}\n');
      await eventually(
        'the log tells of it',
        async () => ((await world.log()).includes(path) ? true : undefined),
        { withinMs: 60_000, everyMs: 100 },
      );
      await expectUntouched(before, writes);
      await rm(path);
    });

    test('a daemon that starts with the file broken knows what it meant before', async () => {
      const before = await identities();
      await world.write(file(), good().slice(0, 60));
      await untilProblem('InvalidYaml');
      await world.stop();
      const writes = world.proxy.writes().length;
      await world.start();
      daemon = world.pid;
      await untilProblem('InvalidYaml');
      await expectUntouched(before, writes);
      await mend(before);
    });
  });

  describe('in the world, which only the engine knows', () => {
    /** The condition that a fault of the world must lead to, with a hint in its message. */
    async function untilStalled(reason: string): Promise<string> {
      const told = await untilTold((status) => conditionOf(status, 'Stalled')?.reason === reason, reason);
      expect(conditionOf(told, 'Ready')?.status).toBe('False');
      return conditionOf(told, 'Stalled')?.message ?? '';
    }

    test('a port that another stack has', async () => {
      const before = await identities();
      const writes = world.proxy.writes().length;
      await world.write(file(), good().replace(`${20000 + lane}:80`, `${21000 + lane}:80`));
      expect(await untilStalled('PortTaken')).toContain(names().other);
      await expectUntouched(before, writes);
      await mend(before);
    });

    test('a port that a foreign container has, until that one goes', async () => {
      const before = await identities();
      const foreign = await lab.outside.runForeign(`${stack}-foreign`, { hostPorts: [22000 + lane] });
      const writes = world.proxy.writes().length;
      await world.write(file(), good().replace(`${20000 + lane}:80`, `${22000 + lane}:80`));
      expect(await untilStalled('PortTaken')).toContain(`${stack}-foreign`);
      await expectUntouched(before, writes);
      await world.docker.getContainer(foreign).remove({ force: true });
      await world.untilReady(stack, { withinMs: 60_000 });
      const now = await identities();
      expect(now[0]?.id).not.toBe(before[0]?.id);
      expect(now.slice(1)).toEqual(before.slice(1));
      await world.write(file(), good());
      await eventually(
        'the port is back',
        async () => {
          // Between the removal of the old one and the renaming of the new one, nobody has the name.
          const wire = await world.docker
            .getContainer(names().web)
            .inspect()
            .catch(() => undefined);
          return JSON.stringify(wire?.HostConfig.PortBindings)?.includes(`${20000 + lane}`) === true
            ? true
            : undefined;
        },
        { withinMs: 60_000, everyMs: 100 },
      );
      await world.untilReady(stack);
    });

    test('a subnet that another network has', async () => {
      const before = await identities();
      const writes = world.proxy.writes().length;
      await world.write(file(), good().replace(`10.232.${lane}`, `10.233.${lane}`));
      expect(await untilStalled('SubnetOverlap')).toContain(`${bystander}_only`);
      await expectUntouched(before, writes);
      await mend(before);
    });

    test('an image that cannot be had', async () => {
      const before = await identities();
      const missing = `${SMALL_IMAGE.split('/')[0]}/missing-${stack}:1`;
      await world.write(file(), good().replace(SMALL_IMAGE, missing));
      const told = await untilTold((status) => {
        const ready = conditionOf(status, 'Ready');
        return ready?.status === 'False' && ready.message.includes(missing);
      }, 'the missing image');
      expect(['ImageMissing', 'StepFailed']).toContain(conditionOf(told, 'Ready')?.reason);
      expect(await identities()).toEqual(before);
      expect(world.pid).toBe(daemon);
      await mend(before);
    });

    test('a name that a foreign container has, until that one goes', async () => {
      const before = await identities();
      const name = `${stack}-taken`;
      const foreign = await lab.outside.runForeign(name);
      const writes = world.proxy.writes().length;
      await world.write(file(), good().replace('  db:\n', `  db:\n    container_name: ${name}\n`));
      expect(await untilStalled('NameTakenByForeign')).toContain(name);
      await expectUntouched(before, writes);
      expect(await lab.outside.isRunning(foreign)).toBe(true);
      await world.docker.getContainer(foreign).remove({ force: true });
      await world.untilReady(stack, { withinMs: 60_000 });
      expect((await world.docker.getContainer(name).inspect()).Id).not.toBe(foreign);
      await mend(before);
      expect((await objectsOf(world.docker, stack)).containers).toEqual([names().db, names().web].sort());
    });

    test('an external network that is missing, until it is made', async () => {
      const before = await identities();
      const network = `${stack}-shared`;
      const writes = world.proxy.writes().length;
      await world.write(
        file(),
        good()
          .replace(WEB_NETWORKS, '    networks: [front, shared]\n')
          .replace('networks:\n  front', `networks:\n  shared: {name: ${network}, external: true}\n  front`),
      );
      expect(await untilStalled('ExternalMissing')).toContain(network);
      await expectUntouched(before, writes);
      await lab.outside.createForeignNetwork(network);
      await world.untilReady(stack, { withinMs: 60_000 });
      const { NetworkSettings } = await world.docker.getContainer(names().web).inspect();
      expect(Object.keys(NetworkSettings.Networks)).toContain(network);
      expect((await identities())[0]).toEqual(before[0]);
      await mend(before);
    });

    test('a port that a process of the host has: what worked keeps running', async () => {
      const before = await identities();
      const port = 23000 + lane;
      const host = await world.docker.createContainer({
        name: `${stack}-host`,
        Image: SMALL_IMAGE,
        Cmd: ['httpd', '-f', '-p', String(port)],
        Labels: { 'stackctl-test-run': lab.instance },
        StopSignal: 'SIGKILL',
        HostConfig: { NetworkMode: 'host' },
      });
      await host.start();
      await world.write(file(), good().replace(`${20000 + lane}:80`, `${port}:80`));
      const told = await untilTold((status) => {
        const ready = conditionOf(status, 'Ready');
        return ready?.status === 'False' && ready.message.includes(String(port));
      }, 'the port');
      expect(conditionOf(told, 'Ready')?.message ?? '').not.toBe('');
      await eventually(
        'the old one runs',
        async () => {
          const { Id, State } = await world.docker.getContainer(names().web).inspect();
          return Id === before[0]?.id && State.Running ? true : undefined;
        },
        { withinMs: 60_000, everyMs: 100 },
      );
      const now = await identities();
      expect(now.slice(1)).toEqual(before.slice(1));
      expect(world.pid).toBe(daemon);
      await mend(now);
      expect((await objectsOf(world.docker, stack)).containers).toEqual([names().db, names().web].sort());
      await host.remove({ force: true });
    });
  });

  describe('in the directory', () => {
    test('emptied, it deletes nothing', async () => {
      const before = await identities();
      const writes = world.proxy.writes().length;
      await rm(join(world.manifests, file()));
      await rm(join(world.manifests, `${bystander}.yaml`));
      await untilWarned('SourceSuspect');
      await untilScans(2);
      expect(await identities()).toEqual(before);
      expect(world.proxy.writes().slice(writes)).toEqual([]);
      await world.stop();
      await world.start();
      daemon = world.pid;
      await untilWarned('SourceSuspect');
      await expectUntouched(before, writes);
      await world.docker.getContainer(names().db).stop({ t: 0 });
      await eventually(
        'even now it is healed',
        async () => {
          const { State } = await world.docker.getContainer(names().db).inspect();
          return State.Running ? true : undefined;
        },
        { withinMs: 60_000, everyMs: 100 },
      );
      await world.write(`${bystander}.yaml`, bystanderManifest());
      await world.write(file(), good());
      await untilTold(({ problems }) => problems.length === 0, 'nothing any more');
      const [web, , other] = await identities();
      expect([web, other]).toEqual([before[0], before[2]]);
    });

    test('replaced by another one, it deletes nothing', async () => {
      const before = await identities();
      const writes = world.proxy.writes().length;
      const away = join(world.directory, 'away');
      await rename(world.manifests, away);
      await mkdir(world.manifests);
      await writeFile(join(world.manifests, `${bystander}.yaml`), bystanderManifest());
      await untilWarned('SourceSuspect');
      await untilScans(2);
      expect(await identities()).toEqual(before);
      await rm(world.manifests, { recursive: true });
      await untilScans(2);
      expect(await identities()).toEqual(before);
      await rename(away, world.manifests);
      await expectUntouched(before, writes);
    });

    test('a file that goes and comes back within the grace deletes nothing', async () => {
      const before = await identities();
      const writes = world.proxy.writes().length;
      const path = join(world.manifests, file());
      await rename(path, join(world.directory, 'kept'));
      await untilWarned('GracePeriod');
      await rename(join(world.directory, 'kept'), path);
      await untilTold(({ problems }) => problems.length === 0, 'nothing any more');
      await expectUntouched(before, writes);
    });

    test('a file that is gone for good takes its stack along, and leaves the volumes', async () => {
      const [, , other] = await identities();
      await inside(world.docker, names().web, ['sh', '-c', 'echo precious > /data/file']);
      await rm(join(world.manifests, file()));
      await eventually(
        'the stack is gone',
        async () => {
          const { containers, networks } = await objectsOf(world.docker, stack);
          return containers.length + networks.length === 0 ? true : undefined;
        },
        { withinMs: 60_000, everyMs: 200 },
      );
      expect((await objectsOf(world.docker, stack)).volumes).toEqual([`${stack}_data`]);
      expect(await identityOf(world.docker, names().other)).toEqual(other);
      await eventually(
        'the stack is forgotten',
        async () => ((await world.status(stack)) === undefined ? true : undefined),
        { withinMs: 60_000, everyMs: 100 },
      );
      await world.write(file(), good());
      await world.untilReady(stack);
      const kept = await inside(world.docker, names().web, ['cat', '/data/file']);
      expect(kept).toEqual({ code: 0, stdout: 'precious\n', stderr: '' });
      expect(world.pid).toBe(daemon);
    });
  });
});

/** Where a text stands in a file, as problems tell it. */
function placeIn(path: string, text: string, sought: string | undefined): Problem['at'] {
  const before = text.slice(0, sought === undefined ? 0 : text.lastIndexOf(sought));
  const lines = before.split('\n');
  return { file: path, line: lines.length, column: (lines.at(-1) ?? '').length + 1 };
}
