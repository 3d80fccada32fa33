import type { Reading } from './failure-reading.ts';

/** Of pulls. */
export const REGISTRIES: readonly Reading[] = [
  {
    when: /toomanyrequests|rate limit/i,
    kind: 'refused',
    hint: () => 'the registry limits pulls: log in (docker login), or wait',
  },
  {
    when: /pull access denied|unauthorized|authentication required|no basic auth credentials|denied: /i,
    kind: 'refused',
    hint: () => 'the image does not exist or needs a login: docker login as the user stackctld runs as',
  },
  {
    when: /no matching manifest for/,
    kind: 'invalid',
    hint: () => "the image is not published for this host's architecture; set platform or another image",
  },
  {
    when: /manifest unknown|manifest for \S+ not found|repository \S+ not found/,
    kind: 'invalid',
    hint: () => 'the registry has no such tag; correct image',
  },
  {
    when: /x509: |tls: failed to verify/i,
    kind: 'refused',
    hint: () =>
      "the engine does not trust the registry's certificate: put its CA into /etc/docker/certs.d/HOST:PORT/ca.crt",
  },
  {
    when: /no such host|i\/o timeout|TLS handshake timeout|dial tcp|server gave HTTP response to HTTPS|Client\.Timeout exceeded|(?:Get|Head) "[^"]*": (?:context deadline exceeded|EOF)/i,
    kind: 'refused',
    hint: () =>
      'the registry cannot be reached from this engine; check network, proxy and insecure-registries',
  },
];

/** Of builds. */
export const BUILDS: readonly Reading[] = [
  {
    when: /dockerfile parse error|unknown instruction|(?:COPY|ADD) failed|failed to process|target stage/i,
    kind: 'invalid',
    hint: () => 'correct the Dockerfile, or what .dockerignore leaves out of the context',
  },
  {
    when: /returned a non-zero code/,
    kind: 'refused',
    hint: () => 'a command of the Dockerfile fails; the message ends with its output',
  },
];
