import type { StackStatus } from '../model/status.ts';
import { findInJson, parseJsonPath } from './json-path.ts';
import { UsageError } from './option.ts';
import { findCondition } from './output/columns.ts';
import type { Judgement } from './wait.ts';

/** Those that a stack may have. */
export const CONDITION_TYPES = ['Ready', 'Healthy', 'Reconciling', 'Stalled', 'Suspended'] as const;

/** What `wait --for` waits for. */
export interface Goal {
  readonly wanted: string;
  readonly met: string;
  readonly judge: (status: StackStatus | undefined, name: string) => Judgement;
}

/** Understands `--for`. Throws `UsageError`. */
export function parseGoal(wanted: string | undefined): Goal {
  if (wanted === undefined)
    throw new UsageError('what to wait for is missing', 'give --for=condition=Ready or --for=delete');
  if (wanted === 'delete') {
    return {
      wanted,
      met: 'deleted',
      judge: (status) => ({ kind: status === undefined ? 'met' : 'waiting' }),
    };
  }
  if (wanted.startsWith('jsonpath=')) return pathGoal(wanted);
  const [word, type = '', value = 'True', ...rest] = wanted.split('=');
  const found = CONDITION_TYPES.find((each) => each.toLowerCase() === type.toLowerCase());
  const state = ['True', 'False', 'Unknown'].find((each) => each.toLowerCase() === value.toLowerCase());
  if (word !== 'condition' || found === undefined || state === undefined || rest.length > 0) {
    throw new UsageError(
      `--for=${wanted} is not understood`,
      `give delete, jsonpath={PATH}=VALUE, or condition=TYPE with ${CONDITION_TYPES.join(', ')}`,
    );
  }
  return {
    wanted,
    met: 'condition met',
    judge: (status, name) => judgeCondition(status, { name, type: found, state }),
  };
}

function judgeCondition(
  status: StackStatus | undefined,
  { name, type, state }: { readonly name: string; readonly type: string; readonly state: string },
): Judgement {
  if (status === undefined) return { kind: 'failed', why: `there is no stack "${name}"` };
  const condition = findCondition(status, type);
  const isFresh = condition !== undefined && condition.observedGeneration >= status.generation;
  // A condition that does not hold may simply not be listed, once the newest generation was looked at.
  const isAbsent =
    condition === undefined && state === 'False' && status.observedGeneration >= status.generation;
  return { kind: isAbsent || (isFresh && condition.status === state) ? 'met' : 'waiting' };
}

/** `jsonpath={PATH}` until something is there, `jsonpath={PATH}=VALUE` until it is that. */
function pathGoal(wanted: string): Goal {
  const [, path = '', , value] = /^jsonpath=(\{[^{}]*\}|[^={}]*)(=(.*))?$/.exec(wanted) ?? [];
  const parsed = parseJsonPath(path);
  if (parsed === undefined) {
    throw new UsageError(
      `--for=${wanted} is not understood`,
      "write for instance --for=jsonpath='{.health}'=Healthy",
    );
  }
  return {
    wanted,
    met: 'condition met',
    judge: (status, name) => {
      if (status === undefined) return { kind: 'failed', why: `there is no stack "${name}"` };
      const found = findInJson(status, parsed).map((each) =>
        typeof each === 'object' ? JSON.stringify(each) : String(each),
      );
      const isMet = value === undefined ? found.length > 0 : found.includes(value);
      const isFresh = status.observedGeneration >= status.generation;
      return { kind: isMet && isFresh ? 'met' : 'waiting' };
    },
  };
}
