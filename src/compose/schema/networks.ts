import { z } from 'zod';
import {
  byName,
  distinctNames,
  flag,
  listOf,
  optional,
  options,
  pairs,
  section,
  sectionOrNothing,
  text,
  textMap,
  texts,
} from './forms.ts';

/** The old form `external: {name: x}` is taken still, as docker compose 2.40 does. */
export const external = (description: string) =>
  z
    .union(
      [
        z.boolean(),
        z.string(),
        section(optional({ name: text('Old form: write `name` beside `external: true` instead.') })),
      ],
      { error: 'true or false' },
    )
    .meta({ description });

const addressPool = section(
  optional({
    subnet: text('The addresses of the network in CIDR form: 10.5.0.0/24.'),
    ip_range: text('The part of the subnet that containers get their addresses from.'),
    gateway: text('The address of the host in this network.'),
    aux_addresses: textMap('Addresses that are taken already, by host name.'),
  }),
);

/** Compose specification, top-level "networks". */
export const networkSchema = sectionOrNothing(
  optional({
    name: text("The engine's name of the network, as it stands; STACK_KEY when absent."),
    driver: text('bridge (default), macvlan, ipvlan, overlay, none, host or a plugin.'),
    driver_opts: options('Options of the driver, such as com.docker.network.bridge.enable_icc.'),
    ipam: section(
      optional({
        driver: text('Who gives out addresses; "default" is the engine itself.'),
        config: listOf(addressPool, 'address pools').meta({
          description: 'At most one pool for IPv4 and one for IPv6.',
        }),
        options: textMap('Options of the address driver.'),
      }),
    ).meta({ description: 'Which addresses the network uses.' }),
    external: external('The network exists already and is not ours to make or remove.'),
    internal: flag('Cuts the network off: its containers reach one another and nothing outside.'),
    enable_ipv4: flag('Whether containers get IPv4 addresses (Engine 28 and newer).'),
    enable_ipv6: flag('Whether containers get IPv6 addresses.'),
    attachable: flag('Lets containers that are no part of a Swarm service join an overlay network.'),
    labels: pairs('Labels of the network.'),
  }),
  'A network of this stack. Services that share one can reach each other by name.',
);

const attachment = sectionOrNothing(
  optional({
    aliases: texts('Further names by which others in this network find the service.'),
    ipv4_address: text('A fixed address; the network needs a subnet of its own.'),
    ipv6_address: text('A fixed address; the network needs a subnet of its own.'),
    link_local_ips: texts('Further link-local addresses.'),
    mac_address: text('A fixed hardware address.'),
    interface_name: text('The name of the interface inside the container (Engine 28.1 and newer).'),
    driver_opts: options('Options of the attachment, for the driver.'),
    priority: z.number().meta({ description: 'The network with the highest value is joined first.' }),
    gw_priority: z.number().meta({
      description: 'The network with the highest value gives the default gateway (Engine 28 and newer).',
    }),
  }),
  'How the service joins this network; nothing is enough.',
);

/** Compose specification, "networks" of a service. */
export const serviceNetworksSchema = z
  .union([distinctNames('network names'), byName(attachment, 'How the service joins each network.')], {
    error: 'a list of network names, or a map of them',
  })
  .meta({ description: "The networks that the service joins; the stack's `default` one when absent." });
