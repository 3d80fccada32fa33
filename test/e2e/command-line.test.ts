// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Compose's variables
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AppliedStacks } from '../support/applied-stacks.ts';
import { hasEngine } from '../support/lab.ts';
import { World } from '../support/stackctld.ts';

describe.skipIf(!hasEngine())('a person at the command line', () => {
  let world: World;
  let stacks: AppliedStacks;
  let web: string;
  let other: string;

  const manifest = (name: string, team: string) => `apiVersion: stackctl.io/v1alpha1
kind: Stack
metadata: {name: ${name}, labels: {team: ${team}}}
spec:
  interval: 1m
  services:
    web:
      image: stackctl.local/busybox:\${TAG:-1}
      restart: unless-stopped
      environment: {WHO: "\${WHO}", COST: "5$$"}
      env_file: [web.env]
      volumes: [data:/data]
      networks: {own: {aliases: [www]}, cut: }
  networks: {own: {}, cut: {internal: true}}
  volumes: {data: {}}
`;

  async function applied(team: string): Promise<string> {
    const name = stacks.newName();
    await world.file(`${name}/.env`, 'WHO=of-the-env-file\n');
    await world.file(`${name}/web.env`, 'PASSWORD=of-another-file\n');
    const path = await world.file(`${name}/stack.yaml`, manifest(name, team));
    expect(await world.ctl('apply', '-f', path)).toMatchObject({ code: 0 });
    return name;
  }

  beforeAll(async () => {
    world = await World.create();
    stacks = new AppliedStacks(world);
    await world.start();
    web = await applied('web');
    other = await applied('other');
  });
  afterAll(async () => {
    await stacks?.deleteAll();
    await world?.dispose();
  });

  test('tree shows what the engine has of a stack', async () => {
    const { code, stdout } = await world.ctl('tree', web);
    expect(code).toBe(0);
    expect(stdout.split('\n').map((line) => /^[│├└─ ]*\S*/.exec(line)?.[0])).toEqual([
      'NAME',
      `stack/${web}`,
      '├── service/web',
      `│   └── container/${web}-web-1`,
      `├── network/${web}_cut`,
      `├── network/${web}_own`,
      `└── volume/${web}_data`,
      '',
    ]);
  });

  test('labels choose stacks, and what they choose can be waited for', async () => {
    expect((await world.ctl('get', 'stacks', '-l', 'team=web', '-o', 'name')).stdout).toBe(`stack/${web}\n`);
    const goal = '--for=jsonpath={.services[?(@.name=="web")].ready}=1';
    expect(await world.ctl('wait', '-l', 'team in (web,other)', goal)).toMatchObject({ code: 0 });
    expect(
      await world.ctl('wait', web, '--for=jsonpath={.health}=Degraded', '--timeout', '1s'),
    ).toMatchObject({
      code: 1,
    });
    expect((await world.ctl('suspend', '-l', 'team=other')).stdout).toBe(`stack/${other} suspended\n`);
    expect((await world.ctl('resume', '-l', 'team=other')).stdout).toBe(`stack/${other} resumed\n`);
  });

  test('events --for a service are of its containers only', async () => {
    const { stdout } = await world.ctl('events', '--for', `service/${web}/web`, '-o', 'json');
    const { items } = JSON.parse(stdout) as { items: { object: string }[] };
    expect(items.length).toBeGreaterThan(0);
    for (const { object } of items) expect(object.startsWith(`container/${web}-web-1`), object).toBe(true);
  });

  test('what was exported and is applied again, from elsewhere, changes nothing', async () => {
    const before = await stacks.containers(web);
    const exported = await world.ctl('export', web);
    expect(exported).toMatchObject({ code: 0, stderr: '' });
    expect(exported.stdout).not.toMatch(/of-the-env-file|of-another-file/);
    const path = await world.file('exported/stack.yaml', exported.stdout);
    await stacks.withoutWrites(async () => {
      expect(await world.ctl('diff', '-f', path)).toMatchObject({ code: 0, stdout: '' });
      expect(await world.ctl('apply', '-f', path)).toMatchObject({ code: 0 });
      await world.writesOfTwoPasses(web);
    });
    expect(await stacks.containers(web)).toEqual(before);
    expect((await world.ctl('export', web)).stdout).toBe(exported.stdout);
  });

  test('names are completed from the daemon, fields from the schemas', async () => {
    expect(await world.offered('describe', web.slice(0, -1))).toContain(web);
    expect(await world.offered('logs', web, '')).toEqual(['web', ':4']);
    expect(await world.offered('explain', 'stack.spec.suspe')).toEqual(['stack.spec.suspend', ':4']);
    expect((await world.ctl('explain', 'stack.spec.services.healthcheck')).stdout).toContain(
      'start_period <string>',
    );
  });

  test('a name that is nearly right gets a suggestion', async () => {
    const ran = await world.ctl('describe', `${web}x`);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain(`did you mean ${web}?`);
  });

  test('delete -l removes the stacks of a team and no other', async () => {
    expect(await world.ctl('delete', '-l', 'team=other', '--volumes')).toMatchObject({
      code: 0,
      stdout: `stack/${other} deleted\n`,
    });
    expect(await stacks.containers(other)).toEqual([]);
    expect(await stacks.containers(web)).toHaveLength(1);
  });
});
