import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContainerInspectInfo } from 'dockerode';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { AI_STACK_SAYS, drawnMatrix } from '../support/ai-stack-guide.ts';
import { freePort } from '../support/free-port.ts';
import { ensureExampleImages } from '../support/images.ts';
import { inside } from '../support/inside.ts';
import {
  answersTo,
  differencesIn,
  healAll,
  loseAlias,
  matrixOf,
  publishByHand,
  reachIn,
  suspendAll,
  verifyOf,
} from '../support/isolation.ts';
import { hasEngine } from '../support/lab.ts';
import { World } from '../support/stackctld.ts';

const EXAMPLE = join(import.meta.dirname, '../../manifests/ai-stack');
const MIB = 1024 * 1024;
const SECOND_NS = 1_000_000_000;

interface Hardened {
  readonly user: string;
  readonly networks: readonly string[];
  readonly limits: { readonly cpus: number; readonly memoryMib: number; readonly pids: number };
  readonly reservedMib: number;
  /** Test, interval, timeout (s), retries, start period (s). */
  readonly health: readonly [readonly string[], number, number, number, number];
}

const get = (url: string, client: 'curl' | 'wget'): readonly string[] =>
  client === 'curl'
    ? ['CMD', 'curl', '-fsS', '-o', '/dev/null', url]
    : ['CMD', 'wget', '-q', '-O', '/dev/null', url];
const small = (networks: readonly string[], url: string): Hardened => ({
  user: 'app',
  networks,
  limits: { cpus: 0.25, memoryMib: 32, pids: 50 },
  reservedMib: 8,
  health: [get(url, 'wget'), 5, 3, 3, 0],
});

/** What stack.yaml says of each service, as a person who reads it would write it down. */
const SERVICES: Readonly<Record<string, Hardened>> = {
  nginx: {
    user: 'www-data',
    networks: ['public-net'],
    limits: { cpus: 0.5, memoryMib: 64, pids: 50 },
    reservedMib: 16,
    health: [get('http://127.0.0.1:8080/nginx-health', 'curl'), 5, 3, 3, 0],
  },
  gateway: {
    // Its image's own user.
    user: 'app',
    networks: ['ai-net', 'monitoring-net', 'public-net'],
    limits: { cpus: 0.5, memoryMib: 256, pids: 100 },
    reservedMib: 64,
    health: [get('http://127.0.0.1:8000/health', 'curl'), 5, 3, 3, 15],
  },
  litellm: {
    user: 'app',
    networks: ['ai-net'],
    limits: { cpus: 0.5, memoryMib: 128, pids: 100 },
    reservedMib: 32,
    health: [get('http://127.0.0.1:4000/health', 'curl'), 5, 3, 3, 10],
  },
  redis: {
    user: 'redis',
    networks: ['ai-net'],
    limits: { cpus: 0.5, memoryMib: 128, pids: 50 },
    reservedMib: 32,
    health: [['CMD', 'redis-cli', 'ping'], 5, 3, 3, 0],
  },
  postgres: {
    user: 'postgres',
    networks: ['ai-net'],
    limits: { cpus: 1, memoryMib: 256, pids: 100 },
    reservedMib: 64,
    health: [['CMD-SHELL', 'pg_isready -q -h 127.0.0.1 -U "$POSTGRES_USER" -d "$POSTGRES_DB"'], 5, 3, 5, 30],
  },
  qdrant: small(['ai-net'], 'http://127.0.0.1:6333/healthz'),
  prometheus: small(['monitoring-net'], 'http://127.0.0.1:9090/-/healthy'),
  grafana: small(['monitoring-net'], 'http://127.0.0.1:3000/api/health'),
  loki: small(['monitoring-net'], 'http://127.0.0.1:3100/ready'),
};

/** Of a test in which all pairs are probed, once or twice. */
const LONG_MS = 1_200_000;

const allThree = (finding: 'yes' | 'no') => ({ declared: finding, observed: finding, probed: finding });

