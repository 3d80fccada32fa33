import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { lintManifests } from '../../../src/bin/local-lint.ts';

function lintExample(name: string) {
  const baseDirectory = fileURLToPath(new URL(`../../../manifests/${name}`, import.meta.url));
  const files = readdirSync(baseDirectory)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => ({ relativePath: file, text: readFileSync(join(baseDirectory, file), 'utf8') }));
  return lintManifests({ manifests: { baseDirectory, files }, reading: 'tree' });
}

describe('the example manifests', () => {
  it.each(['ai-stack', 'ai-hub'])(
    'of %s give lint nothing to say, and each waiver has its reason',
    (name) => {
      const { findings, waived, problems } = lintExample(name);
      expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
      expect(findings).toEqual([]);
      expect(waived.filter(({ why }) => why === undefined)).toEqual([]);
    },
  );
});
