import type { Blocker, FieldChange, Gate, Plan, Step } from '../model/plan.ts';
import { isoTime } from '../model/time.ts';

/** What a step does, in two words: what the engine is asked for. */
const VERBS: { readonly [Kind in Step['kind']]: string } = {
  'pull-image': 'pull',
  'build-image': 'build',
  'create-network': 'create',
  'remove-network': 'remove',
  'connect-network': 'connect',
  'disconnect-network': 'disconnect',
  'create-volume': 'create',
  'create-container': 'create',
  'put-files': 'put files into',
  'start-container': 'start',
  'stop-container': 'stop',
  'restart-container': 'restart',
  'exec-hook': 'run a hook in',
  'unpause-container': 'unpause',
  'rename-container': 'rename',
  'update-container': 'update',
  'remove-container': 'remove',
  'remove-volume': 'remove',
};

/** The plan as text, a line a step and a blocker: what `diff`, logs and tests show. Empty: converged. */
export function renderPlan(plan: Pick<Plan, 'steps' | 'blockers' | 'withheld'>): readonly string[] {
  return [
    ...plan.steps.map(renderStep),
    ...(plan.withheld ?? []).map(renderWithheld),
    ...plan.blockers.map(renderBlocker),
  ];
}

/** `~ update container/demo-web-1: Drifted {...} (left alone: driftDetection is warn)` */
export function renderWithheld(step: Step): string {
  return `~ ${renderAction(step)}: ${renderCause(step)} (left alone: driftDetection is warn)`;
}

/** `[1,2] -> #3 start container/demo-web-1: Missing (waits: db healthy)` */
export function renderStep(step: Step): string {
  const needs = step.needs.length > 0 ? `[${step.needs.join(',')}] -> ` : '';
  const gate = step.gate === undefined ? '' : ` (waits: ${renderGate(step.gate)})`;
  return `${needs}#${step.id} ${renderAction(step)}: ${renderCause(step)}${gate}`;
}

function renderCause({ because: { code, changes } }: Step): string {
  return changes.length === 0 ? code : `${code} {${changes.map(renderChange).join('; ')}}`;
}

/** What a step does, without its number and cause: `create container/demo-web-1`. */
export function renderAction(step: Step): string {
  const object = `${step.target.kind}/${step.target.name}`;
  switch (step.kind) {
    case 'rename-container':
      return `rename ${object} to ${step.newName}`;
    case 'exec-hook':
      return `run ${step.phase} hook ${step.index + 1} in ${object}`;
    case 'connect-network':
      return `connect ${object}${step.settings.aliases.length > 0 ? ` as ${step.settings.aliases.join(',')}` : ''}`;
    default:
      return `${VERBS[step.kind]} ${object}`;
  }
}

export const renderChange = (change: FieldChange): string => `${change.path}: ${change.from} -> ${change.to}`;

export function renderGate(gate: Gate): string {
  switch (gate.kind) {
    case 'service':
      return `${gate.service} ${gate.until}`;
    case 'image':
      return `image ${gate.ref}`;
    case 'replacement':
      return `${gate.container} ${gate.until}`;
    case 'paused':
      return '`stackctl rollout resume`';
    case 'delay':
      return 'the delay between two replicas';
    case 'attached':
      return `${gate.container} attached for long enough`;
    case 'backoff':
      return `back-off until ${isoTime(gate.untilMs)}, attempt ${gate.attempt}`;
    case 'stack':
      return gate.isMissing
        ? `stack ${gate.stack}, of which no source has a manifest: add one, or take it out of dependsOn`
        : `stack ${gate.stack} ready`;
  }
}

export function renderBlocker(blocker: Blocker): string {
  return `! ${blocker.target.kind}/${blocker.target.name}: ${blocker.code}: ${blocker.message}`;
}