describe.skipIf(!hasEngine())('the AI stack of the guide', () => {
  let world: World;
  let stack: string;
  let port: number;
  let grafanaPort: number;

  const inspect = (service: string): Promise<ContainerInspectInfo> =>
    world.docker.getContainer(`${stack}-${service}-1`).inspect();
  const run = (service: string, ...command: string[]) =>
    inside(world.docker, `${stack}-${service}-1`, command);
  const published = (wire: ContainerInspectInfo) =>
    Object.entries(wire.NetworkSettings.Ports ?? {}).flatMap(([inner, bindings]) =>
      (bindings ?? []).map(({ HostIp, HostPort }) => `${HostIp}:${HostPort}->${inner}`),
    );

  beforeAll(async () => {
    world = await World.create();
    stack = `ai${world.unique}`;
    await ensureExampleImages(world.docker, inject('engineHost') ?? '');
    [port, grafanaPort] = [await freePort(), await freePort()];
    const directory = join(world.manifests, 'ai-stack');
    await cp(EXAMPLE, directory, { recursive: true });
    const manifest = join(directory, 'stack.yaml');
    const text = await readFile(manifest, 'utf8');
    await writeFile(manifest, text.replace('\n  name: ai-stack\n', `\n  name: ${stack}\n`));
    const policy = join(directory, 'reachability.yaml');
    await writeFile(policy, (await readFile(policy, 'utf8')).replaceAll('ai-stack', stack));
    await writeFile(join(directory, '.env'), `AI_STACK_PORT=${port}\nGRAFANA_PORT=${grafanaPort}\n`);
    await world.start();
    await world.untilReady(stack, { withinMs: 180_000 });
  });
  afterAll(async () => {
    await world.dispose();
    await world.docker
      .getImage(`${stack}-gateway`)
      .remove({ force: true })
      .catch(() => undefined);
  });

  test('a request to the published port reaches the gateway behind nginx', async () => {
    const response = await fetch(`http://127.0.0.1:${port}/health`);
    expect(response.status).toBe(200);
    expect(response.headers.get('server')).toBe('nginx');
    expect(await response.json()).toEqual({ status: 'ok' });
  });

  test('the gateway reaches model, cache and database by name, at the addresses they have on ai-net', async () => {
    const response = await fetch(`http://127.0.0.1:${port}/deps`);
    const { ready, reached } = (await response.json()) as {
      ready: boolean;
      reached: Record<string, { ok: boolean; address: string }>;
    };
    expect(ready).toBe(true);
    expect(Object.keys(reached).sort()).toEqual(['litellm', 'postgres', 'redis']);
    for (const [service, { ok, address }] of Object.entries(reached)) {
      const endpoint = (await inspect(service)).NetworkSettings.Networks[`${stack}_ai-net`];
      expect({ service, ok, address }).toEqual({ service, ok: true, address: endpoint?.IPAddress });
    }
  });

  test('a question goes all the way to the model, with the secret key, and back', async () => {
    const ask = async () => {
      const response = await fetch(`http://127.0.0.1:${port}/chat`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ message: 'What is a bridge?' }),
      });
      return { status: response.status, body: (await response.json()) as { reply: string; cached: boolean } };
    };
    const first = await ask();
    expect(first.status).toBe(200);
    expect(first.body.reply).toContain('What is a bridge?');
    // The second answer comes from redis.
    expect((await ask()).body).toEqual({ ...first.body, cached: true });
    const counted = await run('redis', 'redis-cli', 'dbsize');
    expect(counted.stdout.trim()).toBe('1');
  });

  test('nginx finds the gateway by name, and neither redis nor postgres nor litellm', async () => {
    expect((await run('nginx', 'getent', 'ahostsv4', 'gateway')).code).toBe(0);
    const hidden = ['redis', 'postgres', 'litellm', 'qdrant', 'prometheus', 'grafana', 'loki'];
    // At once: 20.10 asks the name servers of the host for each, and where there are none that takes ten seconds.
    const answers = await Promise.all(hidden.map((name) => run('nginx', 'getent', 'ahostsv4', name)));
    // getent: 2 is "not found".
    expect(answers.map(({ code }) => code)).toEqual(hidden.map(() => 2));
  });

  test('nginx does not reach redis by its address either, as the gateway does', async () => {
    const address = (await inspect('redis')).NetworkSettings.Networks[`${stack}_ai-net`]?.IPAddress;
    const connect = (from: string, seconds: string) =>
      run(from, 'timeout', seconds, 'bash', '-c', `exec 3<>/dev/tcp/${address}/6379`);
    expect((await connect('gateway', '20')).code).toBe(0);
    expect((await connect('nginx', '2')).code).not.toBe(0);
  });

  test('nginx is published to the world, grafana to this host, and nothing else at all', async () => {
    const ports = await Promise.all(
      Object.keys(SERVICES).map(async (service) => [service, published(await inspect(service))] as const),
    );
    expect(Object.fromEntries(ports.filter(([, all]) => all.length > 0))).toEqual({
      nginx: [`0.0.0.0:${port}->8080/tcp`],
      grafana: [`127.0.0.1:${grafanaPort}->3000/tcp`],
    });
    expect((await fetch(`http://127.0.0.1:${grafanaPort}/api/health`)).status).toBe(200);
  });

  test.each(Object.entries(SERVICES))(
    '%s runs as hardened and limited as written',
    async (service, wanted) => {
      const { Config, HostConfig, NetworkSettings, State } = await inspect(service);
      const [command, interval, timeout, retries, startPeriod] = wanted.health;
      expect({
        user: Config.User,
        networks: Object.keys(NetworkSettings.Networks).sort(),
        nanoCpus: HostConfig.NanoCpus,
        memory: HostConfig.Memory,
        reservation: HostConfig.MemoryReservation,
        pids: HostConfig.PidsLimit,
        restart: HostConfig.RestartPolicy?.Name,
        readOnly: HostConfig.ReadonlyRootfs,
        capDrop: HostConfig.CapDrop,
        capAdd: HostConfig.CapAdd ?? [],
        privileged: HostConfig.Privileged,
        security: HostConfig.SecurityOpt,
        log: HostConfig.LogConfig,
        health: Config.Healthcheck,
        isHealthy: State.Health?.Status,
      }).toEqual({
        user: wanted.user,
        networks: wanted.networks.map((network) => `${stack}_${network}`),
        nanoCpus: wanted.limits.cpus * 1e9,
        memory: wanted.limits.memoryMib * MIB,
        reservation: wanted.reservedMib * MIB,
        pids: wanted.limits.pids,
        restart: 'unless-stopped',
        readOnly: true,
        capDrop: ['ALL'],
        capAdd: [],
        privileged: false,
        // What the manifest writes with a colon.
        security: ['no-new-privileges=true'],
        log: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
        health: {
          Test: command,
          Interval: interval * SECOND_NS,
          Timeout: timeout * SECOND_NS,
          Retries: retries,
          ...(startPeriod === 0 ? {} : { StartPeriod: startPeriod * SECOND_NS }),
        },
        isHealthy: 'healthy',
      });
    },
  );

  test('a secret stands in a file only its readers have, and in no setting of a container', async () => {
    const secret = (await readFile(join(EXAMPLE, 'secrets/demo-only.postgres-password'), 'utf8')).trim();
    expect((await run('gateway', 'cat', '/run/secrets/postgres_password')).stdout.trim()).toBe(secret);
    expect((await run('litellm', 'cat', '/run/secrets/postgres_password')).code).not.toBe(0);
    for (const service of Object.keys(SERVICES)) {
      expect(JSON.stringify(await inspect(service))).not.toContain(secret);
    }
    expect(await world.log()).not.toContain(secret);
  });

  test('what the guide says, the matrix and the probes agree, cell by cell', {
    timeout: LONG_MS,
  }, async () => {
    const matrices = await matrixOf(world);
    const full = (end: string) => (end in SERVICES ? `${stack}/${end}` : end);
    for (const matrix of [matrices.declared, matrices.observed]) {
      const found = drawnMatrix().map(({ from, to }) => ({
        from,
        to,
        reach: reachIn(matrix, full(from), full(to)),
      }));
      expect(found).toEqual(drawnMatrix());
    }

    const { code, report } = await verifyOf(world, stack);
    expect({ code, differences: differencesIn(report), skipped: report.skipped }).toEqual({
      code: 0,
      differences: [],
      skipped: [],
    });
    expect(report.policies).toEqual({ checked: 10, broken: [] });
    const services = Object.keys(SERVICES);
    const drawn = drawnMatrix().filter(({ from, to }) => services.includes(from) && services.includes(to));
    for (const { from, to, reach } of drawn.filter(({ from, to }) => from !== to)) {
      const cells = report.cells.filter((cell) => cell.from === full(from) && cell.to === full(to));
      const ways = cells.filter(({ kind }) => kind === 'service');
      // Of nginx alone a port is published, which is the one that it listens on.
      const isOpen = ({ what }: { readonly what: string }) =>
        reach === 'all' || (reach === 'ports' && what === '8080/tcp');
      expect(ways.length).toBeGreaterThan(0);
      const wanted = ways.map((cell) => ({ ...cell, ...allThree(isOpen(cell) ? 'yes' : 'no') }));
      expect(ways).toEqual(wanted);
      // Whoever shares a network finds the other by its service's name, and nobody else does.
      const names = cells.filter(({ kind, what }) => kind === 'name' && what === to);
      expect(names).toEqual([expect.objectContaining(allThree(reach === 'all' ? 'yes' : 'no'))]);
    }

    for (const said of AI_STACK_SAYS) {
      const statement = { ...said, from: full(said.from), to: full(said.to) };
      const { expected, found } = answersTo(statement, matrices, report);
      expect(found, said.where).toEqual(expected);
    }
  });

  test('what a hand has broken is found, named and explained, and repaired when it may be', {
    timeout: LONG_MS,
  }, async () => {
    const name = (service: string) => `${stack}-${service}-1`;
    await suspendAll(world, [stack]);
    // Nothing of these is on the way that health of the others goes.
    await world.docker.getNetwork(`${stack}_ai-net`).connect({ Container: name('nginx') });
    await loseAlias(world.docker, name('qdrant'), `${stack}_ai-net`, 'qdrant');
    const opened = await freePort();
    await publishByHand(world.docker, name('prometheus'), '9090/tcp', opened);

    const { code, report } = await verifyOf(world, stack);
    expect(code).toBe(1);
    const differences = differencesIn(report).map((line) => line.replaceAll(`${stack}/`, ''));
    expect(differences).toEqual(
      expect.arrayContaining([
        'name gateway -> qdrant qdrant: yes no no',
        'name nginx -> redis redis: no yes yes',
        `published host -> prometheus 0.0.0.0:${opened} -> 9090/tcp: no yes yes`,
        'service nginx -> postgres 5432/tcp: no yes yes',
        'service nginx -> redis 6379/tcp: no yes yes',
        'service redis -> nginx 80/tcp: no yes yes',
        // By the port on the host, from the other networks.
        'service redis -> prometheus 9090/tcp: no yes yes',
      ]),
    );
    const broken = report.policies.broken.map(({ rule, from = '', to = '' }) =>
      `${rule}: ${from} -> ${to}`.replaceAll(`${stack}/`, ''),
    );
    expect(broken).toEqual(
      expect.arrayContaining([
        'and nothing else: the outside -> prometheus',
        'nginx reaches nothing behind the gateway: nginx -> postgres',
        'nginx reaches nothing behind the gateway: nginx -> redis',
      ]),
    );

    const explain = async (from: string, to: string) =>
      (await world.ctl('net', 'explain', from, to)).stdout.replaceAll(`${stack}/`, '');
    expect(await explain(`${stack}/nginx`, `${stack}/redis`)).toContain(
      `nginx is attached to ${stack}_ai-net, which no manifest gives it`,
    );
    expect(await explain(`${stack}/gateway`, `${stack}/qdrant`)).toContain(
      `qdrant has lost its name qdrant on ${stack}_ai-net`,
    );
    const published = await explain('outside', `${stack}/prometheus`);
    expect(published).toContain('prometheus publishes 9090/tcp, which no manifest asks for');
    expect(published).toContain('`stackctl diff` shows what the daemon will repair');

    await healAll(world, [stack]);
    const healed = await verifyOf(world, stack);
    expect({ code: healed.code, differences: differencesIn(healed.report) }).toEqual({
      code: 0,
      differences: [],
    });
  });

  test('a second pass writes nothing', async () => {
    expect(await world.writesOfTwoPasses(stack)).toEqual([]);
  });
});
