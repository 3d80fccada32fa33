import type { HostPlaces } from '../../../src/model/admission.ts';
import { type Admission, NO_PLACES, type PolicyLevel } from '../../../src/model/admission.ts';
import { isAcceptable, type Problem } from '../../../src/model/problem.ts';
import { checkPolicy } from '../../../src/policy/check.ts';
import { load } from '../compose/loading-fixture.ts';

export interface Held {
  readonly enforce?: PolicyLevel;
  readonly warn?: PolicyLevel;
  readonly places?: Partial<HostPlaces>;
  /** Links of the host: from, to. Undefined: it cannot be seen. */
  readonly links?: Readonly<Record<string, string | undefined>>;
  readonly directory?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
}

/** What the policy says of a Compose file at `/stack/compose.yaml`, which must be right otherwise. */
export function violations(text: string, held: Held = {}): readonly Problem[] {
  const { enforce = 'baseline', warn = 'privileged', places, links = {}, directory = '/stack' } = held;
  const { environment = {}, files = {} } = held;
  const loaded = load(text, { environment, files });
  if (!isAcceptable(loaded.problems)) throw new Error(loaded.problems.map((each) => each.message).join('; '));
  const admission: Admission = { enforce, warn, places: { ...NO_PLACES, ...places } };
  return checkPolicy(
    {
      project: loaded.project,
      directory,
      filesRead: loaded.filesUsed.filter((file) => files[file] !== undefined),
      realPath: (path) => followed(path, links),
      locate: loaded.locate,
      at: { file: '/stack/compose.yaml', line: 1, column: 1 },
    },
    admission,
  );
}

/** `host-path services.web.volumes[0]` each, sorted. */
export function broken(text: string, held: Held = {}): readonly string[] {
  return violations(text, held)
    .map(({ message, path }) => `${/\(([a-z-]+)\)/.exec(message)?.[1] ?? '?'} ${path ?? ''}`.trim())
    .toSorted();
}

/** The longest link that a path goes through, followed once. */
function followed(path: string, links: NonNullable<Held['links']>): string | undefined {
  const link = Object.keys(links)
    .filter((each) => path === each || path.startsWith(`${each}/`))
    .toSorted((left, right) => right.length - left.length)[0];
  if (link === undefined) return path;
  const target = links[link];
  return target === undefined ? undefined : followed(`${target}${path.slice(link.length)}`, links);
}
