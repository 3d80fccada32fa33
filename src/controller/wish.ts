import { createHmac } from 'node:crypto';
import { type LoadedProject, loadProject } from '../compose/load.ts';
import { resolveStack } from '../desired/resolve.ts';
import type { StackManifest } from '../manifest/stack.ts';
import type { Admission } from '../model/admission.ts';
import type { DesiredStack, StackPolicy } from '../model/desired.ts';
import type { Files } from '../model/files.ts';
import { stackName } from '../model/names.ts';
import type { EngineInfo } from '../model/observed.ts';
import { isAcceptable, type Problem } from '../model/problem.ts';
import { checkPolicy } from '../policy/check.ts';
import { guardFiles } from '../policy/guard-files.ts';
import { keyless, type Opener } from '../sops/keyring.ts';
import { openedFiles } from '../sops/opened-files.ts';

/** What a manifest asks for, or why that cannot be known. */
export interface Wish {
  /** Undefined when a problem is an error. */
  readonly desired: DesiredStack | undefined;
  readonly problems: readonly Problem[];
  readonly filesUsed: readonly string[];
}

/** What a manifest is resolved for. */
export interface WishContext {
  readonly engine: EngineInfo;
  readonly admission: Admission;
}

/**
 * The pure half of the line: manifest -> compose -> desired. Reads again whatever the manifest refers to; what of it is
 * encrypted is decrypted by `opener`, behind the guard.
 */
export function resolveWish(
  manifest: StackManifest,
  asked: WishContext,
  files: Files,
  opener: Opener = keyless,
): Wish {
  const { engine, admission } = asked;
  const guard = guardFiles(files, manifest.compose.projectDirectory, admission);
  const opened = openedFiles(guard.files, opener);
  const loaded = loadProject(manifest.compose, opened);
  if (!isAcceptable(loaded.problems)) {
    return { desired: undefined, problems: guard.explain(loaded.problems), filesUsed: loaded.filesUsed };
  }
  const violations = violationsOf(manifest, loaded, admission, files);
  const resolved = resolveStack(
    {
      project: loaded.project,
      control: policyOf(manifest),
      stack: stackName(manifest.name),
      workingDirectory: manifest.compose.projectDirectory,
      configFiles: manifest.files,
      contents: loaded.contents,
      engine,
      secretKey: secretKey(engine),
      locate: loaded.locate,
    },
    opened,
  );
  const problems = [...loaded.problems, ...violations, ...resolved.problems];
  return {
    desired: isAcceptable(problems) ? resolved.desired : undefined,
    problems,
    filesUsed: loaded.filesUsed,
  };
}

/** What of a loaded project the operator's policy forbids, or warns of. */
export function violationsOf(
  manifest: StackManifest,
  { project, filesUsed, locate }: LoadedProject,
  admission: Admission,
  files: Files,
): readonly Problem[] {
  return checkPolicy(
    {
      project,
      directory: manifest.compose.projectDirectory,
      filesRead: filesUsed.filter((file) => files.kind(file) !== 'missing'),
      realPath: (path) => files.realPath(path),
      locate,
      at: manifest.at,
    },
    admission,
  );
}

/**
 * Keys the digests of secrets, so that a digest seen elsewhere cannot be checked against a guess. Derived from the
 * engine's own id: a key in the state directory would change with its loss, and with it every container.
 */
function secretKey(engine: EngineInfo): string {
  return createHmac('sha256', 'stackctl secret digests v1').update(engine.id).digest('hex');
}

function policyOf(manifest: StackManifest): StackPolicy {
  const { control } = manifest;
  const ignored = control.driftDetection.ignore.flatMap(({ paths }) => paths);
  return {
    suspend: control.suspend,
    prune: control.prune,
    deletionPolicy: control.deletionPolicy,
    driftDetection: control.driftDetection.mode,
    ...(ignored.length === 0 ? {} : { driftIgnore: ignored }),
    intervalMs: control.intervalMs,
    timeoutMs: control.timeoutMs,
    dependsOn: control.dependsOn.map((each) => stackName(each.name)),
  };
}
