import { createDockerEngine } from '../../src/engine/docker/docker-engine.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { type CallAdmission, NO_PLACES } from '../../src/model/admission.ts';
import { fakeEngineServer, json } from './fake-engine-server.ts';
import { SILENT } from './lab.ts';

/** An engine that takes whatever it is sent, and counts it. */
export interface AdmittingServer {
  /** Whose calls are held to what is said, by default to baseline in `/stack`. */
  engine(admission?: Partial<CallAdmission>): Engine;
  /** What was sent to change something. */
  sent(): readonly string[];
  /** What a container (by id) or volume (by name) bears. */
  has(kind: 'container' | 'volume', name: string, wire: object): void;
}

export async function admittingServer(): Promise<AdmittingServer> {
  const server = await fakeEngineServer();
  server.on('POST /containers/create', json({ Id: 'c'.repeat(64) }, 201));
  server.on('POST /networks/create', json({ Id: 'n'.repeat(64) }, 201));
  server.on('POST /volumes/create', json({ Name: 'v' }, 201));
  server.on('POST /build', json({ aux: { ID: 'sha256:1' } }));
  const engine = createDockerEngine({ host: server.host, instance: 'test', log: SILENT });
  return {
    engine: (admission = {}) =>
      engine.admitting({
        stack: 'demo',
        project: 'demo',
        level: 'baseline',
        directory: '/stack',
        places: NO_PLACES,
        ...admission,
      }),
    sent: () => server.requests.filter((request) => request.startsWith('POST ')),
    has: (kind, name, wire) =>
      server.on(`GET /${kind}s/${name}${kind === 'container' ? '/json' : ''}`, json(wire)),
  };
}
