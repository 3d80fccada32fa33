import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StackStatus } from '../../src/model/status.ts';
import { AiHub } from '../support/ai-hub.ts';
import {
  AI_HUB_SAYS,
  ASSIGNED,
  expectedReach,
  expectedWayOut,
  FETCHERS,
  FETCHERS_SAY,
} from '../support/ai-hub-guide.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import {
  answersTo,
  differencesIn,
  healAll,
  loseAlias,
  matrixOf,
  publishByHand,
  reachIn,
  remakeNetwork,
  suspendAll,
  verifyOf,
} from '../support/isolation.ts';
import { hasEngine } from '../support/lab.ts';
import { Outside } from '../support/outside.ts';

const SERVICES = Object.keys({ ...ASSIGNED, ...FETCHERS });
const PAIRS = SERVICES.flatMap((from) =>
  SERVICES.flatMap((to) => (from === to ? [] : [[from, to] as const])),
);
/** A thousand pairs are probed at least once in each of the two longest tests. */
const LONG_MS = 1_200_000;

describe.skipIf(!hasEngine())('the isolation of the AI hub', () => {
  let hub: AiHub;
  /** Where there is one, ways out are tried, and not concluded from routes. */
  let outside: Outside | undefined;

  beforeAll(async () => {
    hub = await AiHub.create();
    outside = Outside.missing() === undefined ? await Outside.create() : undefined;
  });
  afterAll(async () => {
    await outside?.dispose();
    await hub.dispose();
  });

  const full = (end: string) => (SERVICES.includes(end) ? `${hub.name}-s-${end}` : end);
  const short = (text: string) => text.replaceAll(`${hub.name}-s-`, '');
  const wayOut = () => (outside === undefined ? 'default route' : `${outside.address}:${outside.port}`);
  const verify = () => verifyOf(hub.world, ...(outside === undefined ? [] : ['--outside', wayOut()]));

  test(
    'what the guide says, the matrix and the probes agree, cell by cell',
    async () => {
      const matrices = await matrixOf(hub.world);
      for (const matrix of [matrices.declared, matrices.observed]) {
        const reach = (from: string, to: string) => reachIn(matrix, full(from), full(to));
        const found = PAIRS.map(([from, to]) => `${from} -> ${to}: ${reach(from, to)}`);
        expect(found).toEqual(PAIRS.map(([from, to]) => `${from} -> ${to}: ${expectedReach(from, to)}`));
        for (const service of SERVICES) {
          expect(reach('outside', service)).toBe(service === 'proxy/traefik' ? 'ports' : 'none');
          expect(reach(service, 'internet')).toBe(expectedWayOut(service) ? 'all' : 'none');
        }
      }

      const { code, report } = await verify();
      const { skipped, policies } = report;
      const found = { code, differences: differencesIn(report), skipped, broken: policies.broken };
      expect(found).toEqual({ code: 0, differences: [], skipped: [], broken: [] });
      expect(policies.checked).toBeGreaterThan(20);
      const answers = new Map<string, Set<string>>();
      for (const { kind, from, to, declared, observed, probed } of report.cells) {
        if (kind !== 'service') continue;
        const pair = short(`${from} -> ${to}`);
        answers.set(pair, (answers.get(pair) ?? new Set()).add(`${declared} ${observed} ${probed}`));
      }
      const expected = PAIRS.map(([from, to]) => {
        const word = expectedReach(from, to) === 'none' ? 'no' : 'yes';
        return `${from} -> ${to}: ${word} ${word} ${word}`;
      });
      const probed = PAIRS.map((pair) => pair.join(' -> ')).map(
        (pair) => `${pair}: ${[...(answers.get(pair) ?? ['not probed'])].join(', ')}`,
      );
      expect(probed).toEqual(expected);
      for (const said of [...AI_HUB_SAYS, ...FETCHERS_SAY]) {
        const statement = { ...said, from: full(said.from), to: full(said.to) };
        const { expected, found } = answersTo(statement, matrices, report);
        expect(found, said.where).toEqual(expected);
      }
    },
    LONG_MS,
  );

  /** Changes a manifest; the result takes it back. */
  const change = async (file: string, from: string, to: string): Promise<() => Promise<void>> => {
    const path = join(hub.world.manifests, 'hub', file);
    const text = await readFile(path, 'utf8');
    expect(text).toContain(from);
    await writeFile(path, text.replace(from, to));
    return () => writeFile(path, text);
  };

  /** Until a stack is held back by a policy in these words. */
  const untilRefused = (stack: string, ...words: readonly string[]): Promise<StackStatus> =>
    eventually(
      `${stack} is refused`,
      async () => {
        const status = await hub.world.status(stack);
        const ready = status?.conditions.find(({ type }) => type === 'Ready');
        const said = status?.problems.map(({ message }) => message).join('\n') ?? '';
        const isSaid = words.every((each) => said.includes(each));
        return ready?.reason === 'PolicyViolation' && isSaid ? status : undefined;
      },
      { withinMs: 60_000, everyMs: 150 },
    );

  test('a manifest that opens what the policy closes is refused, and nothing changes', async () => {
    const { world, name } = hub;
    const before = world.proxy.writes().length;
    const undone = [
      await change('ai-hub.yaml', 'enable_icc: "false"', 'enable_icc: "true"'),
      await change(
        'hub-proxy.yaml',
        'environment: { NAME: web, PORTS: "3000" }',
        'environment: { NAME: web, PORTS: "3000" }\n      ports: ["3000"]',
      ),
    ];
    await untilRefused(name, `ICC is to be off on ${name}-egress`);
    const status = await untilRefused(`${name}-s-proxy`, 'the outside must not reach', '/web, and does');
    const problem = status.problems.find(({ message }) => message.includes('and nothing else'));
    expect(problem?.at?.file).toMatch(/reachability\.yaml$/);
    undone.push(
      await change(
        'ai-hub.yaml',
        `name: ${name}-storage\n      driver: bridge\n      internal: true`,
        `name: ${name}-storage\n      driver: bridge\n      internal: false`,
      ),
    );
    await untilRefused(name, `${name}-storage is to have no way out`);
    const described = await world.ctl('describe', 'stack', name);
    expect(described.stdout).toContain(`ICC is to be off on ${name}-egress`);
    expect(world.proxy.writes().slice(before)).toEqual([]);

    for (const undo of undone.reverse()) await undo();
    for (const stack of hub.stacks) {
      await eventually(
        `${stack} is accepted again`,
        async () => ((await world.status(stack))?.problems.length === 0 ? true : undefined),
        { withinMs: 60_000, everyMs: 150 },
      );
      await world.untilReady(stack);
    }
    expect(world.proxy.writes().slice(before)).toEqual([]);
  });

  test(
    'five ways to break it by hand are found, named, explained and repaired',
    async () => {
      const { world, name } = hub;
      const opened = await freePort();
      await suspendAll(world, hub.stacks);
      await remakeNetwork(world.docker, hub.network('egress'), { Options: {} });
      await remakeNetwork(world.docker, hub.network('storage'), { Internal: false });
      const data = world.docker.getNetwork(hub.network('data'));
      await data.connect({ Container: hub.container('proxy/traefik') });
      await publishByHand(world.docker, hub.container('proxy/web'), '3000/tcp', opened);
      await loseAlias(world.docker, hub.container('data/nats'), hub.network('data'), 'nats');

      const { code, report } = await verify();
      expect(code).toBe(1);
      expect(differencesIn(report).map(short)).toEqual(
        expect.arrayContaining([
          'name proxy/api -> data/nats nats: yes no no',
          `outside storage/seaweedfs-volume -> outside ${wayOut()}: no yes yes`,
          `published host -> proxy/web 0.0.0.0:${opened} -> 3000/tcp: no yes yes`,
          'service fetchers/first -> fetchers/second : no yes yes',
          'service proxy/traefik -> data/postgres 5432/tcp: no yes yes',
        ]),
      );
      const broken = report.policies.broken.map(({ rule, from, to, message }) =>
        short(from === undefined ? message : `${rule}: ${from} -> ${to}`),
      );
      expect(broken).toEqual(
        expect.arrayContaining([
          `ICC is to be off on ${name}-egress, and is on`,
          `${name}-storage is to have no way out, and has one`,
          'and nothing else: the outside -> proxy/web',
          'backend, data and storage do not: storage/seaweedfs-volume -> the outside',
          'only the api comes from the proxy to the data: proxy/traefik -> data/postgres',
        ]),
      );
      const isolated = await eventually('Isolated is False', async () => {
        const { conditions = [] } = (await world.status(`${name}-s-proxy`)) ?? {};
        return conditions.find(({ type, status }) => type === 'Isolated' && status === 'False');
      });
      expect(isolated.message).toContain(`policy ${name}, `);

      const why: readonly (readonly [from: string, to: string, words: string])[] = [
        ['fetchers/first', 'fetchers/second', `network ${name}-egress has icc true, not false`],
        ['storage/seaweedfs-volume', 'outside', `network ${name}-storage has internal false, not true`],
        ['proxy/traefik', 'data/postgres', `proxy/traefik is attached to ${name}-data, which no manifest`],
        ['outside', 'proxy/web', 'proxy/web publishes 3000/tcp, which no manifest asks for'],
        ['proxy/api', 'data/nats', `data/nats has lost its name nats on ${name}-data`],
      ];
      for (const [from, to, words] of why) {
        const { stdout } = await world.ctl('net', 'explain', full(from), full(to));
        expect(short(stdout)).toContain(words);
      }

      await healAll(world, hub.stacks);
      const healed = await verify();
      expect({
        code: healed.code,
        differences: differencesIn(healed.report),
        broken: healed.report.policies.broken,
      }).toEqual({ code: 0, differences: [], broken: [] });
    },
    LONG_MS,
  );

  test('a second pass of every stack writes nothing', async () => {
    for (const stack of hub.stacks) expect(await hub.world.writesOfTwoPasses(stack)).toEqual([]);
  });
});
