import { type Admission, isAtLeast } from '../model/admission.ts';
import type { Files } from '../model/files.ts';
import type { Problem } from '../model/problem.ts';
import { POLICY_CODE } from './check.ts';
import { placeOf } from './host-places.ts';

/** Files of which a stack that is held to baseline sees its own only. */
export interface GuardedFiles {
  readonly files: Files;
  /** Says of problems with files that were kept back that it is the policy that does so. */
  readonly explain: (problems: readonly Problem[]) => readonly Problem[];
}

/** Stands for the content of what is kept back; the rules refuse whoever refers to it. */
const KEPT_BACK = 'kept back by the policy';

/**
 * Keeps what lies outside of a stack's directory from being read at all: what is read shows in messages, and a large
 * directory takes long to digest. Where nothing is enforced the files are as they are.
 */
export function guardFiles(files: Files, directory: string, { enforce, places }: Admission): GuardedFiles {
  if (!isAtLeast(enforce, 'baseline')) return { files, explain: (problems) => problems };
  const keptBack = new Set<string>();
  const realPath = (path: string) => files.realPath(path);
  const isOwn = (path: string) => placeOf(path, { directory, places, realPath }).kind === 'own';
  const guarded: Files = {
    readText: (path) => {
      if (isOwn(path) || files.kind(path) === 'missing') return files.readText(path);
      keptBack.add(path);
      return { ok: false, reason: 'outside-root', message: KEPT_BACK };
    },
    digestFile: (path) => (isOwn(path) ? files.digestFile(path) : KEPT_BACK),
    digestContext: (context, dockerfile) =>
      isOwn(context) ? files.digestContext(context, dockerfile) : KEPT_BACK,
    kind: (path) => files.kind(path),
    realPath,
  };
  const isAboutThem = ({ code, message }: Problem) =>
    code === 'FileNotReadable' && [...keptBack].some((path) => message.includes(path));
  return {
    files: guarded,
    explain: (problems) => problems.map((problem) => (isAboutThem(problem) ? asViolation(problem) : problem)),
  };
}

const asViolation = (problem: Problem): Problem => ({
  ...problem,
  code: POLICY_CODE,
  message: `violates the policy "baseline" (host-file): ${problem.message}`,
  hint: 'keep it below the directory of the stack; or ask who runs stackctld to exempt the stack',
});
