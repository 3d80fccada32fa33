/** Which room may import which: ARCHITECTURE.md, "Who may know whom". */
const rooms = (names) => `^src/(${names.join('|')})/`;
/** Each room may import itself, `model/`, and the rooms named here. */
const mayImport = {
  model: [],
  compose: [],
  manifest: ['compose'],
  desired: ['compose', 'manifest'],
  policy: ['compose', 'manifest', 'desired'],
  plan: ['desired'],
  execute: ['engine'],
  status: ['plan', 'desired'],
  isolation: ['desired', 'plan'],
  engine: [],
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
    'source',
    'store',
  ],
  api: ['controller', 'status', 'plan', 'isolation'],
  cli: ['api', 'plan', 'isolation'],
};
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
      comment: 'The CLI knows the API by its contract, and the plan by its renderer.',
      severity: 'error',
      from: { path: '^src/cli/' },
      to: {
        path: '^src/(api|plan)/',
        pathNot: '^src/api/(rollout-|net-)?contract\\.ts$|^src/plan/render\\.ts$',
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
      from: {
        path: rooms(['model', 'compose', 'manifest', 'desired', 'policy', 'plan', 'status', 'isolation']),
      },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?(crypto|path|path/posix|url)$' },
    },
    {
      name: 'pure-rooms-import-few-packages',
      severity: 'error',
      from: {
        path: rooms(['model', 'compose', 'manifest', 'desired', 'policy', 'plan', 'status', 'isolation']),
      },
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
