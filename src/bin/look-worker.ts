import { look } from '../source/fingerprint.ts';
import { portToParent, serveCalls } from './serve-calls.ts';

// The looking thread: tells whether files are as they were, also while the loading thread is busy.
serveCalls(portToParent(), {
  answer: (request) => (request.kind === 'looks' ? request.paths.map(look) : []),
  limitBytes: () => Number.POSITIVE_INFINITY,
});
