import type { ComposeProject, ComposeService } from '../compose/model.ts';
import type { StackPolicy } from '../model/desired.ts';
import type { Files } from '../model/files.ts';
import type { StackName } from '../model/names.ts';
import type { EngineInfo } from '../model/observed.ts';
import type { Position } from '../model/problem.ts';
import type { Report } from './report.ts';

/** All that decides what one stack wants of one engine. */
export interface ResolveRequest {
  /** Valid by the Compose room's rules; what only an engine cares about is checked here. */
  readonly project: ComposeProject;
  readonly control: StackPolicy;
  readonly stack: StackName;
  /** Absolute; for Compose's labels and for files that Compose reads at creation (seccomp profiles). */
  readonly workingDirectory: string;
  readonly configFiles: readonly string[];
  /** Values of `environment:` configs and secrets, by `configs.NAME` and `secrets.NAME`. */
  readonly contents: Readonly<Record<string, string>>;
  /** `apiVersion` and `swarmActive` decide what can be asked for at all. */
  readonly engine: EngineInfo;
  /** Keys the digests of secrets: without it a guess cannot be checked against a hash. */
  readonly secretKey: string;
  /** Where a field of the canonical model was written. */
  readonly locate: (path: string) => Position | undefined;
}

/** What each part needs to resolve one service. */
export interface ServiceContext {
  readonly request: ResolveRequest;
  readonly name: string;
  readonly service: ComposeService;
  /** `services.web`: what paths of problems start with. */
  readonly path: string;
  readonly replicas: number;
  readonly files: Files;
  readonly report: Report;
}
