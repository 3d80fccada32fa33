import type Docker from 'dockerode';
import { SMALL_IMAGE } from '../support/lab.ts';

/** Names of a round, that no other round has. */
export interface Names {
  readonly stack: string;
  /** A second stack, and the name that a renamed one gets. */
  readonly other: string;
  /** An image that is not SMALL_IMAGE. */
  readonly otherImage: string;
  /** A tag of this round alone. It means SMALL_IMAGE at first. */
  readonly ownTag: string;
  /** `10.x.y.` of a /24 of this round alone. */
  readonly subnet: string;
  /** The beginning of a /64 of this round alone. */
  readonly subnet6: string;
  /** A network and a volume that somebody else made. */
  readonly foreignNetwork: string;
  readonly foreignVolume: string;
}

/** What somebody does: to the manifests, on the command line, to the engine behind the daemon's back. */
export interface Hands {
  readonly docker: Docker;
  /** Writes files below the manifest directory; undefined removes one. */
  readonly write: (files: Files) => Promise<void>;
  /** `stackctl`: the output is nobody's business here, since a killed daemon answers nothing. */
  readonly ctl: (...argv: readonly string[]) => Promise<void>;
  /** `stackctl apply --wait=false` of this text, as the stack of this name. */
  readonly apply: (stack: string, text: string) => Promise<void>;
  /** `docker compose up -d` of this text, as the project of this name. */
  readonly composeUp: (project: string, text: string) => Promise<void>;
}

export type Files = Readonly<Record<string, string | undefined>>;

/** How a container is to be seen at the end, as far as it is said: the engine's own words. */
export interface Seen {
  /** Default: running. */
  readonly state?: 'running' | 'exited';
  /** Default: healthy where there is a healthcheck, none elsewhere. */
  readonly health?: 'healthy';
  readonly env?: Readonly<Record<string, string>>;
  /** Networks by their full names, sorted. Default: STACK_default. */
  readonly networks?: readonly string[];
  /** By the name of the network. */
  readonly addresses?: Readonly<Record<string, string>>;
  readonly image?: string;
  readonly memoryBytes?: number;
  /** Where volumes are mounted. */
  readonly mounts?: readonly string[];
  /** Published container ports. */
  readonly ports?: readonly string[];
  /** A file in it, and what stands there. */
  readonly file?: readonly [path: string, content: string];
}

/** A stack at the end: all of it, since what is not said here must not be there. */
export interface WantedStack {
  readonly name: string;
  /** What its status says at the end; `Gone`: nothing is known of it any more. */
  readonly says?: 'Ready' | 'Suspended' | 'BadRevision' | 'ManifestInvalid' | 'Gone';
  /** By `SERVICE-ORDINAL`. */
  readonly containers: Readonly<Record<string, Seen>>;
  /** By key. */
  readonly networks: readonly string[];
  /** By key; one that nobody named is `SERVICE_ORDINAL_*`. */
  readonly volumes?: readonly string[];
  /** What a network must be. */
  readonly internal?: Readonly<Record<string, boolean>>;
  readonly subnets?: Readonly<Record<string, readonly string[]>>;
}

export interface Scenario {
  readonly name: string;
  /** Where docker compose is needed, it is left out elsewhere. */
  readonly needs?: 'compose';
  /** What is there before the daemon starts. */
  readonly prepare?: (hands: Hands, names: Names) => Promise<void>;
  /** Manifests that are Ready before anything is changed. */
  readonly before?: (names: Names) => Files;
  /** What is applied by command and Ready before anything is changed; and what is applied after it. */
  readonly applied?: (names: Names) => string;
  readonly appliedThen?: (names: Names) => string;
  readonly change: (hands: Hands, names: Names) => Promise<unknown>;
  /** The change is a command, which may die with the daemon: it is given again. */
  readonly isCommand?: true;
  readonly wanted: (names: Names) => readonly WantedStack[];
  /** Containers that nobody restarts. */
  readonly untouched?: (names: Names) => readonly string[];
  /** About how many writes the change takes, so that blows fall within it. */
  readonly writes: number;
}

/** Fields of a service that sleeps and ends at once when asked to. */
export const IDLE = `image: ${SMALL_IMAGE}, command: [sleep, "100000"], stop_signal: SIGKILL`;
/** Good after a moment, so that a replacement takes no longer. */
export const QUICK = 'deploy: {update_config: {monitor: 100ms}}';
/** One that leaves a line in its volume with each start. */
export const keeper = (where = '/data', volume = 'data') =>
  `image: ${SMALL_IMAGE}, command: [sh, -c, "echo $$HOSTNAME >> ${where}/tokens; exec sleep 100000"], stop_signal: SIGKILL, volumes: ["${volume}:${where}"]`;
/** Whatever a secret contains must be seen nowhere. */
export const CANARY = 'canary-7f3a91c4';

export const fileOf = (stack: string) => `${stack}.compose.yaml`;
/** One stack in a file of its own. */
export const stackFile = ({ stack }: Names, text: string): Files => ({ [fileOf(stack)]: text });
export const running: Seen = {};
export const rev = (value: string): Seen => ({ env: { REV: value } });
