import type { ServiceContext } from './context.ts';

/** Addresses that only one container can have, given to several. */
export function checkFixedAddresses({ name, path, replicas, report, service }: ServiceContext): void {
  if (replicas <= 1) return;
  const refuse = (field: string, address: string | undefined): void => {
    if (address === undefined || address === '') return;
    report.error(`${path}.${field}`, {
      code: 'AddressForOneReplica',
      message: `${address} cannot be the address of ${replicas} containers of ${name}`,
      hint: 'leave the address out, or run one container',
    });
  };
  refuse('mac_address', service.mac_address);
  for (const [key, endpoint] of Object.entries(service.networks ?? {})) {
    for (const field of ['ipv4_address', 'ipv6_address', 'mac_address'] as const) {
      refuse(`networks.${key}.${field}`, endpoint?.[field]);
    }
  }
}
