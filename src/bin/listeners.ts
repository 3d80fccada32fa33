import { readFileSync } from 'node:fs';
import type { ApiOptions, TcpOptions } from '../api/server.ts';
import { Failure } from '../model/failure.ts';
import type { Settings } from '../settings/table.ts';
import { watchTokens } from './token-file.ts';
import { readTrusted } from './trusted-file.ts';

type Listeners = Pick<ApiOptions, 'socketPath' | 'socketMode' | 'socketGroup' | 'tcp'>;

/** Where the API is to listen. Throws `invalid` when a file or group that the settings name is of no use. */
export function listenersOf(settings: Settings, log: Parameters<typeof watchTokens>[1]): Listeners {
  return {
    socketPath: settings.socket,
    socketMode: Number.parseInt(settings.socketMode, 8),
    socketGroup: settings.socketGroup === undefined ? undefined : groupId(settings.socketGroup),
    tcp: tcpOf(settings, log),
  };
}

function tcpOf(settings: Settings, log: Parameters<typeof watchTokens>[1]): TcpOptions | undefined {
  const { listen, tokens, tlsCert, tlsKey, allowedHosts } = settings;
  if (listen === undefined || tokens === undefined) return undefined;
  const tls =
    tlsCert === undefined || tlsKey === undefined
      ? undefined
      : {
          cert: readTrusted({ what: 'the certificate', file: tlsCert }).text,
          key: readTrusted({ what: 'the key', file: tlsKey, secret: true }).text,
        };
  return { address: listen, tls, accessOf: watchTokens(tokens, log), hosts: allowedHosts };
}

/** By number, or by its name in /etc/group. */
function groupId(group: string): number {
  if (/^\d{1,9}$/.test(group)) return Number(group);
  const lines = readFileSync('/etc/group', 'utf8').split('\n');
  const id = lines.map((line) => line.split(':')).find(([name]) => name === group)?.[2];
  if (id !== undefined) return Number(id);
  throw new Failure('invalid', `there is no group ${group}`, { hint: `groupadd --system ${group}` });
}
