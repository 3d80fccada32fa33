import type { NotifierType, Severity } from './configuration.ts';

/** What a receiver is told. */
export interface Notification {
  /** Whose daemon it is. */
  readonly host: string;
  readonly instance: string;
  readonly stack: string;
  readonly severity: Severity;
  readonly reason: string;
  /** `container/demo-web-1` */
  readonly object: string;
  readonly message: string;
  /** ISO 8601 */
  readonly at: string;
  /** A warning was told before, and is over. */
  readonly isRecovery: boolean;
  /** How many others were left out since the last one that was sent. */
  readonly leftOut: number;
}

export interface HttpMessage {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const MOST_CHARACTERS = 2000;

/** The request that tells a receiver of its type. */
export function renderMessage(type: NotifierType, notification: Notification): HttpMessage {
  const cut = { ...notification, message: notification.message.slice(0, MOST_CHARACTERS) };
  switch (type) {
    case 'webhook':
      return asJson({ apiVersion: 'stackctl.io/v1alpha1', kind: 'Notification', ...cut });
    case 'slack':
      return asJson({ text: escapeSlack(lines(cut).join('\n')) });
    case 'ntfy':
      return {
        headers: {
          'content-type': 'text/plain; charset=utf-8',
          title: lines(cut)[0] ?? '',
          priority: cut.severity === 'Warning' ? 'high' : 'default',
          tags: cut.severity === 'Warning' ? 'warning' : 'white_check_mark',
        },
        body: lines(cut).slice(1).join('\n'),
      };
  }
}

const asJson = (value: object): HttpMessage => ({
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
});

/** The first is of plain characters: names and reasons have no others. */
function lines({
  host,
  stack,
  severity,
  reason,
  object,
  message,
  isRecovery,
  leftOut,
}: Notification): string[] {
  const word = isRecovery ? 'recovered' : severity === 'Warning' ? 'warning' : 'ready';
  const place = host.replaceAll(/[^\x20-\x7e]/g, '?');
  return [
    `stackctl on ${place}: ${stack}: ${word}: ${reason}`,
    `${object}: ${message}`,
    ...(leftOut === 0 ? [] : [`${leftOut} more were left out; see stackctl events ${stack}`]),
  ];
}

/** What Slack takes for markup. */
const escapeSlack = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
