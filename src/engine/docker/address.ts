import { Failure } from '../../model/failure.ts';

/** Where an engine listens. `text` is for messages. */
export type EngineAddress =
  | { readonly kind: 'unix'; readonly path: string; readonly text: string }
  | {
      readonly kind: 'tcp';
      readonly host: string;
      readonly port: number;
      readonly secure: boolean;
      readonly text: string;
    };

const DEFAULT_SOCKET = '/var/run/docker.sock';
const TLS_PORT = 2376;
const PLAIN_PORT = 2375;

/**
 * Reads what DOCKER_HOST holds: `unix:///path`, `tcp://host[:port]`, `http(s)://host[:port]`. Nothing or
 * `unix://` is the usual socket. Throws `invalid` for anything else (`ssh://` among it).
 */
export function parseAddress(host: string | undefined): EngineAddress {
  const text = host?.trim() ?? '';
  if (text === '' || text === 'unix://') return unixAddress(DEFAULT_SOCKET);
  if (text.startsWith('unix://')) return unixAddress(text.slice('unix://'.length));
  if (text.startsWith('/')) return unixAddress(text);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^(tcp|https?):$/.test(url.protocol) && url.hostname !== '') {
    const secure = url.protocol === 'https:' || url.port === String(TLS_PORT);
    const port = url.port === '' ? (secure ? TLS_PORT : PLAIN_PORT) : Number(url.port);
    return { kind: 'tcp', host: url.hostname, port, secure, text };
  }
  throw new Failure('invalid', `the engine address ${JSON.stringify(text)} is not understood`, {
    hint: 'set DOCKER_HOST to unix:///path/to/docker.sock or tcp://host:port',
  });
}

function unixAddress(path: string): EngineAddress {
  return { kind: 'unix', path, text: `unix://${path}` };
}
