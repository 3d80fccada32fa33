import type { FoundStacks, ManifestFile, StackManifest } from '../manifest/stack.ts';
import type { Admission } from '../model/admission.ts';
import type { EngineInfo } from '../model/observed.ts';
import type { FileRead } from './file-reads.ts';
import type { Wish } from './wish.ts';

/**
 * A stack as the controller holds it. What was parsed of it is left out: it can be large, and to hand it from thread
 * to thread would take as long as to parse it. Its texts stand for it.
 */
export interface DeclaredStack extends Omit<StackManifest, 'compose'> {
  /** The texts of `files`, as far as the source has them: from these alone it can be found again. */
  readonly texts: readonly ManifestFile[];
}

export interface FoundDeclarations extends Omit<FoundStacks, 'stacks'> {
  /** Sorted by name; no two have the same. */
  readonly stacks: readonly DeclaredStack[];
  /**
   * What beside the texts decided it, the key that encrypted ones were opened with; undefined when nobody can tell
   * whether that is as it was.
   */
  readonly reads: readonly FileRead[] | undefined;
}

/**
 * The port to all that parses and digests, which takes seconds when somebody wants it to: the daemon has it done in
 * another thread. What takes too long or too much is a problem (`TooComplex`) of that file or stack and of no other.
 * Both throw `Failure`: `superseded` after the signal, `refused` when too much is asked at once, `bug`.
 */
export interface Loader {
  /** Finds the stacks in the files of one tree, as `findStacks` does. */
  find(files: readonly ManifestFile[], signal: AbortSignal): Promise<FoundDeclarations>;
  /** What a stack asks for on this engine, held to what the operator admits. Whatever it refers to is read as it is now. */
  resolve(stack: DeclaredStack, engine: EngineInfo, admission: Admission, signal: AbortSignal): Promise<Wish>;
}
