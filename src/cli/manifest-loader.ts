import type { PushedManifests } from '../api/contract.ts';
import type { Topology } from '../isolation/topology.ts';
import type { LintReport, RuleHead } from '../lint/finding.ts';
import type { Admission } from '../model/admission.ts';
import type { Problem } from '../model/problem.ts';
import type { ReachabilityPolicy } from '../model/reachability.ts';

/** Manifests to be loaded in this process, without a daemon and without an engine. */
export interface LoadingRequest {
  readonly manifests: PushedManifests;
  /**
   * `tree`: what of the files is a manifest shows by their names, as in a source of the daemon. `named`: each of
   * them is one, whatever it is called, and plain Compose files are laid over each other, in order.
   */
  readonly reading: 'tree' | 'named';
  /** Held to this; undefined: to nothing. */
  readonly admission?: Pick<Admission, 'enforce' | 'warn'> | undefined;
}

/** What the manifests say, as far as it can be known without an engine. */
export interface LoadedManifests {
  /** By name. Those that cannot be used at all are missing. */
  readonly stacks: readonly LoadedStack[];
  /** All faults: of the manifests, and of the Compose files that they are made of. */
  readonly problems: readonly Problem[];
}

/** One stack in canonical form; not to be trusted when there are errors among the problems. */
export interface LoadedStack {
  readonly name: string;
  /** The shape of `docker compose config`; the `$` in it are not doubled. */
  model(format: 'json' | 'yaml'): Readonly<Record<string, unknown>>;
  /** Names in the manifest, in the order of the model. */
  readonly services: readonly string[];
  readonly networks: readonly string[];
  readonly volumes: readonly string[];
  /** One for each service, also where it is built. */
  readonly images: readonly string[];
  /** Of all services, active or not. */
  readonly profiles: readonly string[];
  /** docker compose's hash of each service. */
  readonly hashes: Readonly<Record<string, string>>;
}

/** The same before variables are filled in. */
export interface UnfilledStack {
  readonly name: string;
  readonly model: unknown;
  readonly variables: readonly StackVariable[];
  /** What its manifest says beside the model, for writing it again. */
  readonly written: {
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
    /** The control fields of `spec` that were written, with absolute paths. */
    readonly control: Readonly<Record<string, unknown>>;
  };
  /** The `.env` file that its variables come from because nothing else was named; undefined: there is none. */
  readonly usualEnvFile: string | undefined;
}

export interface StackVariable {
  readonly name: string;
  readonly required: boolean;
  readonly defaultValue: string;
  readonly alternateValue: string;
}

export interface UnfilledManifests {
  readonly stacks: readonly UnfilledStack[];
  readonly problems: readonly Problem[];
  /** Files with encrypted values, for which placeholders stand. */
  readonly encrypted: readonly string[];
}

export interface LintRequest extends Pick<LoadingRequest, 'manifests' | 'reading'> {
  /** Which rules are asked; undefined: all but the optional ones. */
  readonly selection?: {
    readonly only?: readonly string[] | undefined;
    readonly ignore?: readonly string[];
  };
}

/** What the rules found. Stacks with an error among the problems were not looked at. */
export interface LintedManifests extends LintReport {
  /** Those that were looked at. */
  readonly stacks: readonly string[];
  readonly problems: readonly Problem[];
}

/** Who could talk to whom if all of the manifests were applied. */
export interface DeclaredNetworking {
  readonly topology: Topology;
  /** Policies among the manifests. */
  readonly policies: readonly ReachabilityPolicy[];
  readonly problems: readonly Problem[];
}

/** How a command gets at the rooms that understand manifests; built in bin/. */
export interface ManifestLoader {
  load(request: LoadingRequest): Promise<LoadedManifests>;
  loadUnfilled(request: LoadingRequest): Promise<UnfilledManifests>;
  lint(request: LintRequest): Promise<LintedManifests>;
  /** Every rule of `lint`, in the order of the docs. */
  lintRules(): Promise<readonly RuleHead[]>;
  /** `apiVersion`: of the engine that they are meant for. */
  loadNetworking(requests: readonly LoadingRequest[], apiVersion: string): Promise<DeclaredNetworking>;
}
