import { type Statement, say } from './isolation.ts';

export const ZONES = ['proxy', 'backend', 'data', 'storage', 'egress'] as const;
export type Zone = (typeof ZONES)[number];

/** What the guide gives each zone: "Network Zones". */
const ZONE_TRAITS: Readonly<Record<Zone, { readonly leadsOut: boolean; readonly icc: boolean }>> = {
  proxy: { leadsOut: true, icc: true },
  backend: { leadsOut: false, icc: true },
  data: { leadsOut: false, icc: true },
  storage: { leadsOut: false, icc: true },
  egress: { leadsOut: true, icc: false },
};

/**
 * Who is in which zone, by stack. The guide's lists ("Service Network Assignments") have the zones of each service's own
 * kind; that a service which uses a database is in data, and one that uses an application in backend, is its rule for
 * new services ("Adding New Services"), and manifests/ai-hub/README.md names those.
 */
export const ASSIGNED: Readonly<Record<string, readonly Zone[]>> = {
  'proxy/traefik': ['proxy'],
  'proxy/api': ['proxy', 'backend', 'data'],
  'proxy/web': ['proxy'],
  'proxy/open-webui': ['proxy', 'backend'],
  'proxy/bot': ['proxy', 'backend'],
  'proxy/oauth2proxy-dagster': ['proxy', 'backend'],
  'proxy/oauth2proxy-langfuse': ['proxy', 'backend'],
  'backend/litellm': ['backend', 'data'],
  'backend/agents': ['backend', 'data'],
  'backend/pipelines': ['backend', 'data'],
  'backend/dagster-webserver': ['backend', 'data'],
  'backend/dagster-daemon': ['backend', 'data'],
  'backend/langfuse': ['backend', 'data'],
  'backend/mineru-api': ['backend'],
  'backend/presidio-analyzer': ['backend'],
  'backend/presidio-anonymizer': ['backend'],
  'backend/speaches': ['backend'],
  'backend/jupyter': ['backend'],
  'backend/otel-collector': ['backend'],
  'backend/playwright': ['backend', 'egress'],
  'data/postgres': ['data'],
  'data/valkey': ['data'],
  'data/pgbouncer': ['data'],
  'data/postgres-ferretdb': ['data'],
  'data/ferretdb': ['data'],
  'data/neo4j': ['data'],
  'data/etcd': ['data', 'storage'],
  'data/milvus-standalone': ['data'],
  'data/nats': ['data'],
  'storage/seaweedfs-master': ['storage'],
  'storage/seaweedfs-volume': ['storage'],
  'storage/seaweedfs-filer': ['storage'],
  'storage/seaweedfs-s3': ['proxy', 'storage'],
};

/** Two that only call out, so that egress has somebody beside playwright. They are no part of the guide's stacks. */
export const FETCHERS: Readonly<Record<string, readonly Zone[]>> = {
  'fetchers/first': ['egress'],
  'fetchers/second': ['egress'],
};

const zonesOf = (service: string): readonly Zone[] => ASSIGNED[service] ?? FETCHERS[service] ?? [];
const leadsOut = (service: string): boolean => zonesOf(service).some((zone) => ZONE_TRAITS[zone].leadsOut);

/** What follows from zones alone: every port where a zone with ICC is shared, else traefik's published port for whoever gets out. */
export function expectedReach(from: string, to: string): 'all' | 'ports' | 'none' {
  const isTogether = zonesOf(from).some((zone) => ZONE_TRAITS[zone].icc && zonesOf(to).includes(zone));
  if (isTogether) return 'all';
  return to === 'proxy/traefik' && leadsOut(from) ? 'ports' : 'none';
}

/** Whoever is in a zone with a way out gets out: the matrix's column Internet. */
export const expectedWayOut = leadsOut;

/** What the guide says in words. */
export const AI_HUB_SAYS: readonly Statement[] = [
  say('outside', 'proxy/traefik', '', true, 'Network Zones, proxy: traffic from outside by Traefik'),
  say('outside', 'proxy/web', '', false, 'Network Zones, proxy: by Traefik'),
  say('outside', 'backend/litellm', '', false, 'Security, proxy to backend: no direct access'),
  say('outside', 'data/postgres', '', false, 'Matrix, External to data'),
  say('outside', 'storage/seaweedfs-filer', '', false, 'Matrix, External to storage'),
  say('outside', 'backend/playwright', '', false, 'Network Zones, egress: no way in'),
  say('proxy/traefik', 'proxy/api', 'name api', true, 'Matrix, proxy to proxy'),
  say(
    'proxy/traefik',
    'data/postgres',
    '5432/tcp',
    false,
    'Security, proxy to backend: only through the API',
  ),
  say('proxy/traefik', 'data/postgres', 'name postgres', false, 'Security, proxy to backend'),
  say('proxy/traefik', 'backend/litellm', '', false, 'Matrix, proxy to backend'),
  say('proxy/traefik', 'storage/seaweedfs-filer', '', false, 'Matrix, proxy to storage'),
  say(
    'proxy/api',
    'data/postgres',
    '5432/tcp',
    true,
    'Security, proxy to backend: the API reaches databases',
  ),
  say('proxy/api', 'data/postgres', 'name postgres', true, 'Debugging: names'),
  say('backend/litellm', 'data/postgres', '5432/tcp', true, 'Security, backend to data: defined interfaces'),
  say('backend/mineru-api', 'data/postgres', '5432/tcp', false, 'Security, backend to data'),
  say('backend/mineru-api', 'backend/playwright', 'name playwright', true, 'Egress: spoken to by backend'),
  say('backend/playwright', 'outside', '', true, 'Egress: it fetches pages'),
  say('proxy/traefik', 'outside', '', true, 'Network Zones, proxy: ingress and egress'),
  say('data/nats', 'storage/seaweedfs-filer', '', false, 'Security, data to storage'),
  say('data/etcd', 'storage/seaweedfs-filer', '', true, 'Storage: etcd is the filer metadata'),
  say('storage/seaweedfs-filer', 'data/etcd', 'name etcd', true, 'Storage: etcd is the filer metadata'),
  say('storage/seaweedfs-filer', 'data/nats', '', false, 'Security, data to storage'),
  say('storage/seaweedfs-s3', 'proxy/traefik', '', true, 'Proxy: seaweedfs-s3 is in proxy, too'),
];

/** What follows from the guide for those who are on egress alone. */
export const FETCHERS_SAY: readonly Statement[] = [
  say('fetchers/first', 'backend/playwright', '', false, 'Egress: ICC is disabled'),
  say('fetchers/first', 'fetchers/second', '', false, 'Egress: no lateral movement'),
  say('fetchers/first', 'outside', '', true, 'Network Zones, egress: a way out'),
];
