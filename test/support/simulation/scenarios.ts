import type { Act } from './acts.ts';
import type { Case } from './case.ts';

/** One thing that happens to a host, undisturbed; the suites disturb it in every way. */
export interface Scenario extends Pick<Case, 'before' | 'change' | 'stacks'> {
  readonly name: string;
}

type Services = Readonly<Record<string, object>>;

/** A Compose file; JSON is YAML. */
const manifest = (services: Services, more: object = {}): string => JSON.stringify({ services, ...more });

const write = (services: Services, more: object = {}, stack = 'demo'): Act => ({
  do: 'write',
  file: `${stack}.compose.yaml`,
  text: manifest(services, more),
});
const gone = (stack = 'demo'): Act => ({ do: 'write', file: `${stack}.compose.yaml`, text: null });
const hand = (verb: Extract<Act, { do: 'hand' }>['verb'], name: string, other?: string): Act =>
  other === undefined ? { do: 'hand', verb, name } : { do: 'hand', verb, name, other };

const monitor = (update: object = {}) => ({ deploy: { update_config: { monitor: '1s', ...update } } });
/** One service; what is given is beside or instead of the plainest. */
const web = (change: object = {}): Services => ({
  web: { image: 'app:1', restart: 'unless-stopped', ...monitor(), ...change },
});
const WITH_DATA = { volumes: { data: {} } };
const HEALTHCHECK = { test: ['CMD', 'true'], interval: '2s', timeout: '1s' };
/** Three services with all that needs a write of its own. */
const trio = (revision: number): readonly [Services, object] => [
  {
    web: {
      ...web({ environment: { REVISION: String(revision) } })['web'],
      depends_on: ['db'],
      configs: [{ source: 'page', target: '/page' }],
      networks: { front: { ipv4_address: '10.10.0.10' }, back: { aliases: ['inner'] } },
    },
    db: { ...web()['web'], volumes: ['data:/data'], networks: ['back'] },
    cache: { ...web()['web'], volumes: ['/cache'], networks: ['back'] },
  },
  {
    networks: { front: { ipam: { config: [{ subnet: '10.10.0.0/24' }] } }, back: { internal: true } },
    volumes: { data: {} },
    configs: { page: { content: 'hello' } },
  },
];
const chain = (length: number, env: string): Services =>
  Object.fromEntries(
    Array.from({ length }, (_, index) => [
      `s${index}`,
      {
        ...web({ environment: [env] })['web'],
        healthcheck: HEALTHCHECK,
        ...(index === 0
          ? {}
          : { depends_on: { [`s${index - 1}`]: { condition: 'service_healthy', restart: true } } }),
      },
    ]),
  );

const one = (name: string, before: readonly Act[], change: readonly Act[]): Scenario => ({
  name,
  before,
  change,
  stacks: ['demo'],
});
/** One service with a volume, changed in one way. */
const changed = (name: string, from: object, to: object, more: object = {}, moreAfter = more): Scenario =>
  one(
    name,
    [write(web({ volumes: ['data:/data'], ...from }), { ...WITH_DATA, ...more })],
    [write(web({ volumes: ['data:/data'], ...to }), { ...WITH_DATA, ...moreAfter })],
  );
/** Two services on a network; somebody does something to them. */
const drifted = (name: string, ...deeds: readonly Act[]): Scenario =>
  one(
    `drift: ${name}`,
    [
      write(
        {
          ...web({ volumes: ['data:/data'], networks: { back: { aliases: ['inner'] } } }),
          other: { ...web()['web'], networks: ['back'] },
        },
        { ...WITH_DATA, networks: { back: {} } },
      ),
    ],
    deeds,
  );

const DEPLOYING: readonly Scenario[] = [
  one('first deploy', [], [write(...trio(1))]),
  one('environment changed', [write(...trio(1))], [write(...trio(2))]),
  one('chain of five, all changed', [write(chain(5, 'A=1'))], [write(chain(5, 'A=2'))]),
  one('chain of three, first deploy', [], [write(chain(3, 'A=1'))]),
  changed('image changed', { image: 'app:1' }, { image: 'app:2' }),
  changed('port changed', { ports: ['8080:80'] }, { ports: ['8081:80'] }),
  changed('port added', {}, { ports: ['8080:80'] }),
  changed('mount added', {}, { volumes: ['data:/data', '/cache'] }),
  changed('mount moved', {}, { volumes: ['data:/elsewhere'] }),
  changed('healthcheck added', {}, { healthcheck: HEALTHCHECK }),
  changed('memory limit changed', { mem_limit: '64m' }, { mem_limit: '128m' }),
  changed('restart policy changed', { restart: 'always' }, { restart: 'on-failure' }),
  changed('hooks added', {}, { post_start: [{ command: 'echo up' }], pre_stop: [{ command: 'echo bye' }] }),
  changed(
    'config changed',
    { configs: [{ source: 'page', target: '/page' }] },
    { configs: [{ source: 'page', target: '/page' }] },
    { configs: { page: { content: 'one' } } },
    { configs: { page: { content: 'two' } } },
  ),
  changed(
    'network made internal',
    {},
    {},
    { networks: { default: {} } },
    { networks: { default: { internal: true } } },
  ),
  changed(
    'subnet changed',
    {},
    {},
    { networks: { default: { ipam: { config: [{ subnet: '10.10.0.0/24' }] } } } },
    { networks: { default: { ipam: { config: [{ subnet: '10.11.0.0/24' }] } } } },
  ),
  changed('alias added', { networks: { default: {} } }, { networks: { default: { aliases: ['site'] } } }),
  changed('network added', {}, { networks: ['default', 'back'] }, {}, { networks: { back: {} } }),
  changed(
    'start-first',
    { environment: ['A=1'], ...monitor({ order: 'start-first' }), volumes: [] },
    { environment: ['A=2'], ...monitor({ order: 'start-first' }), volumes: [] },
  ),
];

