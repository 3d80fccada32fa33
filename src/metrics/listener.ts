import { createServer } from 'node:http';
import { listenOnTcp } from '../api/tcp.ts';
import type { TcpAddress } from '../model/tcp-address.ts';
import type { Metrics } from './metrics.ts';

const MAX_CONNECTIONS = 16;
const TEXT = 'text/plain; charset=utf-8';

export interface MetricsListener {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Plain HTTP for monitoring: /metrics, /healthz and /readyz, to be read and nothing else. Throws `Failure` `conflict`
 * when it cannot listen.
 */
export async function serveMetrics(
  address: TcpAddress,
  { metrics, notReady }: { readonly metrics: Metrics; readonly notReady: () => string | undefined },
): Promise<MetricsListener> {
  const answer = async (path: string): Promise<readonly [status: number, text: string, type: string]> => {
    const why = notReady();
    switch (path) {
      case '/metrics': {
        const { text, contentType } = await metrics.render();
        return [200, text, contentType];
      }
      case '/healthz':
        return [200, 'ok\n', TEXT];
      case '/readyz':
        return why === undefined ? [200, 'ok\n', TEXT] : [503, `${why}\n`, TEXT];
      default:
        return [404, 'there is /metrics, /healthz and /readyz\n', TEXT];
    }
  };
  const server = createServer(
    { headersTimeout: 10_000, requestTimeout: 10_000 },
    async (request, response) => {
      const isReading = request.method === 'GET' || request.method === 'HEAD';
      const path = request.url?.split('?')[0] ?? '';
      const [status, text, type] = isReading
        ? await answer(path).catch(() => [500, 'the metrics cannot be read\n', TEXT] as const)
        : ([405, 'only GET\n', TEXT] as const);
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
      response.end(request.method === 'HEAD' ? undefined : text);
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  const port = await listenOnTcp(server, address);
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
