import type { Server } from 'node:http';
import { Failure } from '../model/failure.ts';
import type { TcpAddress } from '../model/tcp-address.ts';

/** Makes `server` listen; answers the port, which the system chose for port 0. Throws `Failure` `conflict`. */
export function listenOnTcp(server: Server, { host, port }: TcpAddress): Promise<number> {
  return new Promise((resolve, reject) => {
    const refuse = (error: NodeJS.ErrnoException): void => {
      const why = WHY[error.code ?? ''] ?? error.code ?? error.message;
      reject(
        new Failure('conflict', `cannot listen on ${host}:${port}: ${why}`, {
          hint: 'choose another address',
          cause: error,
        }),
      );
    };
    server.once('error', refuse);
    server.listen(port, host, () => {
      server.off('error', refuse);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

const WHY: Readonly<Record<string, string>> = {
  EADDRINUSE: 'somebody listens there already',
  EACCES: 'permission denied',
  EADDRNOTAVAIL: 'this host has no such address',
  ENOTFOUND: 'there is no such name',
};
