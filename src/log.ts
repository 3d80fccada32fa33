import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino';

/** Fields that could carry a secret, should one ever get that far: they never reach the log. */
const REDACTED = [
  'environment',
  'env',
  '*.environment',
  '*.env',
  '*.Env',
  '*.password',
  '*.token',
  '*.auth',
  '*.content',
  '*.files',
];

/** One JSON line an entry: a constant message with fields. Levels are pino's. */
export function createLog(level: string, destination?: DestinationStream): Logger {
  const options: LoggerOptions = { level, base: null, redact: { paths: REDACTED, censor: '[redacted]' } };
  return destination === undefined ? pino(options) : pino(options, destination);
}
