import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { inside } from '../support/inside.ts';
import { hasEngine, SMALL_IMAGE } from '../support/lab.ts';
import { World } from '../support/stackctld.ts';

const ROLLOUTS = 10;
/** At once. Each waits for its answer, so that on a busy machine there are fewer requests, not more and more under way. */
const CLIENTS = 8;
/** Between two requests of a client: together they make about fifty a second on a machine with nothing else to do. */
const PAUSE_US = 40_000;
/** Of good answers, also on a busy machine. */
const MIN_PER_SECOND = 4;

/**
 * Asks the service by its name, again and again, each time with a connection of its own: looks the name up, takes the
 * first address, never tries twice, and gives up after five seconds, when a name would be looked up again. Each answer
 * is a line of its file.
 */
const CLIENT = `
ask() {
  answer=$(printf 'GET /cgi-bin/page HTTP/1.0\\r\\n\\r\\n' | timeout 5 nc web 8080 2>&1 | tail -n 1)
  case $answer in revision-*) echo "$answer" ;; *) echo "failed: $answer" ;; esac >> /tmp/answers
}
client() {
  while [ ! -e /tmp/stop ]; do ask; usleep ${PAUSE_US}; done
}
: > /tmp/answers
for _ in $(seq ${CLIENTS}); do client & done
wait
touch /tmp/over`;

/** A server that takes its time: to listen, and to answer; told to stop, it stops at once. */
const SERVER = `mkdir -p /www/cgi-bin
printf '#!/bin/sh\\nsleep 0.1\\nprintf "\\\\r\\\\nrevision-%%s\\\\n" "$REVISION"\\n' > /www/cgi-bin/page
chmod +x /www/cgi-bin/page
sleep 1.5
exec httpd -f -p 8080 -h /www`;

const indent = (text: string, by: number) => text.trim().replaceAll('\n', `\n${' '.repeat(by)}`);

type Order = 'start-first' | 'stop-first';

const manifest = (revision: number, order: Order) => `
services:
  web:
    image: ${SMALL_IMAGE}
    init: true
    # httpd takes nine connections at once; of more, the kernel would reset some instead of letting them try again.
    sysctls: {net.ipv4.tcp_syncookies: "0"}
    environment: {REVISION: "${revision}"}
    command:
      - sh
      - -c
      - |
        ${indent(SERVER, 8).replaceAll('$', '$$$$')}
    healthcheck: {test: [CMD-SHELL, "nc 127.0.0.1 8080 </dev/null"], interval: 250ms, timeout: 2s, retries: 40}
    deploy: {update_config: {order: ${order}}}
  client:
    image: ${SMALL_IMAGE}
    init: true
    command: [sleep, "100000"]
    stop_signal: SIGKILL
`;

interface Answers {
  readonly good: number;
  readonly failed: readonly string[];
  /** In the order in which they were first seen. */
  readonly seen: readonly string[];
}

function report(what: string, { good, failed }: Answers, seconds: number): void {
  const all = good + failed.length;
  console.log(`${what}: ${all} requests, ${Math.round(all / seconds)} a second, ${failed.length} failed`);
}

describe.skipIf(!hasEngine())('start-first under requests', () => {
  let world: World;
  let stack: string;
  const rollOut = async (revision: number, order: Order) => {
    await world.write(`${stack}.compose.yaml`, manifest(revision, order));
    await world.untilReady(stack, { generation: revision });
  };
  const sh = (command: string) => inside(world.docker, `${stack}-client-1`, ['sh', '-c', command]);

  /** Asks for as long as the work takes, and counts. */
  async function asking(work: () => Promise<void>): Promise<Answers> {
    await sh('rm -f /tmp/stop /tmp/over');
    const loop = sh(CLIENT);
    await work().finally(() => sh('touch /tmp/stop'));
    await loop;
    await eventually('the last answer', async () =>
      (await sh('test -e /tmp/over')).code === 0 ? true : undefined,
    );
    const lines = (await sh('cat /tmp/answers')).stdout.trim().split('\n');
    const good = lines.filter((line) => line.startsWith('revision-'));
    return {
      good: good.length,
      failed: lines.filter((line) => !line.startsWith('revision-')),
      seen: [...new Set(good)],
    };
  }

  beforeAll(async () => {
    world = await World.create();
    stack = `s${world.unique}`;
    await world.start();
    await rollOut(1, 'start-first');
  });
  afterAll(() => world.dispose());

  test(`${ROLLOUTS} rollouts, ${CLIENTS} clients that ask all the time: no request fails`, async () => {
    const revisions = Array.from({ length: ROLLOUTS + 1 }, (_, index) => index + 1);
    const startedAtMs = Date.now();
    const { good, failed, seen } = await asking(async () => {
      for (const revision of revisions.slice(1)) await rollOut(revision, 'start-first');
    });
    const seconds = (Date.now() - startedAtMs) / 1000;
    report(`${ROLLOUTS} rollouts`, { good, failed, seen }, seconds);
    expect(failed).toEqual([]);
    expect(seen).toEqual(revisions.map((revision) => `revision-${revision}`));
    expect(good).toBeGreaterThan(seconds * MIN_PER_SECOND);
    expect(await world.writesOfTwoPasses(stack)).toEqual([]);
  }, 300_000);

  test('the same with stop-first: the loop notices', async () => {
    const startedAtMs = Date.now();
    const answers = await asking(() => rollOut(ROLLOUTS + 2, 'stop-first'));
    report('1 rollout with stop-first', answers, (Date.now() - startedAtMs) / 1000);
    expect(answers.failed.length).toBeGreaterThan(0);
  });
});
