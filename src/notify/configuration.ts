import { z } from 'zod';
import { parseDurationMs } from '../manifest/schema/duration.ts';
import type { Problem } from '../model/problem.ts';
import { parseDocument } from '../settings/file.ts';

/** How a receiver is spoken to. */
export type NotifierType = 'webhook' | 'slack' | 'ntfy';
export type Severity = 'Normal' | 'Warning';

/** One receiver, as the operator wrote it. */
export interface NotifierSettings {
  readonly name: string;
  readonly type: NotifierType;
  /** Where to send to, when that is no secret. */
  readonly url?: string | undefined;
  /** A file with where to send to. */
  readonly urlFile?: string | undefined;
  /** A file with a bearer token. */
  readonly tokenFile?: string | undefined;
  /** Patterns with `*`; empty: all. */
  readonly stacks: readonly string[];
  readonly severities: readonly Severity[];
  /** The same thing is told again after this long. */
  readonly repeatMs: number;
}

const DURATION = 'a duration such as 30s, 5m or 1h30m';
const URL_TEXT = 'an address that begins with https:// or http://';
const path = (description: string) =>
  z.string({ error: 'a path' }).min(1, { error: 'a path' }).optional().meta({ description });

const notifier = z.strictObject({
  name: z
    .string({ error: 'a name' })
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, { error: 'a name of lower-case letters, digits and -' })
    .meta({ description: 'What the log and the metrics call it.' }),
  type: z.enum(['webhook', 'slack', 'ntfy']).meta({ description: 'How it is spoken to.' }),
  url: z
    .string({ error: URL_TEXT })
    .refine(isUrl, { error: URL_TEXT })
    .optional()
    .meta({ description: 'Where to send to, when that is no secret.' }),
  urlFile: path('A file with where to send to.'),
  tokenFile: path('A file with a bearer token.'),
  stacks: z
    .array(z.string({ error: 'the name of a stack, or a pattern with *' }))
    .default([])
    .meta({ description: 'Which stacks it is told of, with * for any characters; all when empty.' }),
  severities: z
    .array(z.enum(['Normal', 'Warning']))
    .min(1)
    .default(['Warning'])
    .meta({ description: 'Of what it is told. Normal: a stack is ready.' }),
  repeat: z
    .string({ error: DURATION })
    .refine((text) => (parseDurationMs(text) ?? 0) > 0, { error: DURATION })
    .default('4h')
    .meta({ description: 'The same thing is told again after this long.' }),
});

/** The whole file of `--notifications`. */
export const notificationsSchema = z
  .strictObject({ notifiers: z.array(notifier).max(50).meta({ description: 'The receivers.' }) })
  .meta({ title: 'notifications.yaml', description: 'Who stackctld tells of what happens.' });

/** Whether something can be sent there. */
export function isUrl(text: string): boolean {
  return /^https?:\/\//.test(text) && URL.canParse(text);
}

/** Reads the file of receivers. Never throws; with a problem there are none. */
export function parseNotifications(
  file: string,
  text: string,
): { readonly notifiers: readonly NotifierSettings[]; readonly problems: readonly Problem[] } {
  const { value, problems } = parseDocument(file, text, notificationsSchema);
  if (problems.length > 0 || value === undefined) return { notifiers: [], problems };
  const notifiers = notificationsSchema
    .parse(value)
    .notifiers.map(({ repeat, ...rest }) => ({ ...rest, repeatMs: parseDurationMs(repeat) ?? 0 }));
  const found = notifiers.flatMap((each, index) => clashesOf(each, notifiers.slice(0, index), file));
  return found.length > 0 ? { notifiers: [], problems: found } : { notifiers, problems: [] };
}

function clashesOf(
  { name, url, urlFile }: NotifierSettings,
  before: readonly NotifierSettings[],
  file: string,
): readonly Problem[] {
  const wrong = (message: string, hint: string): Problem => ({
    severity: 'error',
    code: 'Contradiction',
    message: `notifier ${name}: ${message}`,
    hint,
    at: { file, line: 1, column: 1 },
  });
  const found: Problem[] = [];
  if ((url === undefined) === (urlFile === undefined))
    found.push(wrong('one of url and urlFile', 'give one'));
  if (before.some((other) => other.name === name))
    found.push(wrong('there are two of this name', 'rename one'));
  return found;
}
