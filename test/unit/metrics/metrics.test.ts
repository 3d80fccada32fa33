import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { DriftLedger } from '../../../src/metrics/drift-ledger.ts';
import { serveMetrics } from '../../../src/metrics/listener.ts';
import { measuredRepository } from '../../../src/metrics/measured.ts';
import { createMetrics } from '../../../src/metrics/metrics.ts';
import type { CauseCode, Plan, Step } from '../../../src/model/plan.ts';
import type { RepositoryDeclaration, SourceStatus } from '../../../src/model/repository.ts';
import type { RepositorySource, RepositoryState } from '../../../src/source/source.ts';
import { sampleStack } from '../../support/sample-stacks.ts';

const build = { version: '1', instance: 'default' };
const depth = { ready: 0, waiting: 3, running: 0, again: 0 };

function planOf(...targets: readonly (readonly [name: string, cause: CauseCode])[]): Plan {
  const steps = targets.map(([name, code]) => ({
    target: { kind: 'container', name },
    because: { code, changes: [] },
  })) as unknown as Step[];
  return { steps, blockers: [], lookAgainAtMs: undefined, memory: {} as Plan['memory'] };
}

describe('drift', () => {
  test('is found once, and repaired when nothing is left to do', () => {
    const ledger = new DriftLedger();
    const found = { found: ['container'], repaired: [] };
    expect(ledger.note('a', planOf(['web', 'Missing'], ['web', 'Missing']), true)).toEqual(found);
    expect(ledger.note('a', planOf(['web', 'NotRunning']), false)).toEqual({ found: [], repaired: [] });
    expect(ledger.note('a', planOf(), false)).toEqual({ found: [], repaired: ['container'] });
    expect(ledger.note('a', planOf(), true)).toEqual({ found: [], repaired: [] });
  });

  test('is not what somebody wanted, and not what was never so', () => {
    const ledger = new DriftLedger();
    const nothing = { found: [], repaired: [] };
    for (const cause of ['SpecChanged', 'ImageChanged', 'RestartAsked', 'RolledBack'] as const) {
      expect(ledger.note('a', planOf(['web', cause]), true)).toEqual(nothing);
    }
    expect(ledger.note('a', planOf(['web', 'Missing']), false)).toEqual(nothing);
  });
});

describe('/metrics', () => {
  test('every series of ours is in docs/metrics.md, and no other', async () => {
    const metrics = createMetrics(build);
    metrics.watch({
      stacks: () => [],
      sources: () => [],
      queueDepth: () => depth,
      notReady: () => undefined,
    });
    const { text } = await metrics.render();
    const served = [...text.matchAll(/^# TYPE (stackctl_\w+) (\w+)$/gm)].map(
      ([, name, type]) => `${name} ${type}`,
    );
    const docs = readFileSync(new URL('../../../docs/metrics.md', import.meta.url), 'utf8');
    const told = [...docs.matchAll(/^\| `(stackctl_\w+)` \| (\w+) \|/gm)].map(
      ([, name, type]) => `${name} ${type}`,
    );
    expect([...told].sort()).toEqual([...served].sort());
  });

  test('a stack that is gone is not shown any more', async () => {
    const metrics = createMetrics(build);
    let stacks = [sampleStack()];
    metrics.watch({
      stacks: () => stacks,
      sources: () => [],
      queueDepth: () => depth,
      notReady: () => undefined,
    });
    expect((await metrics.render()).text).toContain('stack="demo"');
    stacks = [];
    expect((await metrics.render()).text).not.toContain('stack="demo"');
  });

  test('a source is shown with how it stands, and a fetch with what came of it', async () => {
    const metrics = createMetrics(build);
    const infra: SourceStatus = {
      kind: 'git',
      name: 'infra',
      url: 'https://git.example.com/infra.git',
      revision: undefined,
      ready: 'False',
      reason: 'FetchFailed',
      message: 'no',
      notes: [],
      problems: [{ severity: 'warning', code: 'DuplicateStack', message: 'twice' }],
      declaredAt: '/m/infra.yaml:1:1',
      stacks: [],
      lastFetchAt: '2024-05-04T12:00:00.000Z',
      nextFetchAt: undefined,
      createdAt: '2024-05-04T11:00:00.000Z',
    };
    metrics.watch({
      stacks: () => [],
      sources: () => [infra],
      queueDepth: () => depth,
      notReady: () => undefined,
    });
    metrics.repositoryFetched('infra', 'FetchFailed', 1500);
    const { text } = await metrics.render();
    const series = (name: string) => text.split('\n').filter((line) => line.startsWith(`stackctl_${name}{`));
    expect(series('source_ready')).toEqual([
      'stackctl_source_ready{kind="git",source="infra",reason="FetchFailed"} 0',
    ]);
    expect(series('source_problems')).toEqual(['stackctl_source_problems{kind="git",source="infra"} 1']);
    expect(series('git_last_fetch_timestamp_seconds')).toEqual([
      'stackctl_git_last_fetch_timestamp_seconds{repository="infra"} 1714824000',
    ]);
    expect(series('git_fetch_duration_seconds_sum')).toEqual([
      'stackctl_git_fetch_duration_seconds_sum{repository="infra",result="FetchFailed"} 1.5',
    ]);
  });

  test('a measured repository is the same repository, each reading of which is counted', async () => {
    const metrics = createMetrics(build);
    const scan = { trusted: true, reason: undefined, revision: 'main@sha1:0', files: [], unreadable: [] };
    const asked: string[] = [];
    const source: RepositorySource = {
      kind: 'git',
      name: 'infra',
      declaration: { name: 'infra' } as RepositoryDeclaration,
      state: () => ({ reason: 'Succeeded' }) as RepositoryState,
      refresh: async () => asked.push('refresh') > 0,
      lookNow: () => void asked.push('lookNow'),
      scan: async () => scan,
      async *changes() {
        yield;
      },
    };
    const measured = measuredRepository(source, metrics);
    const signal = new AbortController().signal;
    expect(await measured.scan(signal)).toBe(scan);
    expect([await measured.refresh(signal), measured.state().reason]).toEqual([true, 'Succeeded']);
    measured.lookNow();
    for await (const _ of measured.changes(signal)) asked.push('changed');
    expect(asked).toEqual(['refresh', 'lookNow', 'changed']);
    expect([measured.kind, measured.name, measured.declaration]).toEqual([
      'git',
      'infra',
      source.declaration,
    ]);
    expect((await metrics.render()).text).toMatch(
      /^stackctl_source_read_duration_seconds_count\{kind="git",source="infra",result="ok"\} 1$/m,
    );
  });

  test('readiness has its reason, and nothing but reading is served', async () => {
    const metrics = createMetrics(build);
    let why: string | undefined = 'the engine does not answer';
    const listener = await serveMetrics({ host: '127.0.0.1', port: 0 }, { metrics, notReady: () => why });
    try {
      const get = (path: string, init?: RequestInit) =>
        fetch(`http://127.0.0.1:${listener.port}${path}`, init);
      const answer = await get('/readyz');
      expect([answer.status, await answer.text()]).toEqual([503, 'the engine does not answer\n']);
      expect((await get('/healthz')).status).toBe(200);
      why = undefined;
      expect((await get('/readyz')).status).toBe(200);
      expect((await get('/metrics', { method: 'POST' })).status).toBe(405);
      expect((await get('/stacks')).status).toBe(404);
      expect((await get('/metrics')).headers.get('content-type')).toContain('text/plain');
    } finally {
      await listener.close();
    }
  });
});