const SCALING: readonly Scenario[] = [
  one(
    'service added',
    [write(web())],
    [write({ ...web(), db: { ...web()['web'], volumes: ['data:/data'] } }, WITH_DATA)],
  ),
  one(
    'service removed',
    [write({ ...web(), db: { ...web()['web'], volumes: ['data:/data'] } }, WITH_DATA)],
    [write(web())],
  ),
  one(
    'service renamed',
    [write(web({ volumes: ['data:/data'] }), WITH_DATA)],
    [write({ site: { ...web()['web'], volumes: ['data:/data'] } }, WITH_DATA)],
  ),
  one('scaled up', [write(web())], [write(web({ scale: 3 }))]),
  one('scaled down', [write(web({ scale: 3 }))], [write(web())]),
  one(
    'replicas changed two at a time',
    [write(web({ deploy: { replicas: 3, update_config: { monitor: '1s', parallelism: 2 } } }))],
    [
      write(
        web({
          environment: ['A=2'],
          deploy: { replicas: 3, update_config: { monitor: '1s', parallelism: 2 } },
        }),
      ),
    ],
  ),
  one(
    'job before a service',
    [],
    [
      write(
        {
          migrate: { image: 'job:1', volumes: ['data:/data'] },
          web: { ...web()['web'], depends_on: { migrate: { condition: 'service_completed_successfully' } } },
        },
        WITH_DATA,
      ),
    ],
  ),
  one(
    'shared network namespace, owner changed',
    [write({ ...web(), side: { image: 'app:1', network_mode: 'service:web', ...monitor() } })],
    [
      write({
        ...web({ environment: ['A=2'] }),
        side: { image: 'app:1', network_mode: 'service:web', ...monitor() },
      }),
    ],
  ),
  {
    name: 'stack renamed',
    before: [write(web())],
    change: [gone(), write(web(), {}, 'site')],
    stacks: ['site'],
  },
  {
    name: 'two stacks on an external network',
    before: [{ do: 'hand', verb: 'create-network', name: 'shared' }],
    change: [
      write(web({ networks: ['shared'] }), { networks: { shared: { external: true, name: 'shared' } } }),
      write(
        web({ networks: ['shared'] }),
        { networks: { shared: { external: true, name: 'shared' } } },
        'site',
      ),
    ],
    stacks: ['demo', 'site'],
  },
];

/** Somebody else is on a network that has to be made again. */
const GUEST: Scenario = one(
  'network made again under a guest',
  [write(web(), { networks: { default: {} } }), { do: 'settle' }, hand('run', 'guest', 'demo_default')],
  [write(web(), { networks: { default: { internal: true } } })],
);

const DELETING: readonly Scenario[] = [
  {
    name: 'manifest removed',
    before: [write(...trio(1)), write(web(), {}, 'site')],
    change: [gone()],
    stacks: ['site'],
  },
  {
    name: 'removed while it is deployed',
    before: [write(web(), {}, 'site')],
    change: [write(...trio(1)), { do: 'wait', ms: 320 }, gone()],
    stacks: ['site'],
  },
  {
    name: 'applied and deleted',
    before: [write(web(), {}, 'site')],
    change: [
      { do: 'apply', file: 'demo.compose.yaml', text: manifest(...trio(1)) },
      { do: 'wait', ms: 200 },
      { do: 'delete', stack: 'demo', volumes: false },
    ],
    stacks: ['site'],
  },
  one(
    'removed and written again',
    [write(...trio(1))],
    [gone(), { do: 'wait', ms: 45_000 }, write(...trio(1))],
  ),
];

const DRIFT: readonly Scenario[] = [
  drifted('removed', hand('rm', 'demo-web-1')),
  drifted('stopped', hand('stop', 'demo-web-1')),
  drifted('paused', hand('pause', 'demo-web-1')),
  drifted('renamed', hand('rename', 'demo-web-1', 'stray')),
  drifted('updated', hand('update', 'demo-web-1')),
  drifted('disconnected', hand('disconnect', 'demo-web-1', 'demo_back')),
  drifted(
    'connected to another',
    hand('create-network', 'elsewhere'),
    hand('connect', 'demo-web-1', 'elsewhere'),
  ),
  drifted('network removed', hand('rm-network', 'demo_back')),
  drifted('network made again', hand('remake-network', 'demo_back')),
  drifted('copied by another program', hand('copy', 'demo-web-1')),
  drifted('left dead', hand('dead', 'demo-web-1')),
  drifted('image moved on', { do: 'image', ref: 'app:1', spec: { content: 'newer' }, isPulled: true }),
  drifted('guest on the network', hand('run', 'guest', 'demo_back'), hand('remake-network', 'demo_back')),
  drifted(
    'engine restarted',
    { do: 'engine', is: 'killed' },
    { do: 'wait', ms: 5000 },
    { do: 'engine', is: 'started' },
  ),
  one('rollout restarted', [write(web())], [{ do: 'restart-rollout', stack: 'demo' }]),
];

/** The engines that everything is tried on. */
export const PROFILES = ['28', '20.10'] as const;

/** What there is to be disturbed. */
export const SCENARIOS: readonly Scenario[] = [...DEPLOYING, GUEST, ...SCALING, ...DELETING, ...DRIFT];
