import { Failure } from '../model/failure.ts';
import type { Endpoint } from './endpoint.ts';

const NO_DAEMON_HINT =
  'start it with `systemctl start stackctld` or `stackctld`; --direct works once without a daemon, --socket chooses another';
const NO_SERVER_HINT = 'is stackctld running there, and told to --listen on that address?';
const LOG_HINT = 'see why with journalctl -u stackctld';
const AUTHORITY_HINT = 'give --certificate-authority the certificate of who signed it';

/** Why nobody could be asked, and what to do about it. */
export function transportFailure(endpoint: Endpoint, error: unknown, timeoutMs: number): Failure {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
  const where = endpoint.kind === 'socket' ? endpoint.path : endpoint.url.origin;
  const [why, hint] =
    everywhere(code, timeoutMs) ??
    (endpoint.kind === 'socket' ? onSocket(code, endpoint.path) : atServer(code, endpoint.url));
  return new Failure('unreachable', `cannot reach stackctld on ${where}: ${why}`, { hint, cause: error });
}

type Reading = readonly [why: string, hint: string];

function everywhere(code: string, timeoutMs: number): Reading | undefined {
  switch (code) {
    case 'ECONNRESET':
    case 'EPIPE':
      return ['the connection broke off', LOG_HINT];
    case 'ETIMEDOUT':
      return [`no answer for ${timeoutMs / 1000} s`, LOG_HINT];
    default:
      return undefined;
  }
}

function onSocket(code: string, path: string): Reading {
  switch (code) {
    case 'ENOENT':
      return ['there is no socket', NO_DAEMON_HINT];
    case 'ECONNREFUSED':
      return ['nobody answers on the socket', NO_DAEMON_HINT];
    case 'EACCES':
    case 'EPERM':
      return ['permission denied', `join the group that "ls -l ${path}" shows, or use sudo`];
    default:
      return [code, NO_DAEMON_HINT];
  }
}

function atServer(code: string, url: URL): Reading {
  switch (code) {
    case 'ECONNREFUSED':
      return ['nobody listens there', NO_SERVER_HINT];
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return [`there is no host ${url.hostname}`, 'correct --host'];
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return ['nobody that is trusted signed its certificate', AUTHORITY_HINT];
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return ['its certificate is for another name', 'call it by a name that its certificate has'];
    case 'CERT_HAS_EXPIRED':
      return ['its certificate has expired', 'renew it, and restart stackctld'];
    case 'EPROTO':
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'HPE_INVALID_CONSTANT':
      return ['it speaks something else', 'is it https, or http, and the port of stackctld?'];
    default:
      return [code, NO_SERVER_HINT];
  }
}
