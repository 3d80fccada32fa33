import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { DriftLedger } from '../../../src/metrics/drift-ledger.ts';
import { serveMetrics } from '../../../src/metrics/listener.ts';
import { createMetrics } from '../../../src/metrics/metrics.ts';
import type { CauseCode, Plan, Step } from '../../../src/model/plan.ts';
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
    metrics.watch({ stacks: () => [], queueDepth: () => depth, notReady: () => undefined });
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
    metrics.watch({ stacks: () => stacks, queueDepth: () => depth, notReady: () => undefined });
    expect((await metrics.render()).text).toContain('stack="demo"');
    stacks = [];
    expect((await metrics.render()).text).not.toContain('stack="demo"');
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
