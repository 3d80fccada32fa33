import { chmod, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { identityOf, inspectOf, look, objectsOf } from '../support/engine-view.ts';
import { eventually } from '../support/eventually.ts';
import { hasEngine, SMALL_IMAGE } from '../support/lab.ts';
import { World } from '../support/stackctld.ts';

const POLICY = `apiVersion: stackctl.io/v1alpha1
kind: PolicyConfiguration
defaults: {enforce: baseline}
sources:
  applied: {enforce: restricted}
`;

const service = (more = ''): string =>
  `services:\n  web:\n    image: ${SMALL_IMAGE}\n    command: [sleep, "600"]\n    stop_signal: SIGKILL\n${more}`;

const HOST_VOLUME = `${service('    volumes: ["data:/data"]\n')}volumes:
  data:
    driver_opts: {type: none, o: bind, device: /etc}
`;

describe.skipIf(!hasEngine())('a daemon with a policy', () => {
  let world: World;

  beforeAll(async () => {
    world = await World.create();
    const policy = join(world.directory, 'policy.yaml');
    await writeFile(policy, policyFor(world), { mode: 0o600 });
    await world.start(['--policy', policy]);
  });
  afterAll(async () => {
    await world.dispose();
  });

  const policyFor = ({ unique }: World) => `${POLICY}exemptions: {stacks: [exempt-${unique}]}\n`;
  const named = (what: string) => `${what}-${world.unique}`;
  const put = (what: string, text: string) =>
    world.write(`${named(what)}/compose.yaml`, `name: ${named(what)}\n${text}`);

  const untilRefused = (stack: string) =>
    eventually(
      `${stack} is refused`,
      async () => {
        const status = await world.status(stack);
        const ready = status?.conditions.find(({ type }) => type === 'Ready');
        return ready?.reason === 'PolicyViolation' ? status : undefined;
      },
      { withinMs: 60_000 },
    );

  test('refuses a volume that is a directory of the host, makes nothing of it, and leaves others alone', async () => {
    await put('good', service('    ports: ["80"]\n    volumes: ["./data:/data", "/anonymous"]\n'));
    await world.untilReady(named('good'));
    const before = await identityOf(world.docker, `${named('good')}-web-1`);
    const writes = world.proxy.writes().length;
    const file = await put('bad', HOST_VOLUME);
    const status = await untilRefused(named('bad'));

    const [problem] = status.problems;
    expect(problem).toMatchObject({
      severity: 'error',
      code: 'PolicyViolation',
      path: 'volumes.data.driver_opts',
    });
    expect(problem?.at).toMatchObject({ file, line: 10 });
    expect(await objectsOf(world.docker, named('bad'))).toEqual({
      containers: [],
      networks: [],
      volumes: [],
    });
    expect(world.proxy.writes().slice(writes)).toEqual([]);

    const described = await world.ctl('describe', 'stack', named('bad'));
    expect(described.stdout).toContain('violates the policy "baseline" (volume-device)');
    const listed = await world.ctl('get', 'stack', named('bad'), '-o', 'wide');
    expect(listed.stdout).toContain('volume-device');
    expect(await identityOf(world.docker, `${named('good')}-web-1`)).toEqual(before);
    expect((await world.status(named('good')))?.problems).toEqual([]);
  });

  test('keeps a stack as it was when its manifest asks for more, and goes on when it no longer does', async () => {
    const stack = named('greedy');
    await put('greedy', service());
    await world.untilReady(stack);
    const before = await identityOf(world.docker, `${stack}-web-1`);
    await put('greedy', service('    privileged: true\n    pid: host\n'));
    const status = await untilRefused(stack);
    expect(status.problems.map(({ path }) => path)).toEqual(['services.web.privileged', 'services.web.pid']);
    await look(world, stack);
    expect(await identityOf(world.docker, `${stack}-web-1`)).toEqual(before);
    await put('greedy', service('    environment: {A: b}\n'));
    await world.untilReady(stack, { generation: 2 });
    expect((await identityOf(world.docker, `${stack}-web-1`)).id).not.toBe(before.id);
  });

  test('holds what is applied to another level, and apply says why and exits with 1', async () => {
    const file = await world.file(
      `${named('pushed')}/compose.yaml`,
      `name: ${named('pushed')}\n${service()}`,
    );
    const refused = await world.ctl('apply', '-f', file);
    expect(refused.code).toBe(1);
    for (const rule of ['run-as-non-root', 'drop-capabilities', 'privilege-escalation']) {
      expect(refused.stderr).toContain(`(${rule})`);
    }
    expect(await objectsOf(world.docker, named('pushed'))).toMatchObject({ containers: [], networks: [] });
    const validated = await world.ctl('validate', '-f', file, '--policy-level', 'restricted');
    expect(validated.code).toBe(1);
    expect((await world.ctl('validate', '-f', file, '--policy-level', 'baseline')).code).toBe(0);

    const hardened =
      '    user: "1000:1000"\n    cap_drop: [ALL]\n    security_opt: ["no-new-privileges:true"]\n';
    await world.file(`${named('pushed')}/compose.yaml`, `name: ${named('pushed')}\n${service(hardened)}`);
    const applied = await world.ctl('apply', '-f', file, '--timeout', '60s');
    expect(applied.code, applied.stderr).toBe(0);
    const wire = await world.docker.getContainer(`${named('pushed')}-web-1`).inspect();
    expect(wire.Config.User).toBe('1000:1000');
  });

  test('lets an exempt stack do everything', async () => {
    await put('exempt', service('    pid: host\n'));
    const status = await world.untilReady(named('exempt'));
    expect(status.problems).toEqual([]);
    const wire = await inspectOf(world.docker, `${named('exempt')}-web-1`);
    expect(wire?.HostConfig.PidMode).toBe('host');
  });

  test('does not mount a volume of another stack, which only the engine knows', async () => {
    await put('owner', `${service('    volumes: ["data:/data"]\n')}volumes: {data: {}}\n`);
    await world.untilReady(named('owner'));
    const borrowed = `${named('owner')}_data`;
    await put(
      'thief',
      `${service('    volumes: ["data:/data"]\n')}volumes: {data: {external: true, name: ${borrowed}}}\n`,
    );
    const status = await eventually('the create is refused', async () => {
      const found = await world.status(named('thief'));
      const reconciling = found?.conditions.find(({ type }) => type === 'Reconciling');
      return reconciling?.reason === 'StepFailed' ? reconciling : undefined;
    });
    expect(status.message).toContain('(foreign-volume)');
    expect((await objectsOf(world.docker, named('thief'))).containers).toEqual([]);
  });

  test('goes by where a link leads, also when it was changed after it was looked at', async () => {
    const directory = join(world.manifests, named('linked'));
    await mkdir(join(directory, 'real'), { recursive: true });
    await symlink('real', join(directory, 'data'));
    await put('linked', service('    volumes: ["./data:/data"]\n'));
    await world.untilReady(named('linked'));
    await rm(join(directory, 'data'));
    await symlink('/etc', join(directory, 'data'));
    // Made again: by a hand that takes the container away.
    await world.docker.getContainer(`${named('linked')}-web-1`).remove({ force: true });
    const status = await untilRefused(named('linked'));
    expect(status.problems[0]?.message).toContain('it leads to /etc');
    expect((await objectsOf(world.docker, named('linked'))).containers).toEqual([]);
  });

  test('does not start with a policy that others may write, or that is wrong', async () => {
    const other = await World.create();
    try {
      const policy = join(other.directory, 'policy.yaml');
      await writeFile(policy, POLICY);
      await chmod(policy, 0o666);
      await expect(started(other, policy)).resolves.toContain('others may write to it');
      await writeFile(policy, POLICY.replace('baseline', 'base'));
      await chmod(policy, 0o600);
      await expect(started(other, policy)).resolves.toContain(`${policy}:3:21`);
    } finally {
      await other.dispose();
    }
  });
});

/** What a daemon says that does not come up. */
async function started(world: World, policy: string): Promise<string> {
  const { stdout, stderr } = await world.startInVain(['--policy', policy]);
  const said = stdout + stderr;
  expect(said).toContain('"level":60');
  return said;
}
