import { flag, list, object, optionalFlag, type Shape, text } from './shape.ts';
import { labels, texts } from './shape-fields.ts';

/** A top-level network; docker compose always prints its `ipam`. */
export const network: Shape = object(
  {
    name: text,
    driver: text,
    driver_opts: texts,
    ipam: object({
      driver: text,
      options: labels,
      config: list(object({ subnet: text, gateway: text, ip_range: text, aux_addresses: labels })),
    }),
    external: flag,
    internal: flag,
    attachable: flag,
    enable_ipv4: optionalFlag,
    enable_ipv6: optionalFlag,
    labels,
  },
  { ipam: {} },
);

/** A top-level volume. */
export const volume: Shape = object({
  name: text,
  driver: text,
  driver_opts: texts,
  external: flag,
  labels,
});
