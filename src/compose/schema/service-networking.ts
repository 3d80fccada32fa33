import { distinctTexts, text, textOrTexts, texts, textsOrNumbers } from './forms.ts';
import { extraHosts } from './hosts.ts';
import { serviceNetworksSchema } from './networks.ts';
import { portsSchema } from './ports.ts';

/** What of a service concerns its names and connections. */
export const networkingFields = {
  networks: serviceNetworksSchema,
  network_mode: text('Instead of networks: none, host, bridge, service:NAME or container:NAME.'),
  ports: portsSchema,
  expose: textsOrNumbers('Ports other containers are told of; opens nothing on the host.'),
  hostname: text('The name of the container for itself.'),
  domainname: text('The domain of the container for itself.'),
  dns: textOrTexts('Name servers to use instead of the host’s.'),
  dns_opt: texts('Options of the resolver.'),
  dns_search: textOrTexts('Domains that short names are looked up in.'),
  extra_hosts: extraHosts('Further host names the container knows: HOST=ADDRESS; host-gateway is the host.'),
  links: texts('Further names for other services: SERVICE[:ALIAS].'),
  external_links: distinctTexts('Names for containers of others: CONTAINER[:ALIAS].'),
  mac_address: text('A fixed hardware address.'),
};
