import { ownValue } from '../model/own-value.ts';
import type { ComposeService } from './model.ts';

/** Circles of `depends_on`, each once, as the names along it with the first one again at the end. */
export function findCycles(
  services: Readonly<Record<string, ComposeService>>,
): readonly (readonly string[])[] {
  const cycles: (readonly string[])[] = [];
  const done = new Set<string>();
  for (const name of Object.keys(services)) follow(name, services, done, cycles);
  return cycles;
}

/** Depth first, without recursion: chains may be as long as a file has services. */
function follow(
  start: string,
  services: Readonly<Record<string, ComposeService>>,
  done: Set<string>,
  cycles: (readonly string[])[],
): void {
  if (done.has(start)) return;
  const path: { readonly name: string; readonly rest: string[] }[] = [];
  const onPath = new Set<string>();
  const enter = (name: string): void => {
    path.push({ name, rest: Object.keys(ownValue(services, name)?.depends_on ?? {}).toReversed() });
    onPath.add(name);
  };
  enter(start);
  for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
    const next = top.rest.pop();
    if (next === undefined) {
      path.pop();
      onPath.delete(top.name);
      done.add(top.name);
    } else if (onPath.has(next)) {
      const names = path.map((step) => step.name);
      cycles.push([...names.slice(names.indexOf(next)), next]);
    } else if (!done.has(next) && ownValue(services, next) !== undefined) {
      enter(next);
    }
  }
}
