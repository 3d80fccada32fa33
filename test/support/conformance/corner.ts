import type { Engine } from '../../../src/engine/engine.ts';
import type { Profile } from '../simulated/objects.ts';
import type { Names } from './names.ts';
import type { DockerOperation, EngineOperation } from './operation.ts';

/** What the Engine API answered. */
export interface Answer {
  readonly status: number;
  /** Of a refusal. */
  readonly words: string;
  /** Of what was made. */
  readonly id?: string;
}

/** Some requests make dockerd panic: it hangs up, and goes on. */
export const NO_ANSWER: Answer = { status: 0, words: '' };

/** Something that an engine said by itself. */
export interface HeardEvent {
  readonly kind: string;
  readonly action: string;
  /** As the engine calls it. */
  readonly name: string;
}

/** A corner of an engine for one sequence: the simulated one, or a real one. */
export interface Corner {
  readonly profile: Profile;
  readonly names: Names;
  /** The port. */
  readonly engine: Engine;
  /** Another stackctld on the same engine. */
  readonly other: Engine;
  /** What a person asks of the engine. */
  docker(operation: DockerOperation): Promise<Answer>;
  restart(operation: EngineOperation): Promise<void>;
  /** All that the engine said since `forgetEvents`. */
  events(): readonly HeardEvent[];
  forgetEvents(): void;
  /** Lets happen what is about to happen by itself. */
  settle(): Promise<void>;
  dispose(): Promise<void>;
}
