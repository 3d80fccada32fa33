import { fieldOf, type MappingEntry, type MappingTree, type Tree } from './tree.ts';

export interface SelectedServices {
  readonly active: MappingTree;
  /** Names of those that no active profile selects. */
  readonly disabled: ReadonlySet<string>;
}

/** Splits services by profiles: those without any are always active; `*` selects all. */
export function selectServices(services: MappingTree, profiles: readonly string[]): SelectedServices {
  const wanted = new Set(profiles);
  const entries = new Map<string, MappingEntry>();
  const disabled = new Set<string>();
  for (const [name, entry] of services.entries) {
    const own = profilesOf(entry.value);
    const isActive = own.length === 0 || wanted.has('*') || own.some((profile) => wanted.has(profile));
    if (isActive) entries.set(name, entry);
    else disabled.add(name);
  }
  return { active: { ...services, entries }, disabled };
}

/** Every profile that any of the services names, sorted. */
export function profilesNamedIn(services: Tree | undefined): readonly string[] {
  if (services?.kind !== 'mapping') return [];
  return [...new Set([...services.entries.values()].flatMap(({ value }) => profilesOf(value)))].sort();
}

function profilesOf(service: Tree): readonly string[] {
  const profiles = fieldOf(service, 'profiles');
  if (profiles?.kind !== 'sequence') return [];
  return profiles.items.flatMap((item) => (item.kind === 'scalar' ? [String(item.value)] : []));
}
