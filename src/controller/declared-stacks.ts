import type { DeclaredMembership } from '../isolation/declared.ts';
import type { EngineInfo } from '../model/observed.ts';
import { admissionFor } from '../policy/configuration.ts';
import type { PassState } from './pass-state.ts';

/** What it takes to know all that is declared. */
export type Declaring = Pick<PassState, 'ports' | 'options' | 'catalog' | 'records'>;

/** What every stack wants now, but those left out; of one whose manifest is wrong, what it wanted last. */
export async function declaredStacks(
  { ports, catalog, records, options }: Declaring,
  engine: EngineInfo,
  signal: AbortSignal,
  leftOut: ReadonlySet<string> = new Set(),
): Promise<readonly DeclaredMembership[]> {
  const stacks: DeclaredMembership[] = [];
  for (const name of catalog.names()) {
    const entry = catalog.get(name);
    if (entry === undefined || leftOut.has(name)) continue;
    const admission = admissionFor(options.policy, name, entry.origin.kind);
    const wish = await ports.loader.resolve(entry.manifest, engine, admission, signal);
    const desired = wish.desired ?? records.get(name)?.lastGood;
    if (desired !== undefined) stacks.push({ desired, labels: entry.manifest.labels });
  }
  return stacks;
}
