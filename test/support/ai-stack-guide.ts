import { type Statement, say } from './isolation.ts';

/**
 * Who reaches whom in the guide's AI stack, as a person who reads it would draw it. `✓` every port; `p` the published
 * port alone, by an address of the host; `·` not at all; `-` nothing to ask. The guide's three networks decide:
 * public-net has nginx and the gateway; ai-net the gateway, litellm, redis, postgres and qdrant; monitoring-net the
 * gateway, prometheus, grafana and loki (sections 04 and 05). Only nginx is published to the world. What all networks with
 * a way out have in common, that their containers get to a port that the host publishes, is the engine's.
 */
const DRAWN = `
FROM       gateway grafana litellm loki nginx postgres prometheus qdrant redis host internet
outside    ·       ·       ·       ·    p     ·        ·          ·      ·     -    -
host       ✓       ✓       ✓       ✓    ✓     ✓        ✓          ✓      ✓     -    -
gateway    -       ✓       ✓       ✓    ✓     ✓        ✓          ✓      ✓     ✓    ✓
grafana    ✓       -       ·       ✓    p     ·        ✓          ·      ·     ✓    ✓
litellm    ✓       ·       -       ·    p     ✓        ·          ✓      ✓     ✓    ✓
loki       ✓       ✓       ·       -    p     ·        ✓          ·      ·     ✓    ✓
nginx      ✓       ·       ·       ·    -     ·        ·          ·      ·     ✓    ✓
postgres   ✓       ·       ✓       ·    p     -        ·          ✓      ✓     ✓    ✓
prometheus ✓       ✓       ·       ✓    p     ·        -          ·      ·     ✓    ✓
qdrant     ✓       ·       ✓       ·    p     ✓        ·          -      ✓     ✓    ✓
redis      ✓       ·       ✓       ·    p     ✓        ·          ✓      -     ✓    ✓
`;

const REACHES: Readonly<Record<string, string>> = { '✓': 'all', p: 'ports', '·': 'none', '-': 'self' };

/** Each cell of the drawing, with the words of `net matrix -o json`. */
export function drawnMatrix(): readonly {
  readonly from: string;
  readonly to: string;
  readonly reach: string;
}[] {
  const [[, ...columns] = [], ...rows] = DRAWN.trim()
    .split('\n')
    .map((line) => line.split(/ +/));
  return rows.flatMap(([from = '', ...marks]) =>
    marks.map((mark, index) => ({ from, to: columns[index] ?? '', reach: REACHES[mark] ?? mark })),
  );
}

/** What the guide says in words about who reaches whom, on which port or by which name. */
export const AI_STACK_SAYS: readonly Statement[] = [
  say('outside', 'nginx', '', true, '05, ports of nginx; request to the published port'),
  say('outside', 'gateway', '', false, '05, the gateway publishes nothing'),
  say('outside', 'litellm', '', false, '05, litellm is hidden from outside'),
  say('outside', 'postgres', '', false, '01, the database is not reached from outside; 08, no database port'),
  say('outside', 'redis', '', false, '08, no database port'),
  say('outside', 'qdrant', '', false, '04, the secured network'),
  say('nginx', 'gateway', '8000/tcp', true, '05, the gateway on public-net'),
  say('nginx', 'gateway', 'name gateway', true, '03, names of services'),
  say('gateway', 'litellm', '4000/tcp', true, '05, LITELLM_URL; request from within the gateway'),
  say('gateway', 'litellm', 'name litellm', true, '05, the name resolves'),
  say('gateway', 'redis', '6379/tcp', true, '05, REDIS_URL'),
  say('gateway', 'redis', 'name redis', true, '05, REDIS_URL'),
  say('gateway', 'postgres', '5432/tcp', true, '05, DATABASE_URL'),
  say('gateway', 'postgres', 'name postgres', true, '05, DATABASE_URL'),
  say('gateway', 'qdrant', '6333/tcp', true, '04, gateway to vector database'),
  say('gateway', 'prometheus', '9090/tcp', true, '05, the gateway on monitoring-net'),
  say('litellm', 'redis', '6379/tcp', true, '05, cache_params of litellm/config.yaml'),
  say('litellm', 'redis', 'name redis', true, '05, cache_params of litellm/config.yaml'),
  say('litellm', 'postgres', '5432/tcp', true, '05, database_url of litellm/config.yaml'),
  say('litellm', 'outside', '', true, '05, ai-net is not internal, for the provider'),
  say('prometheus', 'grafana', '3000/tcp', true, '04, the monitoring tier'),
  say('grafana', 'prometheus', '9090/tcp', true, '04, the monitoring tier'),
  say('grafana', 'loki', '3100/tcp', true, '04, the monitoring tier'),
  say('nginx', 'redis', '6379/tcp', false, '05, redis is not reached from nginx'),
  say('nginx', 'redis', 'name redis', false, '05, nginx cannot resolve redis'),
  say('nginx', 'postgres', '5432/tcp', false, '05, a captured nginx does not reach the database'),
  say('nginx', 'postgres', 'name postgres', false, '05, no route between the networks'),
  say('nginx', 'litellm', '4000/tcp', false, '05, litellm is not on public-net'),
  say('nginx', 'qdrant', '6333/tcp', false, '05, qdrant is on ai-net alone'),
  say('nginx', 'prometheus', '9090/tcp', false, '04, three networks'),
  say('prometheus', 'postgres', '5432/tcp', false, '04, three networks'),
  say('grafana', 'redis', '6379/tcp', false, '04, three networks'),
];
