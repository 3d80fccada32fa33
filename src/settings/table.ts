import { address } from './address.ts';
import {
  choice,
  count,
  duration,
  path,
  paths,
  type Setting,
  switchedOff,
  text,
  usualPath,
  usualText,
  words,
} from './setting.ts';

/** Levels of the log, the most talkative first; pino's names. */
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;

/** Everything that can be set, in the order of `--help`. Times are in milliseconds, paths absolute. */
export const SETTINGS = {
  manifests: paths(
    {
      flag: '--manifests <directory...>',
      env: 'STACKCTL_MANIFESTS',
      section: 'What to run',
      summary: 'directories of manifests to follow',
    },
    ['/etc/stackctl/manifests'],
  ),
  policy: path({
    flag: '--policy <file>',
    env: 'STACKCTL_POLICY',
    section: 'What to run',
    summary: 'what stacks may do: a PolicyConfiguration',
  }),
  sopsAgeKeyFile: path({
    flag: '--sops-age-key-file <file>',
    env: 'SOPS_AGE_KEY_FILE',
    section: 'What to run',
    summary: 'age identities that decrypt SOPS files',
  }),
  instance: usualText(
    {
      flag: '--instance <name>',
      env: 'STACKCTL_INSTANCE',
      section: 'What to run',
      summary: 'whose objects these are, when several daemons share an engine',
    },
    'default',
    {
      isGood: (name) => /^[a-z0-9][a-z0-9_.-]{0,62}$/.test(name),
      expected: 'a name of lower-case letters, digits, ., _ or -',
    },
  ),
  stateDir: usualPath(
    {
      flag: '--state-dir <directory>',
      env: 'STACKCTL_STATE_DIR',
      section: 'Where it is',
      summary: 'what it remembers, and what `stackctl apply` pushed',
    },
    '/var/lib/stackctl',
  ),
  socket: usualPath(
    {
      flag: '--socket <path>',
      env: 'STACKCTL_SOCKET',
      section: 'Where it is',
      summary: 'unix socket of the API, where `stackctl` finds it',
    },
    '/run/stackctl/stackctl.sock',
  ),
  socketGroup: text(
    {
      flag: '--socket-group <group>',
      env: 'STACKCTL_SOCKET_GROUP',
      section: 'Where it is',
      summary: 'the group, by name or number, that may open the socket; else the one of the daemon',
    },
    (group) => /^[a-z0-9_][a-z0-9_.-]{0,31}$/i.test(group),
    'the name or number of a group',
  ),
  socketMode: choice(
    {
      flag: '--socket-mode <mode>',
      env: 'STACKCTL_SOCKET_MODE',
      section: 'Where it is',
      summary: 'who may open the socket: 0660 its owner and group, 0600 its owner',
    },
    '0660',
    ['0660', '0600'],
  ),
  dockerHost: text(
    {
      flag: '--docker-host <url>',
      env: 'DOCKER_HOST',
      section: 'Where it is',
      summary: 'the engine, as in DOCKER_HOST; else the usual socket',
    },
    (url) => url !== '',
    'the address of an engine',
  ),
  logLevel: choice(
    {
      flag: '--log-level <level>',
      env: 'STACKCTL_LOG_LEVEL',
      section: 'How to work',
      summary: 'how much to log, as JSON lines on stdout: trace, debug, info, warn, error or fatal',
    },
    'info',
    LOG_LEVELS,
  ),
  workers: count(
    {
      flag: '--workers <n>',
      env: 'STACKCTL_WORKERS',
      section: 'How to work',
      summary: 'stacks reconciled at a time',
    },
    4,
    [1, 64],
  ),
  concurrency: count(
    {
      flag: '--concurrency <n>',
      env: 'STACKCTL_CONCURRENCY',
      section: 'How to work',
      summary: 'engine calls at a time within a stack',
    },
    4,
    [1, 64],
  ),
  resync: duration(
    {
      flag: '--resync <duration>',
      env: 'STACKCTL_RESYNC',
      section: 'How to work',
      summary: 'look at everything again at least this often',
    },
    '30s',
  ),
  deleteGrace: duration(
    {
      flag: '--delete-grace <duration>',
      env: 'STACKCTL_DELETE_GRACE',
      section: 'How to work',
      summary: 'how long a manifest must be gone before its stack is deleted',
    },
    '30s',
  ),
  verifyInterval: duration(
    {
      flag: '--verify-interval <duration>',
      env: 'STACKCTL_VERIFY_INTERVAL',
      section: 'How to work',
      summary: 'probe who reaches whom this often; 0s: only when asked',
    },
    '0s',
    { mayBeZero: true },
  ),
  probeImage: text(
    {
      flag: '--probe-image <image>',
      env: 'STACKCTL_PROBE_IMAGE',
      section: 'How to work',
      summary: 'what probes run in, with node in its PATH; else made from the Node of stackctld itself',
    },
    (image) => image !== '',
    'the name of an image',
  ),
  listen: address({
    flag: '--listen <host:port>',
    env: 'STACKCTL_LISTEN',
    section: 'Who may call',
    summary: 'serve the API on TCP too, for those with a token',
  }),
  tokens: path({
    flag: '--tokens <file>',
    env: 'STACKCTL_TOKENS',
    section: 'Who may call',
    summary: 'a file of tokens: lines of `read-only TOKEN` or `read-write TOKEN`',
  }),
  tlsCert: path({
    flag: '--tls-cert <file>',
    env: 'STACKCTL_TLS_CERT',
    section: 'Who may call',
    summary: 'certificate of the TCP listener, with its chain, in PEM',
  }),
  tlsKey: path({
    flag: '--tls-key <file>',
    env: 'STACKCTL_TLS_KEY',
    section: 'Who may call',
    summary: 'its key, in PEM',
  }),
  allowedHosts: words(
    {
      flag: '--allowed-hosts <name...>',
      env: 'STACKCTL_ALLOWED_HOSTS',
      section: 'Who may call',
      summary: 'names by which clients may call the TCP listener, beside localhost and its address',
    },
    (name) => /^[a-z0-9_.-]{1,253}$/i.test(name),
    'names of hosts, without a port',
  ),
  listenWithoutTls: switchedOff({
    flag: '--listen-without-tls [true|false]',
    env: 'STACKCTL_LISTEN_WITHOUT_TLS',
    section: 'Who may call',
    summary: 'let both listeners be at addresses that others can reach without TLS, say inside a VPN',
  }),
  metricsListen: address({
    flag: '--metrics-listen <host:port>',
    env: 'STACKCTL_METRICS_LISTEN',
    section: 'Who is told',
    summary: 'serve /metrics, /healthz and /readyz by plain HTTP, without a token',
  }),
  notifications: path({
    flag: '--notifications <file>',
    env: 'STACKCTL_NOTIFICATIONS',
    section: 'Who is told',
    summary: 'who is told of what happens, by webhook, Slack or ntfy',
  }),
  webhookListen: address({
    flag: '--webhook-listen <host:port>',
    env: 'STACKCTL_WEBHOOK_LISTEN',
    section: 'Who may call',
    summary: 'take webhooks of forges, which make their repository be asked at once',
  }),
  webhookSecret: path({
    flag: '--webhook-secret <file>',
    env: 'STACKCTL_WEBHOOK_SECRET',
    section: 'Who may call',
    summary: 'the file of the secret that webhooks are signed with',
  }),
} as const satisfies Readonly<Record<string, Setting<unknown>>>;

type Table = typeof SETTINGS;
export type SettingKey = keyof Table;
/** What is in force: a value for every setting. */
export type Settings = {
  readonly [Key in SettingKey]: Table[Key] extends Setting<infer Value> ? Value : never;
};

/** The table as a list, each with its key in the file. */
export function settingList(): readonly (readonly [SettingKey, Setting<unknown>])[] {
  return Object.entries(SETTINGS) as readonly (readonly [SettingKey, Setting<unknown>])[];
}

/** `--state-dir` of `--state-dir <directory>`. */
export function flagName({ flag }: Pick<Setting<unknown>, 'flag'>): string {
  return flag.split(' ')[0] ?? flag;
}
