import type { ComposeNetwork, ComposeProject, ComposeService } from '../../compose/model.ts';
import { isDatabase } from '../databases.ts';
import { inServices, type LintInput, type LintRule, servicesOf, spotIf } from '../rule.ts';

const networksOf = ({ networks }: ComposeService): readonly string[] => Object.keys(networks ?? {});

/** A network as it is made: of one that is another stack's, by the manifest of that stack. */
function definitionOf(key: string, { project, networkNamed }: LintInput): ComposeNetwork | undefined {
  const network = project.networks[key];
  return network?.external === true ? networkNamed(network.name) : network;
}

const implied: LintRule = {
  id: 'default-network',
  severity: 'info',
  category: 'security',
  title: 'services are on a network that nobody wrote down',
  reason:
    'Compose puts whoever names no network on one that all share, so each reaches all ports of all others.',
  fix: 'declare networks, and name for each service those that it needs',
  reference: 'https://docs.docker.com/compose/how-tos/networking/',
  check: (input) => {
    const isBare = isAsImplied(input.project);
    const on = servicesOf(input).filter(({ service }) => networksOf(service).includes('default'));
    const [first] = on;
    if (!isBare || first === undefined || on.length < 2) return [];
    return [{ path: 'services', message: `${on.length} services share the default network` }];
  },
};

/** Whoever gives the network options has thought about it. */
function isAsImplied({ name, networks }: ComposeProject): boolean {
  const { name: called = '', ipam = {}, ...options } = networks['default'] ?? {};
  return called === `${name}_default` && Object.keys(ipam).length === 0 && Object.keys(options).length === 0;
}

const together: LintRule = {
  id: 'one-network-for-all',
  severity: 'info',
  category: 'security',
  title: 'all services are on one network',
  reason: 'Whoever breaks into the service that faces the outside reaches every port of every other.',
  fix: 'make a network for what faces the outside and one for what lies behind it, and join both only where a service stands between',
  check: (input) => {
    const services = servicesOf(input).filter(({ service }) => service.network_mode === undefined);
    const networks = new Set(services.flatMap(({ service }) => networksOf(service)));
    const isFacing = services.some(({ service }) => (service.ports ?? []).length > 0);
    const [only] = networks;
    if (networks.size !== 1 || only === undefined || services.length < 3 || !isFacing) return [];
    return [
      {
        path: 'services',
        message: `all ${services.length} services reach each other on the network ${only}`,
      },
    ];
  },
};

const databaseOut: LintRule = {
  id: 'database-network-not-internal',
  severity: 'warning',
  category: 'security',
  title: 'a database is on a network that leads out',
  reason:
    'A database that was broken into can send what it holds anywhere. It has nothing to fetch from outside.',
  fix: 'put it on a network with internal: true, and those that use it there, too',
  check: (input) =>
    inServices(input, ({ service, at }) =>
      networksOf(service).map((key) =>
        spotIf(
          isDatabase(service) && leadsOut(definitionOf(key, input)),
          `${at}.networks.${key}`,
          `the network ${key} is not internal`,
        ),
      ),
    ),
};

/** Of a network that nobody described nothing is known. */
const leadsOut = (network: ComposeNetwork | undefined): boolean =>
  network !== undefined &&
  network.internal !== true &&
  ['', 'bridge', 'default'].includes(network.driver ?? '');

const ICC = 'com.docker.network.bridge.enable_icc';

const icc: LintRule = {
  id: 'icc-not-needed',
  severity: 'info',
  category: 'security',
  title: 'services can talk on a network that they do not talk on',
  reason:
    'All of them share another network, so this one is only there to lead out. With ICC on it is one more way from one to the other.',
  fix: 'add driver_opts: {com.docker.network.bridge.enable_icc: "false"} to the network',
  check: (input) => {
    const services = servicesOf(input).map(({ service }) => networksOf(service));
    return Object.entries(input.project.networks).flatMap(([key, network]) => {
      const members = services.filter((networks) => networks.includes(key));
      const isBridge =
        network.external !== true && leadsOut(network) && network.driver_opts?.[ICC] !== 'false';
      if (
        !isBridge ||
        members.length < 2 ||
        !members.every((one) => members.every((other) => shareAnother(key, one, other, input)))
      )
        return [];
      const message = `all ${members.length} services on it reach each other on an internal network`;
      return [{ path: `networks.${key}.driver_opts`, message, owner: { kind: 'networks', name: key } }];
    });
  },
};

/** Whether two services meet on an internal network beside this one: that one is there to talk on. */
function shareAnother(
  key: string,
  one: readonly string[],
  other: readonly string[],
  input: LintInput,
): boolean {
  return one.some(
    (each) => each !== key && other.includes(each) && definitionOf(each, input)?.internal === true,
  );
}

const defaultBridge: LintRule = {
  id: 'default-bridge',
  severity: 'warning',
  category: 'security',
  title: 'a container on the default bridge',
  reason:
    'Every container that anybody starts without a network is on it, and nobody on it is found by name.',
  fix: 'take network_mode: bridge away, and name a network of the stack',
  reference: 'https://docs.docker.com/engine/network/drivers/bridge/',
  check: (input) =>
    inServices(input, ({ service, at }) => [
      spotIf(
        service.network_mode === 'bridge',
        `${at}.network_mode`,
        'it is beside all other containers without a network',
      ),
    ]),
};

const links: LintRule = {
  id: 'links',
  severity: 'warning',
  category: 'style',
  title: 'links, which networks have replaced',
  reason:
    'Services of a network find each other by their names. Links only add a fixed order and are gone with the container.',
  fix: 'take links away, and give another name with aliases where one is needed',
  check: (input) =>
    inServices(input, ({ service, at }) => [
      spotIf((service.links ?? []).length > 0, `${at}.links`, 'links are not needed on a network'),
      spotIf(
        (service.external_links ?? []).length > 0,
        `${at}.external_links`,
        'a network that both stacks join does the same',
      ),
    ]),
};

/** Who stands beside whom. */
export const networkRules: readonly LintRule[] = [implied, together, databaseOut, icc, defaultBridge, links];
