import { maxSatisfying, validRange } from 'semver';
import type { RepositoryDeclaration, RepositoryRef } from '../../model/repository.ts';
import { faultOf, GitFault, shown } from './fault.ts';
import { type GitAccess, runGit } from './git-binary.ts';

/** What a remote has now for the ref that is followed. */
export interface RemoteTarget {
  /** Shown before the commit: `main`; empty for a commit by itself. */
  readonly label: string;
  /** What to ask the remote for. */
  readonly want: string;
  /** Of what `want` names: a commit, or the object of a tag. */
  readonly sha: string;
}

/** Asks the remote, without fetching anything. Throws `GitFault`. */
export async function lookAtRemote(
  { url, ref, timeoutMs }: Pick<RepositoryDeclaration, 'url' | 'ref' | 'timeoutMs'>,
  access: GitAccess,
  signal: AbortSignal,
): Promise<RemoteTarget> {
  if (ref.commit !== undefined) return { label: '', want: ref.commit, sha: ref.commit };
  const args = ['ls-remote', ...argumentsFor(url, ref)];
  const { code, stdout, stderr } = await runGit({ args, access, timeoutMs }, signal);
  if (code !== 0) throw faultOf(stderr, 'the remote cannot be read');
  return chooseTarget(stdout.toString('utf8'), ref);
}

function argumentsFor(url: string, { semver, tag, branch }: RepositoryRef): readonly string[] {
  if (semver !== undefined) return ['--tags', '--', url];
  if (tag !== undefined) return ['--', url, `refs/tags/${tag}`];
  if (branch !== undefined) return ['--', url, `refs/heads/${branch}`];
  return ['--symref', '--', url, 'HEAD'];
}

/** Reads the lines of `git ls-remote`. Throws `RefNotFound`, also when the remote is empty. */
export function chooseTarget(listing: string, ref: RepositoryRef): RemoteTarget {
  const lines = listing.split('\n').flatMap((line) => {
    const [value = '', name = ''] = line.split('\t');
    return name === '' ? [] : [{ value, name }];
  });
  const shas = new Map(
    lines
      .filter(({ value }) => /^[0-9a-f]{40}$/.test(value))
      .map(({ value, name }) => [name, value] as const),
  );
  if (ref.semver !== undefined) return highestTag(shas, ref.semver);
  if (ref.tag !== undefined) return targetOf(shas, `refs/tags/${ref.tag}`, ref.tag, `tag ${ref.tag}`);
  if (ref.branch !== undefined) {
    return targetOf(shas, `refs/heads/${ref.branch}`, ref.branch, `branch ${ref.branch}`);
  }
  const symbolic = lines.find(({ value, name }) => name === 'HEAD' && value.startsWith('ref: refs/heads/'));
  const label = symbolic?.value.slice('ref: refs/heads/'.length) ?? 'HEAD';
  return targetOf(shas, 'HEAD', shown(label), 'HEAD');
}

function targetOf(
  shas: ReadonlyMap<string, string>,
  want: string,
  label: string,
  what: string,
): RemoteTarget {
  const sha = shas.get(want);
  if (sha !== undefined) return { label, want, sha };
  const hint = shas.size === 0 ? 'push it, or correct ref' : 'correct ref';
  throw new GitFault('RefNotFound', `the remote has no ${what}`, hint);
}

const MOST_TAGS = 10_000;

function highestTag(shas: ReadonlyMap<string, string>, range: string): RemoteTarget {
  if (validRange(range) === null)
    throw new GitFault('RefNotFound', `"${range}" is no range of versions`, 'such as >=1.2 <2');
  const tags = [...shas.keys()]
    .filter((name) => name.startsWith('refs/tags/') && !name.endsWith('^{}'))
    .map((name) => name.slice('refs/tags/'.length))
    .filter((name) => name.length <= 100)
    .slice(0, MOST_TAGS);
  const highest = maxSatisfying(tags, range);
  if (highest === null)
    throw new GitFault('RefNotFound', `the remote has no tag within ${range}`, 'push one, or correct ref');
  return targetOf(shas, `refs/tags/${highest}`, highest, `tag ${highest}`);
}
