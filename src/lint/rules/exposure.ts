import type { ComposePort } from '../../compose/model.ts';
import { databaseOfPort, isDatabase } from '../databases.ts';
import { inServices, type LintRule, type ServiceAt, spotIf } from '../rule.ts';

const isLoopback = ({ host_ip = '' }: ComposePort): boolean => /^127\.|^::1$/.test(host_ip);

/** Ports by which a whole machine or a whole engine is commanded. */
const REMOTE_CONTROL: ReadonlyMap<number, string> = new Map([
  [22, 'SSH'],
  [23, 'Telnet'],
  [2375, 'the engine without TLS'],
  [2376, 'the engine'],
  [3389, 'Remote Desktop'],
  [5900, 'VNC'],
]);

function portsOf({ service, at }: ServiceAt) {
  return (service.ports ?? []).map((port, index) => ({ port, path: `${at}.ports[${index}]` }));
}

/** What database a published port leads to; undefined for none. */
function databaseBehind({ service }: ServiceAt, { target }: ComposePort): string | undefined {
  return databaseOfPort(target) ?? (isDatabase(service) ? 'a database' : undefined);
}

const databasePublished: LintRule = {
  id: 'database-port-published',
  severity: 'error',
  category: 'security',
  title: 'the port of a database is published',
  reason:
    'Services of the same network reach a database by its name, without any port of the host. A published port is open to whoever reaches the host: the engine writes its own firewall rules, and ufw does not see them.',
  fix: 'take the port away; for a look from the host, use docker compose exec or publish it on 127.0.0.1',
  reference: 'https://docs.docker.com/engine/network/packet-filtering-firewalls/',
  check: (input) =>
    inServices(input, (each) =>
      portsOf(each).map(({ port, path }) => {
        const database = databaseBehind(each, port);
        return spotIf(
          database !== undefined && !isLoopback(port),
          path,
          `port ${port.target} (${database}) is published to other hosts`,
        );
      }),
    ),
};

const databaseOnLoopback: LintRule = {
  id: 'database-port-on-loopback',
  severity: 'info',
  category: 'security',
  title: 'the port of a database is published on loopback',
  reason:
    'Every user and program of the host can reach it, and before Engine 28 hosts of the same link could, too.',
  fix: 'take the port away when nobody on the host needs it',
  check: (input) =>
    inServices(input, (each) =>
      portsOf(each).map(({ port, path }) =>
        spotIf(
          databaseBehind(each, port) !== undefined && isLoopback(port),
          path,
          `port ${port.target} (${databaseBehind(each, port)}) is published on ${port.host_ip}`,
        ),
      ),
    ),
};

const onAllAddresses: LintRule = {
  id: 'port-on-all-addresses',
  severity: 'warning',
  category: 'security',
  title: 'a port is published without an address',
  reason:
    'Without an address a port is published on every address of the host, of IPv4 and IPv6, and past ufw. Often only the host itself or one network was meant.',
  fix: 'write the address before it: 127.0.0.1:8080:80 for this host only, 0.0.0.0:8080:80 where all are meant',
  reference: 'https://docs.docker.com/engine/network/port-publishing/',
  check: (input) =>
    inServices(input, (each) =>
      portsOf(each).map(({ port, path }) =>
        spotIf(
          port.host_ip === undefined,
          path,
          `port ${port.published ?? 'of the engine’s choice'} is published on all addresses of the host`,
        ),
      ),
    ),
};

const remoteControl: LintRule = {
  id: 'remote-control-port-published',
  severity: 'error',
  category: 'security',
  title: 'a port that commands a machine or an engine is published',
  reason: 'Whoever reaches the port and gets in has the container, and with an engine behind it the host.',
  fix: 'take the port away, or publish it on 127.0.0.1 and come in by SSH of the host',
  check: (input) =>
    inServices(input, (each) =>
      portsOf(each).map(({ port, path }) =>
        spotIf(
          REMOTE_CONTROL.has(port.target) && !isLoopback(port),
          path,
          `port ${port.target} (${REMOTE_CONTROL.get(port.target)}) is published to other hosts`,
        ),
      ),
    ),
};

const besideDatabase: LintRule = {
  id: 'published-beside-database',
  severity: 'warning',
  category: 'security',
  title: 'a service that outsiders reach shares a network with a database',
  reason:
    'Whoever breaks into the service that faces the outside stands beside the database at once. With a service between the two there is one more wall.',
  fix: 'put the database on a network of its own, which only the services that use it join',
  check: (input) => {
    const services = Object.values(input.project.services);
    return inServices(input, ({ service, at }) => {
      const isPublished = (service.ports ?? []).some((port) => !isLoopback(port));
      if (!isPublished || isDatabase(service)) return [];
      return Object.keys(service.networks ?? {}).map((network) =>
        spotIf(
          services.some((other) => isDatabase(other) && Object.hasOwn(other.networks ?? {}, network)),
          `${at}.networks.${network}`,
          `it is published, and on the network ${network} beside a database`,
        ),
      );
    });
  },
};

/** What of a stack the outside reaches. */
export const exposureRules: readonly LintRule[] = [
  databasePublished,
  databaseOnLoopback,
  onAllAddresses,
  remoteControl,
  besideDatabase,
];
