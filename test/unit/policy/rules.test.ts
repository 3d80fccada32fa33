import { describe, expect, it } from 'vitest';
import type { PolicyLevel } from '../../../src/model/admission.ts';
import { RULES } from '../../../src/policy/rules.ts';
import { broken, type Held, violations } from './policy-fixture.ts';

/** A service `web` with these fields, and whatever else stands beside `services`. */
const web = (fields: string, beside = ''): string =>
  `services:\n  web:\n    image: nginx\n${indent(fields, 4)}\n${beside}`;

const indent = (text: string, by: number): string =>
  text
    .split('\n')
    .map((line) => `${' '.repeat(by)}${line}`)
    .join('\n');

interface Case {
  readonly fields: string;
  readonly beside?: string;
  readonly breaks: readonly string[];
  readonly held?: Held;
}

const baseline: readonly Case[] = [
  { fields: 'privileged: true', breaks: ['privileged-container services.web.privileged'] },
  {
    fields: `privileged: "\${ALL}"`,
    held: { environment: { ALL: 'true' } },
    breaks: ['privileged-container services.web.privileged'],
  },
  { fields: 'privileged: false', breaks: [] },
  {
    fields:
      'post_start:\n  - {command: [id], privileged: true}\npre_stop:\n  - {command: [id], privileged: true}',
    breaks: [
      'privileged-container services.web.post_start[0].privileged',
      'privileged-container services.web.pre_stop[0].privileged',
    ],
  },
  {
    fields: 'x-stackctl: {preStart: [{command: [id], privileged: true}]}',
    breaks: ['privileged-container services.web.x-stackctl.preStart[0].privileged'],
  },
  {
    fields: 'build: {context: ., privileged: true}',
    breaks: ['privileged-container services.web.build.privileged'],
  },
  { fields: 'network_mode: host', breaks: ['host-namespaces services.web.network_mode'] },
  { fields: `network_mode: \${MODE:-host}`, breaks: ['host-namespaces services.web.network_mode'] },
  { fields: 'network_mode: bridge', breaks: [] },
  { fields: 'network_mode: none', breaks: [] },
  { fields: 'ipc: host', breaks: ['host-namespaces services.web.ipc'] },
  { fields: 'ipc: shareable', breaks: [] },
  { fields: 'pid: host', breaks: ['host-namespaces services.web.pid'] },
  { fields: 'uts: host', breaks: ['host-namespaces services.web.uts'] },
  { fields: 'userns_mode: host', breaks: ['host-namespaces services.web.userns_mode'] },
  { fields: 'cgroup: host', breaks: ['host-namespaces services.web.cgroup'] },
  { fields: 'cgroup: private', breaks: [] },
  { fields: 'build: {context: ., network: host}', breaks: ['host-namespaces services.web.build.network'] },
  {
    fields: 'networks: [out]',
    beside: 'networks: {out: {external: true, name: host}}',
    breaks: ['host-namespaces networks.out.name'],
  },
  { fields: 'network_mode: container:other', breaks: ['foreign-container services.web.network_mode'] },
  { fields: 'ipc: container:other', breaks: ['foreign-container services.web.ipc'] },
  { fields: 'pid: container:other', breaks: ['foreign-container services.web.pid'] },
  {
    fields: 'volumes_from: ["container:other:ro"]',
    breaks: ['foreign-container services.web.volumes_from[0]'],
  },
  {
    fields: 'build: {context: ., network: "container:other"}',
    breaks: ['foreign-container services.web.build.network'],
  },
  { fields: 'pid: container:demo-db-1', beside: '  db: {image: db}', breaks: [] },
  { fields: 'pid: service:db', beside: '  db: {image: db}', breaks: [] },
  { fields: 'volumes_from: [db]', beside: '  db: {image: db}', breaks: [] },
  { fields: 'cap_add: [NET_ADMIN, CHOWN]', breaks: ['capabilities services.web.cap_add[0]'] },
  {
    fields: 'cap_add: [cap_sys_admin, ALL, NET_RAW, cap_net_bind_service]',
    breaks: ['capabilities services.web.cap_add[0]', 'capabilities services.web.cap_add[1]'],
  },
  { fields: 'devices: [/dev/kmsg]', breaks: ['devices services.web.devices[0]'] },
  { fields: 'devices: ["vendor.com/class=name"]', breaks: ['devices services.web.devices[0]'] },
  { fields: 'device_cgroup_rules: ["c 1:3 mr"]', breaks: ['devices services.web.device_cgroup_rules[0]'] },
  { fields: 'gpus: all', breaks: [] },
  {
    fields: 'gpus: [{driver: cdi, device_ids: ["vendor.com/class=name"]}]',
    breaks: ['devices services.web.gpus[0].driver'],
  },
  { fields: 'security_opt: [seccomp=unconfined]', breaks: ['seccomp services.web.security_opt[0]'] },
  { fields: 'security_opt: ["seccomp:unconfined"]', breaks: ['seccomp services.web.security_opt[0]'] },
  { fields: 'security_opt: [seccomp=./mine.json]', breaks: ['seccomp services.web.security_opt[0]'] },
  { fields: 'security_opt: [seccomp=builtin]', breaks: [] },
  { fields: 'security_opt: [apparmor=unconfined]', breaks: ['apparmor services.web.security_opt[0]'] },
  { fields: 'security_opt: [apparmor=docker-default]', breaks: [] },
  { fields: 'security_opt: ["label:disable"]', breaks: ['selinux services.web.security_opt[0]'] },
  { fields: 'security_opt: ["label=type:spc_t"]', breaks: ['selinux services.web.security_opt[0]'] },
  { fields: 'security_opt: ["label=user:root"]', breaks: ['selinux services.web.security_opt[0]'] },
  { fields: 'security_opt: ["label=type:container_t", "label=level:s0"]', breaks: [] },
  { fields: 'security_opt: [systempaths=unconfined]', breaks: ['proc-mount services.web.security_opt[0]'] },
  {
    fields: 'security_opt: ["no-new-privileges:false"]',
    breaks: ['no-new-privileges services.web.security_opt[0]'],
  },
  {
    fields: 'security_opt: ["no-new-privileges=0"]',
    breaks: ['no-new-privileges services.web.security_opt[0]'],
  },
  { fields: 'security_opt: [no-new-privileges]', breaks: [] },
  { fields: 'security_opt: [writable-cgroups=true]', breaks: ['security-opt services.web.security_opt[0]'] },
  {
    fields: 'sysctls: {net.ipv4.tcp_syncookies: 0, kernel.msgmax: 1}',
    breaks: ['sysctls services.web.sysctls.kernel.msgmax'],
  },
  {
    fields: 'sysctls: [net.core.somaxconn=1024]',
    breaks: ['sysctls services.web.sysctls.net.core.somaxconn'],
  },
  {
    fields:
      'networks: {default: {driver_opts: {com.docker.network.endpoint.sysctls: "net.ipv4.conf.IFNAME.forwarding=1"}}}',
    breaks: ['sysctls services.web.networks.default.driver_opts'],
  },
  { fields: 'cgroup_parent: /system.slice', breaks: ['cgroup-parent services.web.cgroup_parent'] },
  { fields: 'runtime: runc', breaks: [] },
  { fields: 'runtime: nvidia', breaks: [] },
  { fields: 'runtime: /stack/shim', breaks: ['runtime services.web.runtime'] },
  { fields: 'runtime: io.containerd.mine.v1', breaks: ['runtime services.web.runtime'] },
  { fields: 'credential_spec: {file: a.json}', breaks: ['credential-spec services.web.credential_spec'] },
  { fields: 'use_api_socket: true', breaks: ['engine-socket services.web.use_api_socket'] },
  {
    fields: 'logging: {driver: syslog, options: {syslog-address: "tcp://10.0.0.1:514"}}',
    breaks: ['log-driver services.web.logging.driver'],
  },
  { fields: 'logging: {driver: json-file, options: {max-size: 1m}}', breaks: [] },
  { fields: 'logging: {options: {max-size: 1m}}', breaks: [] },
  { fields: 'oom_kill_disable: true', breaks: ['oom-score services.web.oom_kill_disable'] },
  { fields: 'oom_score_adj: -500', breaks: ['oom-score services.web.oom_score_adj'] },
  { fields: 'oom_score_adj: 500', breaks: [] },
  { fields: 'scale: 33', breaks: ['resource-bounds services.web.scale'] },
  { fields: 'deploy: {replicas: 33}', breaks: ['resource-bounds services.web.deploy.replicas'] },
  { fields: 'ports: ["8000-8256"]', breaks: ['resource-bounds services.web.ports'] },
  { fields: 'stop_grace_period: 10m1s', breaks: ['resource-bounds services.web.stop_grace_period'] },
  {
    fields: 'healthcheck: {test: id, interval: 999ms, start_interval: 100ms}',
    breaks: [
      'resource-bounds services.web.healthcheck.interval',
      'resource-bounds services.web.healthcheck.start_interval',
    ],
  },
  { fields: 'healthcheck: {test: id, interval: 1s}\nstop_grace_period: 10m\nscale: 32', breaks: [] },
  {
    fields: `environment: {A: "${'x'.repeat(65_537)}"}`,
    breaks: ['resource-bounds services.web.environment.A'],
  },
  { fields: 'ports: ["80:80", "127.0.0.1:443:443"]', breaks: [] },
  {
    fields: 'networks: [lan]',
    beside: 'networks: {lan: {driver: macvlan}}',
    breaks: ['network-driver networks.lan.driver'],
  },
  { fields: 'networks: [lan]', beside: 'networks: {lan: {external: true}}', breaks: [] },
  { fields: 'networks: [lan]', beside: 'networks: {lan: {driver: bridge}}', breaks: [] },
  {
    fields: 'volumes: [data:/data]',
    beside: 'volumes: {data: {driver: sshfs}}',
    breaks: ['volume-driver volumes.data.driver'],
  },
  { fields: 'volumes: [data:/data]', beside: 'volumes: {data: {external: true}}', breaks: [] },
  {
    fields: 'volumes: [data:/data, /anonymous]\ntmpfs: [/tmp]',
    beside: 'volumes: {data: {driver: local}}',
    breaks: [],
  },
  {
    fields: 'volumes: [{type: bind, source: ./a, target: /a, bind: {propagation: rshared}}]',
    breaks: ['mount-propagation services.web.volumes[0].bind.propagation'],
  },
];

