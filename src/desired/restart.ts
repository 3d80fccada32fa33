import type { ComposeService } from '../compose/model.ts';
import type { RestartPolicy } from '../model/container.ts';
import type { ServiceContext } from './context.ts';

/** docker compose's words and the engine's: `any` and `none` are those of `deploy`. */
const POLICY_NAMES: Readonly<Record<string, RestartPolicy['Name']>> = {
  no: 'no',
  none: 'no',
  any: 'always',
  always: 'always',
  'unless-stopped': 'unless-stopped',
  'on-failure': 'on-failure',
};

/** `deploy.restart_policy` wins over `restart`, as in docker compose; unset is `no`. */
export function restartPolicy(context: ServiceContext): RestartPolicy {
  const { service, path } = context;
  const deployed = service.deploy?.restart_policy;
  if (deployed !== undefined) {
    return policy(
      context,
      `${path}.deploy.restart_policy`,
      deployed.condition ?? 'any',
      deployed.max_attempts,
    );
  }
  const [condition = 'no', attempts] = (service.restart ?? 'no').split(':');
  const count = attempts === undefined ? undefined : Number(attempts);
  if (count !== undefined && !(Number.isSafeInteger(count) && count >= 0)) {
    context.report.error(`${path}.restart`, {
      code: 'InvalidValue',
      message: `${attempts} is not a number of restarts`,
      hint: 'write on-failure:5',
    });
    return policy(context, `${path}.restart`, condition, undefined);
  }
  return policy(context, `${path}.restart`, condition, count);
}

/** False when the manifest leaves restarts to us. */
export function isRestartGiven(service: ComposeService): boolean {
  return service.deploy?.restart_policy !== undefined || (service.restart ?? '') !== '';
}

function policy(
  context: ServiceContext,
  path: string,
  condition: string,
  attempts: number | undefined,
): RestartPolicy {
  const name = POLICY_NAMES[condition === '' ? 'no' : condition];
  if (name === undefined) {
    context.report.error(path, {
      code: 'InvalidValue',
      message: `${condition} is not a restart policy`,
      hint: 'use no, always, unless-stopped or on-failure[:N]',
    });
    return { Name: 'no', MaximumRetryCount: 0 };
  }
  if (name !== 'on-failure' && attempts !== undefined && attempts > 0) {
    context.report.warn(path, {
      code: 'IgnoredAttribute',
      message: `a number of attempts counts only with on-failure; with ${condition} the engine refuses it`,
      hint: 'use on-failure, or leave the number out',
    });
  }
  return { Name: name, MaximumRetryCount: name === 'on-failure' ? (attempts ?? 0) : 0 };
}
