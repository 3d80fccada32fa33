import { readFileSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { UsageError } from './option.ts';

export const DEFAULT_SOCKET = '/run/stackctl/stackctl.sock';

/** Where a daemon is called. */
export type Endpoint =
  | { readonly kind: 'socket'; readonly path: string }
  | {
      readonly kind: 'server';
      readonly url: URL;
      readonly token: string | undefined;
      /** PEM text of who signed the server's certificate; undefined: those that every program trusts. */
      readonly authority: string | undefined;
    };

/** What says where the daemon is: flags, or the client's file. Paths of the file are absolute already. */
export interface EndpointNames {
  readonly socket?: string | undefined;
  readonly host?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly certificateAuthority?: string | undefined;
}

export interface EndpointSources {
  readonly flags: EndpointNames;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly file: EndpointNames;
  readonly cwd: string;
}

/** Which daemon is meant: flags before the environment before the client's file. Throws `UsageError`. */
export function chooseEndpoint({ flags, env, file, cwd }: EndpointSources): Endpoint {
  const variables: EndpointNames = {
    socket: env['STACKCTL_SOCKET'] || undefined,
    host: env['STACKCTL_HOST'] || undefined,
    tokenFile: env['STACKCTL_TOKEN_FILE'] || undefined,
    certificateAuthority: env['STACKCTL_CERTIFICATE_AUTHORITY'] || undefined,
  };
  const layers = [flags, variables, file];
  const chosen = layers.find(({ socket, host }) => socket !== undefined || host !== undefined) ?? {};
  if (chosen.socket !== undefined && chosen.host !== undefined) throw bothGiven(chosen === variables);
  if (chosen.host === undefined) {
    return { kind: 'socket', path: chosen.socket ?? DEFAULT_SOCKET };
  }
  const first = (key: 'tokenFile' | 'certificateAuthority'): string | undefined => {
    const path = layers.map((layer) => layer[key]).find((each) => each !== undefined);
    return path === undefined || isAbsolute(path) ? path : resolve(cwd, path);
  };
  const tokenFile = flags.tokenFile ?? (env['STACKCTL_TOKEN'] ? undefined : first('tokenFile'));
  const authority = first('certificateAuthority');
  return {
    kind: 'server',
    url: parseHost(chosen.host),
    token: tokenFile === undefined ? env['STACKCTL_TOKEN'] || undefined : readToken(resolve(cwd, tokenFile)),
    authority: authority === undefined ? undefined : readText('certificate authority', authority),
  };
}

function bothGiven(isEnvironment: boolean): UsageError {
  const [socket, host] = isEnvironment ? ['STACKCTL_SOCKET', 'STACKCTL_HOST'] : ['socket', 'host'];
  return new UsageError(`both ${socket} and ${host} say where the daemon is`, 'leave one of them out');
}

function parseHost(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url?.pathname === '/' && url.search === '' && url.hash === '' && url.username === '';
  if (url === undefined || !isPlain || !['https:', 'http:'].includes(url.protocol)) {
    throw new UsageError(`the host ${JSON.stringify(text)} is no address`, 'write https://HOST:PORT');
  }
  return url;
}

/** A token by itself, or the first line of a daemon's file: `read-only TOKEN`. */
function readToken(path: string): string {
  const lines = readText('token file', path).split('\n');
  const line = lines.map((each) => each.trim()).find((each) => each !== '' && !each.startsWith('#'));
  const token = line?.split(/\s+/).at(-1) ?? '';
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new UsageError(`the token file ${path} has no token`, 'write the token into it, and nothing else');
}

function readText(what: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    throw new UsageError(`the ${what} ${path} cannot be read: ${code}`);
  }
}
