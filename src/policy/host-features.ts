import { isCdiDevice } from '../desired/devices.ts';
import { findingIf, inServices, type Rule } from './rule.ts';

const takeAway = 'take it away';

const devices: Rule = {
  id: 'devices',
  level: 'baseline',
  check: (input) =>
    inServices(input, (service, at) => [
      ...(service.devices ?? []).map(({ source }, index) =>
        findingIf(
          true,
          `${at}.devices[${index}]`,
          `the container gets ${isCdiDevice(source) ? 'what the host says of' : 'the device'} ${source}`,
          takeAway,
        ),
      ),
      ...(service.device_cgroup_rules ?? []).map((rule, index) =>
        findingIf(
          true,
          `${at}.device_cgroup_rules[${index}]`,
          `the container may use the devices ${rule}`,
          takeAway,
        ),
      ),
      ...(['gpus', 'deploy.resources.reservations.devices'] as const).flatMap((field) => {
        const requests = field === 'gpus' ? service.gpus : service.deploy?.resources?.reservations?.devices;
        return (requests ?? []).map(({ driver }, index) =>
          findingIf(
            driver === 'cdi',
            `${at}.${field}[${index}].driver`,
            'the container gets whatever the host says of a CDI device',
            'ask for it by its capabilities: [gpu]',
          ),
        );
      }),
    ]),
};

/** As the Pod Security Standards have them. */
const SAFE_SYSCTLS: ReadonlySet<string> = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_syncookies',
]);
const ENDPOINT_SYSCTLS = 'com.docker.network.endpoint.sysctls';

const sysctls: Rule = {
  id: 'sysctls',
  level: 'baseline',
  check: (input) =>
    inServices(input, (service, at) => [
      ...Object.keys(service.sysctls ?? {}).map((name) =>
        findingIf(
          !SAFE_SYSCTLS.has(name),
          `${at}.sysctls.${name}`,
          `the kernel parameter ${name} is not among those that touch nobody else`,
          takeAway,
        ),
      ),
      ...Object.entries(service.networks ?? {}).map(([key, network]) =>
        findingIf(
          network?.driver_opts?.[ENDPOINT_SYSCTLS] !== undefined,
          `${at}.networks.${key}.driver_opts`,
          `${ENDPOINT_SYSCTLS} sets kernel parameters that are not among those that touch nobody else`,
          takeAway,
        ),
      ),
    ]),
};

const cgroupParent: Rule = {
  id: 'cgroup-parent',
  level: 'baseline',
  check: (input) =>
    inServices(input, (service, at) => [
      findingIf(
        (service.cgroup_parent ?? '') !== '',
        `${at}.cgroup_parent`,
        'the container leaves the limits that the host sets for containers',
        takeAway,
      ),
    ]),
};

/** What dockerd itself brings; other names are those that the operator gave to runtimes. */
const RUNTIME = /^(io\.containerd\.runc\.v2|(?!io\.containerd\.)[\w-]+)$/;

const runtime: Rule = {
  id: 'runtime',
  level: 'baseline',
  check: (input) =>
    inServices(input, (service, at) => [
      findingIf(
        (service.runtime ?? '') !== '' && !RUNTIME.test(service.runtime ?? ''),
        `${at}.runtime`,
        `the runtime ${service.runtime} is a program of the host that nobody registered with the engine`,
        'take it away, or have it registered in the engine’s daemon.json and give that name',
      ),
    ]),
};

const credentialSpec: Rule = {
  id: 'credential-spec',
  level: 'baseline',
  check: (input) =>
    inServices(input, (service, at) => [
      findingIf(
        service.credential_spec !== undefined,
        `${at}.credential_spec`,
        'the container gets an account of the host',
        takeAway,
      ),
    ]),
};

const LOG_DRIVERS: readonly string[] = ['', 'json-file', 'local', 'journald', 'none'];

const logDriver: Rule = {
  id: 'log-driver',
  level: 'baseline',
  check: (input) =>
    inServices(input, (service, at) => [
      findingIf(
        !LOG_DRIVERS.includes(service.logging?.driver ?? ''),
        `${at}.logging.driver`,
        `by ${service.logging?.driver} the engine itself speaks to an address of the manifest’s choice`,
        'use json-file, local or journald, or set a default for all containers in the engine’s daemon.json',
      ),
    ]),
};

const NETWORK_DRIVERS: readonly string[] = ['', 'default', 'bridge', 'overlay', 'host'];

const networkDriver: Rule = {
  id: 'network-driver',
  level: 'baseline',
  check: ({ project }) =>
    Object.entries(project.networks).flatMap(([key, { driver = '', external }]) =>
      // `host` is a namespace of the host, and told as that.
      external === true || NETWORK_DRIVERS.includes(driver)
        ? []
        : [
            {
              path: `networks.${key}.driver`,
              message: `the driver ${driver} puts containers into a network that is not the engine’s own`,
              hint: 'use the driver bridge, or make the network by hand and use it with external: true',
            },
          ],
    ),
};

const outOfMemory: Rule = {
  id: 'oom-score',
  level: 'baseline',
  check: (input) =>
    inServices(input, (service, at) => [
      findingIf(
        service.oom_kill_disable === true,
        `${at}.oom_kill_disable`,
        'when memory is short, processes of the host are ended in its place',
        takeAway,
      ),
      findingIf(
        (service.oom_score_adj ?? 0) < 0,
        `${at}.oom_score_adj`,
        'when memory is short, processes of the host are ended before it',
        'use 0 or more',
      ),
    ]),
};

/** Devices, kernel parameters and other things of the host that a container can be given. */
export const hostFeatureRules: readonly Rule[] = [
  devices,
  sysctls,
  cgroupParent,
  runtime,
  credentialSpec,
  logDriver,
  networkDriver,
  outOfMemory,
];
