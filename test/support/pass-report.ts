import type { DesiredStack } from '../../src/model/desired.ts';
import type { PassReport } from '../../src/status/derive.ts';

/** What a pass found out, of a stack of which there is nothing else to say. */
export function passReport(
  found: Pick<PassReport, 'observed' | 'plan' | 'outcomes' | 'nowMs'> & { readonly desired: DesiredStack },
): PassReport {
  return {
    ...found,
    name: found.desired.name,
    source: { kind: 'applied', name: 'applied', path: '' },
    generation: 1,
    previous: undefined,
    suspended: false,
    held: undefined,
    deleting: undefined,
    deletionHeld: undefined,
    problems: [],
    failure: undefined,
    nextLookAtMs: undefined,
  };
}