describe('at the level baseline', () => {
  it.each(baseline)('$fields $beside $held.environment: $breaks', ({ fields, beside, breaks, held }) => {
    expect(broken(web(fields, beside), held)).toEqual(breaks);
  });

  it.each(baseline)('at the level privileged: $fields $beside: nothing', ({ fields, beside, held }) => {
    expect(broken(web(fields, beside), { ...held, enforce: 'privileged' })).toEqual([]);
  });

  it('what an anchor, extends or an override brings in counts where it stands', () => {
    const text = [
      'x-rights: &rights {privileged: true, pid: host}',
      'services:',
      '  base: {image: nginx, cap_add: [SYS_ADMIN]}',
      '  web: {<<: *rights, extends: base, image: nginx}',
    ].join('\n');
    expect(violations(text).map(({ path, at }) => `${path} ${at?.line}:${at?.column}`)).toEqual([
      'services.web.privileged 1:32',
      'services.base.cap_add[0] 3:34',
      'services.web.cap_add[0] 3:34',
      'services.web.pid 1:43',
    ]);
  });
});

/** Fields that break nothing at the level restricted. */
const HARDENED = 'user: "1000:1000"\ncap_drop: [ALL]\nsecurity_opt: ["no-new-privileges:true"]';

const restricted: readonly Case[] = [
  { fields: HARDENED, breaks: [] },
  { fields: `${HARDENED}\ncap_add: [NET_BIND_SERVICE]`, breaks: [] },
  { fields: `${HARDENED}\ncap_add: [CHOWN]`, breaks: ['drop-capabilities services.web.cap_add[0]'] },
  {
    fields: '{}',
    breaks: [
      'drop-capabilities services.web.cap_drop',
      'privilege-escalation services.web.security_opt',
      'run-as-non-root services.web.user',
    ],
  },
  { fields: HARDENED.replace('1000:1000', '0'), breaks: ['run-as-non-root services.web.user'] },
  { fields: HARDENED.replace('1000:1000', '000:1000'), breaks: ['run-as-non-root services.web.user'] },
  { fields: HARDENED.replace('1000:1000', 'root'), breaks: ['run-as-non-root services.web.user'] },
  { fields: HARDENED.replace('1000:1000', 'www'), breaks: ['run-as-non-root services.web.user'] },
  { fields: HARDENED.replace('[ALL]', '[NET_RAW]'), breaks: ['drop-capabilities services.web.cap_drop'] },
  { fields: HARDENED.replace('[ALL]', '[all]'), breaks: [] },
  {
    fields: HARDENED.replace(':true', ':false'),
    breaks: [
      'no-new-privileges services.web.security_opt[0]',
      'privilege-escalation services.web.security_opt',
    ],
  },
  { fields: `${HARDENED}\nbuild: .`, breaks: ['build services.web.build'] },
  { fields: `${HARDENED}\nvolumes: ["./a:/a:ro"]`, breaks: [] },
  { fields: `${HARDENED}\nvolumes: ["./a:/a"]`, breaks: ['host-path-read-only services.web.volumes[0]'] },
  {
    fields: `${HARDENED}\nvolumes: ["data:/a"]`,
    beside: 'volumes: {data: {driver_opts: {type: none, o: bind, device: /stack/data}}}',
    breaks: ['host-path-read-only volumes.data.driver_opts'],
  },
  {
    fields: `${HARDENED}\npost_start: [{command: [id], user: root}]\npre_stop: [{command: [id]}]`,
    breaks: ['run-as-non-root services.web.post_start[0].user'],
  },
  { fields: `${HARDENED}\nprivileged: true`, breaks: ['privileged-container services.web.privileged'] },
];

