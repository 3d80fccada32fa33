import type { StackEvent, StackStatus } from '../model/status.ts';
import type { Client } from './client.ts';
import type { Context } from './command.ts';
import { UsageError } from './option.ts';
import { findKind, parseStacks } from './reference.ts';
import { type Selector, selects } from './selector.ts';

interface Asked {
  readonly args: readonly string[];
  /** `--for` */
  readonly for: string | undefined;
  readonly selector: Selector;
}

/** Which events somebody asked for. */
export interface Subject {
  /** Undefined: of all stacks. */
  readonly stack: string | undefined;
  readonly isAbout: (event: StackEvent) => boolean;
}

/** Understands the stack, `--for` and `-l` of `events`. Throws `UsageError`, and `Failure` for a stack that is not there. */
export async function parseSubject(client: Client, asked: Asked, context: Context): Promise<Subject> {
  const [named, ...others] = parseStacks(asked.args);
  if (others.length > 0) throw new UsageError('several stacks are named', 'give one STACK, or -l LABELS');
  if (named !== undefined && asked.for !== undefined)
    throw new UsageError('a stack is named twice', 'give STACK or --for, not both');
  const subject =
    asked.for === undefined
      ? { stack: named, isAbout: () => true }
      : await parseObject(client, asked.for, context);
  if (asked.selector.length === 0) return subject;
  const statuses = await client.stacks(context.signal);
  const chosen = new Set(
    statuses.filter(({ labels }) => selects(asked.selector, labels)).map(({ name }) => name),
  );
  return { ...subject, isAbout: (event) => chosen.has(event.stack) && subject.isAbout(event) };
}

async function parseObject(client: Client, text: string, { signal }: Context): Promise<Subject> {
  const [kind = '', first = '', second, ...rest] = text.split('/');
  const isKind = (wanted: string): boolean => findKind(kind) === wanted;
  if (isKind('stack') && first !== '' && second === undefined) return { stack: first, isAbout: () => true };
  if (isKind('service') && first !== '' && second !== undefined && second !== '' && rest.length === 0) {
    const status = await client.stack(first, signal);
    return { stack: first, isAbout: aboutService(status, second) };
  }
  // Any other object by the words that the table shows it by: `container/demo-web-1`, `network/demo_default`.
  if (isKind('stack') || isKind('service') || kind === '' || first === '') {
    throw new UsageError(`--for=${text} names nothing`, 'write stack/NAME, service/STACK/NAME or KIND/NAME');
  }
  const object = `${findKind(kind) ?? kind}${text.slice(kind.length)}`;
  return { stack: undefined, isAbout: (event) => event.object === object };
}

/** Of the service itself, and of every container that it has or had under its usual names. */
function aboutService(status: StackStatus, service: string): (event: StackEvent) => boolean {
  const known = status.services.find(({ name }) => name === service)?.containers ?? [];
  const containers = new Set(known.map(({ name }) => `container/${name}`));
  const usual = `container/${status.name}-${service}-`;
  return ({ object }) =>
    object === `service/${service}` ||
    object === `service/${status.name}/${service}` ||
    containers.has(object) ||
    (object.startsWith(usual) && /^\d+(\.[0-9a-f]+)?$/.test(object.slice(usual.length)));
}
