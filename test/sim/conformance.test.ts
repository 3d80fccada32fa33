import { describe, expect, test } from 'vitest';
import { generatedSequences } from '../support/conformance/arbitrary.ts';
import { readKnownDivergences, readScripts } from '../support/conformance/differential.ts';
import { interpret } from '../support/conformance/interpreter.ts';
import type { Sequence } from '../support/conformance/operation.ts';
import { SimulatedCorner } from '../support/conformance/simulated-corner.ts';
import type { Profile } from '../support/simulated/objects.ts';

const PROFILES: readonly Profile[] = ['20.10', '28'];

async function record(profile: Profile, sequence: Sequence): Promise<string> {
  return JSON.stringify(await interpret(new SimulatedCorner(profile), sequence));
}

describe('the conformance suite', () => {
  test.each(PROFILES)('records the same of the same sequence on the simulated engine %s', async (profile) => {
    const sequences = [...readScripts().map(({ sequence }) => sequence), ...generatedSequences(20, 1)];
    for (const sequence of sequences) {
      expect(await record(profile, sequence)).toBe(await record(profile, sequence));
    }
  });

  test('tells the profiles apart', async () => {
    const twice: Sequence = [
      { docker: 'network-create', network: 'n', checkDuplicate: false },
      { docker: 'network-create', network: 'n', checkDuplicate: false },
    ];
    expect(await record('20.10', twice)).not.toBe(await record('28', twice));
  });

  test('generates the same sequences from the same seed, and others from another', () => {
    expect(generatedSequences(5, 7)).toEqual(generatedSequences(5, 7));
    expect(generatedSequences(5, 7)).not.toEqual(generatedSequences(5, 8));
  });

  test('has at most ten known divergences, each with its own name and a reason', () => {
    const known = readKnownDivergences();
    expect(known.length).toBeLessThanOrEqual(10);
    expect(new Set(known.map(({ name }) => name)).size).toBe(known.length);
    for (const { reason } of known) expect(reason.length).toBeGreaterThan(20);
  });
});
