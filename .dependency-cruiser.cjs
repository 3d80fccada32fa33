/** Which room may import which: ARCHITECTURE.md, "Who may know whom". */
const rooms = (names) => `^src/(${names.join('|')})/`;
/** Each room may import itself, `model/`, and the rooms named here. */
const mayImport = {
  model: [],
  compose: [],
  manifest: ['compose'],
  desired: ['compose', 'manifest'],
  policy: ['compose', 'manifest', 'desired'],
  lint: ['compose', 'policy'],
  plan: ['desired'],
  execute: ['engine'],
  status: ['plan', 'desired'],
  isolation: ['desired', 'plan'],
  verify: ['isolation'],
  engine: [],
  sops: ['compose', 'manifest'],
  source: [],
  store: [],
  controller: [
    'compose',
    'manifest',
    'desired',
    'policy',
    'plan',
    'execute',
    'status',
    'isolation',
    'engine',
    'sops',
    'source',
    'store',
    'verify',
  ],
  settings: ['compose', 'manifest'],
  api: ['controller', 'status', 'plan', 'isolation'],
  metrics: ['controller', 'engine', 'source', 'api'],
  notify: ['manifest', 'controller', 'settings'],
  cli: ['api', 'plan', 'compose', 'lint', 'isolation'],
};
/** Rooms that are functions of their arguments. */
const PURE = [
  'model',
  'compose',
  'manifest',
  'desired',
  'policy',
  'lint',
  'plan',
  'status',
  'settings',
  'isolation',
  'verify',
];
const roomRules = Object.entries(mayImport).map(([room, others]) => ({
  name: `${room}-imports`,
  comment: `${room}/ may import only itself, model/${others.length > 0 ? `, ${others.map((o) => `${o}/`).join(', ')}` : ''}.`,
  severity: 'error',
  from: { path: `^src/${room}/` },
  to: {
    path: '^src/',
    pathNot: `^src/(${[...new Set([room, 'model', ...others])].join('|')})/|^src/log\\.ts$|^src/version\\.ts$`,
  },
}));

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'no-orphans', severity: 'error', from: { orphan: true, path: '^src/' }, to: {} },
    ...roomRules,
    {
      name: 'cli-speaks-only-the-contract',
      comment:
        'The CLI knows the API by its contract, the plan by its renderer, how names are spelled, and what lint finds.',
      severity: 'error',
      from: { path: '^src/cli/' },
      to: {
        path: '^src/(api|plan|compose|lint)/',
        pathNot:
          '^src/api/((rollout|source|net|verify)-)?contract\\.ts$|^src/api/paths\\.ts$|^src/plan/render\\.ts$|^src/compose/spelling\\.ts$|^src/lint/(finding|sarif)\\.ts$',
      },
    },
    {
      name: 'ports-not-adapters',
      comment: 'Only bin/ builds adapters; everyone else knows the port.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(bin|engine/docker|source|store)/' },
      to: { path: '^src/(engine/docker|source/(?!source\\.ts)|store/(?!store\\.ts))' },
    },
    {
      name: 'dockerode-only-in-engine-docker',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/engine/docker/' },
      to: { path: 'node_modules/(dockerode|docker-modem|@types/dockerode)' },
    },
    {
      name: 'chokidar-only-in-source',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/source/' },
      to: { path: 'node_modules/chokidar' },
    },
    {
      name: 'pure-rooms-import-no-io',
      comment: 'Pure rooms take time, randomness, files and environment as arguments.',
      severity: 'error',
      from: { path: rooms(PURE) },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?(crypto|path|path/posix|url)$' },
    },
    {
      name: 'pure-rooms-import-few-packages',
      comment: 'Settings are read off a command line, with commander.',
      severity: 'error',
      from: { path: rooms(PURE.filter((room) => room !== 'settings')) },
      to: { path: 'node_modules/', pathNot: 'node_modules/(zod|yaml|fast-deep-equal|ipaddr\\.js)/' },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
    doNotFollow: { path: 'node_modules' },
  },
};
