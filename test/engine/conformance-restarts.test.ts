import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stackName } from '../../src/model/names.ts';
import {
  compare,
  readKnownDivergences,
  readScripts,
  reportDifferences,
  restartsEngine,
} from '../support/conformance/differential.ts';
import { RealCorner } from '../support/conformance/real-corner.ts';
import { SMALL_IMAGE, sweep } from '../support/lab.ts';
import { canRunPrivateEngine, PrivateEngine } from '../support/private-engine.ts';

const known = readKnownDivergences();
const only = process.env['CONFORMANCE_ONLY'] ?? '';
const scripts = readScripts().filter(
  ({ title, sequence }) => restartsEngine(sequence) && title.includes(only),
);

describe.skipIf(!canRunPrivateEngine())('the simulated engine and one of our own that is restarted', () => {
  let engine: PrivateEngine;
  beforeAll(async () => {
    engine = await PrivateEngine.create();
  });
  afterAll(() => engine?.dispose());

  test.each(scripts)('do the same: $title', async ({ title, sequence }) => {
    const instance = `test-${randomBytes(3).toString('hex')}`;
    const corner = await RealCorner.create({
      host: engine.host,
      stack: stackName(`t${randomBytes(3).toString('hex')}`),
      instance,
      image: SMALL_IMAGE,
      sweep: () => sweep(engine.docker, instance),
      control: {
        restart: async ({ engine: how, liveRestore = false }) => {
          await engine.setLiveRestore(liveRestore);
          await (how === 'crash' ? engine.crash() : engine.stop());
          await engine.start();
        },
      },
    });
    try {
      const { differences } = await compare(corner, sequence, known);
      const report = differences.length === 0 ? '' : reportDifferences(title, sequence, differences);
      expect(report).toBe('');
    } finally {
      await engine.revive();
      await corner.dispose();
    }
  });
});
