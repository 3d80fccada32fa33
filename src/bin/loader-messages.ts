import type { ReadNote } from '../controller/file-reads.ts';
import type { FoundHeads, TracedWish } from '../controller/in-process-loader.ts';
import type { ManifestFile } from '../manifest/stack.ts';
import type { Admission } from '../model/admission.ts';
import type { FileLook } from '../model/files.ts';
import type { EngineInfo } from '../model/observed.ts';
import type { Problem } from '../model/problem.ts';

/** What the loading thread is told once. */
export interface LoaderSettings {
  readonly home: string | undefined;
  /** Where the age identities are; the thread alone reads them. */
  readonly sopsAgeKeyFile: string | undefined;
  /** Of one wish, packed: to unpack it takes the daemon's time, some 10 ms for each MiB. */
  readonly answerBytes: number;
}

export type LoaderRequest =
  | {
      readonly kind: 'find';
      readonly files: readonly ManifestFile[];
      readonly refused: ReadonlyMap<string, Problem>;
    }
  | {
      readonly kind: 'resolve';
      readonly stack: string;
      readonly texts: readonly ManifestFile[];
      readonly engine: EngineInfo;
      readonly admission: Admission;
    }
  | { readonly kind: 'looks'; readonly paths: readonly string[] };

/** What each kind of request is answered with. */
export interface LoaderAnswers {
  readonly find: FoundHeads;
  readonly resolve: TracedWish;
  readonly looks: readonly FileLook[];
}

/** How far a request has come. */
export type LoaderNote = ReadNote | { readonly kind: 'parse'; readonly file: string };

export type LoaderMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'note'; readonly note: LoaderNote }
  /** Packed by the thread, so that its size is known before anyone unpacks it. */
  | { readonly kind: 'answer'; readonly packed: Uint8Array }
  | { readonly kind: 'too-large'; readonly bytes: number }
  /** Something was thrown. */
  | { readonly kind: 'failed'; readonly message: string };
