import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { attributeGaps, renderAttributeDocs } from '../../../scripts/attribute-docs.ts';

describe('docs/compose-attributes.md', () => {
  it('is fresh (else: npx tsx scripts/write-attribute-docs.ts)', () => {
    const written = readFileSync(new URL('../../../docs/compose-attributes.md', import.meta.url), 'utf8');
    expect(written === renderAttributeDocs()).toBe(true);
  });

  it('explains every attribute of the specification, and nothing else', () => {
    // The model has these for the newer specification, and for the other of the two; the schema refuses them.
    const unknown = [
      'services.*.pre_start',
      'configs.*.driver',
      'configs.*.driver_opts',
      'secrets.*.content',
    ];
    expect(attributeGaps()).toEqual({ unexplained: [], unknown });
  });
});
