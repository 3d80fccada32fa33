import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { GitRemote } from '../support/git-remote.ts';
import { hasEngine, SMALL_IMAGE } from '../support/lab.ts';
import { skipLoudly } from '../support/loud-skip.ts';
import { findPrometheus, TestPrometheus } from '../support/prometheus.ts';
import { World } from '../support/stackctld.ts';

const DEPLOY = join(import.meta.dirname, '../../deploy');
const RULES = join(DEPLOY, 'prometheus-rules.yaml');

interface Dashboard {
  readonly panels: readonly {
    readonly title: string;
    readonly targets: readonly { readonly expr: string }[];
  }[];
}

/** Every query of the dashboard, with its variables filled in as Grafana does for "All". */
function queries(): readonly (readonly [string, string])[] {
  const { panels } = JSON.parse(readFileSync(join(DEPLOY, 'grafana-dashboard.json'), 'utf8')) as Dashboard;
  return panels.flatMap(({ title, targets }) =>
    targets.map(({ expr }) => [title, expr.replaceAll(/\$(?:instance|job)/g, '.*')] as const),
  );
}

const found = findPrometheus();
const missing = 'missing' in found ? found.missing : undefined;

describe.skipIf(!hasEngine() || skipLoudly('the dashboard', missing))('a real Prometheus', () => {
  const programs = 'missing' in found ? { prometheus: '', promtool: '' } : found;
  let world: World;
  let prometheus: TestPrometheus;
  let remote: GitRemote;
  let address: string;

  beforeAll(async () => {
    address = `127.0.0.1:${await freePort()}`;
    world = await World.create({ flags: ['--metrics-listen', address, '--resync', '2s'] });
    const command = 'command: ["sleep", "1d"]';
    await world.write(
      `good-${world.unique}/compose.yaml`,
      `services: { web: { image: "${SMALL_IMAGE}", ${command} } }\n`,
    );
    await world.write(
      `bad-${world.unique}/compose.yaml`,
      `services: { web: { image: "localhost:1/nowhere:1", ${command} } }\n`,
    );
    remote = new GitRemote();
    remote.put('compose.yaml', `name: git-${world.unique}\nservices: {}\n`);
    remote.push();
    await world.write(
      'infra.yaml',
      `apiVersion: stackctl.io/v1alpha1\nkind: GitRepository\nmetadata: {name: infra}\nspec: {url: "${remote.url}", interval: 2s}\n`,
    );
    await world.start();
    prometheus = await TestPrometheus.start(programs.prometheus, address, RULES);
    await world.untilReady(`good-${world.unique}`);
    await eventually('a first scrape', async () => (await prometheus.query('stackctl_ready == 1'))?.[0], {
      withinMs: 60_000,
    });
    // Drift, so that there is some to show.
    await world.docker.getContainer(`good-${world.unique}-web-1`).remove({ force: true });
    await world.untilReady(`good-${world.unique}`);
  });
  afterAll(async () => {
    await prometheus?.stop();
    await world?.dispose();
    remote?.dispose();
  });

  test.each(queries())('the dashboard’s "%s" has data: %s', async (_, query) => {
    // A quantile of nothing is no number: some series are, once something happened between two scrapes.
    await eventually(
      query,
      async () =>
        (await prometheus.query(query))?.find((series) => !JSON.stringify(series).includes('NaN"]')),
      { withinMs: 60_000, everyMs: 500 },
    );
  });

  test('drift is counted when it is found and when it is repaired, and a creation is none', async () => {
    for (const series of ['stackctl_drift_found_total', 'stackctl_drift_repaired_total']) {
      await eventually(
        `${series} is 1`,
        async () => (await prometheus.query(`sum(${series}{kind="container"}) == 1`))?.[0],
        { withinMs: 60_000 },
      );
    }
  });

  test('the rules are right, and all but those that wait for an absence see their series', async () => {
    execFileSync(programs.promtool, ['check', 'rules', RULES]);
    const pending = await eventually(
      'an alert about the broken stack',
      async () =>
        (
          await prometheus.query(`ALERTS{alertname="StackctlStackNotReady", stack="bad-${world.unique}"}`)
        )?.[0],
      { withinMs: 60_000 },
    );
    expect(JSON.stringify(pending)).toContain('pending');
    // A single scrape that takes too long makes it pending until the next.
    await eventually(
      'no alert that the daemon is down',
      async () =>
        (await prometheus.query('ALERTS{alertname="StackctlDown"}'))?.length === 0 ? true : undefined,
      { withinMs: 60_000, everyMs: 500 },
    );
  });

  test('what is scraped passes promtool, and its neighbours say that the daemon is well', async () => {
    const get = async (path: string, method = 'GET') => fetch(`http://${address}${path}`, { method });
    // What Node itself is measured by has names of its own.
    const lines = (await (await get('/metrics')).text()).split('\n');
    const input = `${lines.filter((line) => line.includes('stackctl_')).join('\n')}\n`;
    const said = execFileSync(programs.promtool, ['check', 'metrics'], { input, encoding: 'utf8' });
    expect(said).toBe('');
    expect((await get('/healthz')).status).toBe(200);
    expect((await get('/readyz')).status).toBe(200);
    expect((await get('/v1alpha1/stacks')).status).toBe(404);
    expect((await get('/metrics', 'POST')).status).toBe(405);
  });
});