describe('at the level restricted', () => {
  it.each(restricted)('$fields $beside: $breaks', ({ fields, beside, breaks }) => {
    expect(
      broken(web(fields === '{}' ? 'restart: "no"' : fields, beside), { enforce: 'restricted' }),
    ).toEqual(breaks);
  });
});

describe('the policy', () => {
  it('has a test that breaks each of its rules', () => {
    const tested = [...baseline, ...restricted].flatMap(({ breaks }) =>
      breaks.map((each) => each.split(' ')[0]),
    );
    const elsewhere = ['host-path', 'host-file', 'volume-device'];
    const missing = RULES.map(({ id }) => id).filter((id) => !tested.includes(id) && !elsewhere.includes(id));
    expect(missing).toEqual([]);
  });

  it('refuses each place on its own, and warns once a rule', () => {
    const text = web('cap_add: [SYS_ADMIN, NET_ADMIN, BPF]\nprivileged: true');
    const told = (enforce: PolicyLevel, warn: PolicyLevel) =>
      violations(text, { enforce, warn }).map(({ severity, path }) => `${severity} ${path}`);
    expect(told('baseline', 'baseline')).toEqual([
      'error services.web.privileged',
      'error services.web.cap_add[0]',
      'error services.web.cap_add[1]',
      'error services.web.cap_add[2]',
    ]);
    expect(told('privileged', 'baseline')).toEqual([
      'warning services.web.privileged',
      'warning services.web.cap_add[0]',
    ]);
    const [, capabilities] = violations(text, { enforce: 'privileged', warn: 'baseline' });
    expect(capabilities?.message).toContain('also services.web.cap_add[1], services.web.cap_add[2]');
  });

  it('warns of a stricter level than it enforces', () => {
    const found = violations(web('restart: "no"\nnetwork_mode: host'), {
      enforce: 'baseline',
      warn: 'restricted',
    });
    const severities = new Map(found.map(({ path, severity }) => [path, severity]));
    expect(severities.get('services.web.network_mode')).toBe('error');
    expect(severities.get('services.web.user')).toBe('warning');
  });
});
