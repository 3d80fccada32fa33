import type { ComposeHook } from '../compose/model.ts';
import type { Hook, Hooks } from '../model/hooks.ts';
import type { ServiceContext } from './context.ts';
import { definedOnly, nonEmptyText, onlyTrue } from './defined.ts';
import { environment } from './process.ts';

/** What is to be run in each container of a service; undefined for none, so that no hash changes for it. */
export function containerHooks(context: ServiceContext): Hooks | undefined {
  const postStart = hooks(context, 'post_start');
  const preStop = hooks(context, 'pre_stop');
  return postStart.length === 0 && preStop.length === 0 ? undefined : { postStart, preStop };
}

function hooks(context: ServiceContext, field: 'post_start' | 'pre_stop'): readonly Hook[] {
  return (context.service[field] ?? []).flatMap((given, index) => {
    if (given.command.length > 0) return [hook(given)];
    context.report.error(`${context.path}.${field}[${index}].command`, {
      code: 'EmptyCommand',
      message: 'a hook without a command',
      hint: 'write what is to be run, as a list or as one line',
    });
    return [];
  });
}

function hook(given: ComposeHook): Hook {
  return definedOnly<Hook>({
    command: [...given.command],
    user: nonEmptyText(given.user),
    privileged: onlyTrue(given.privileged),
    workingDir: nonEmptyText(given.working_dir),
    env: environment(given.environment) ?? [],
  });
}
