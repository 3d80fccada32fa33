import { ownValue } from '../model/own-value.ts';
import { addressNumber, isInside, overlaps, parseAddress, parseSubnet, type Subnet } from './ip.ts';
import type { ComposeNetwork, ComposeProject, ComposeServiceNetwork } from './model.ts';
import type { Fault } from './rules.ts';

/** Subnets are subnets and apart from each other; addresses lie inside and are given once. */
export function checkAddresses(project: ComposeProject, fault: Fault): void {
  const subnets = new Map<string, readonly Subnet[]>();
  for (const [name, network] of Object.entries(project.networks)) {
    subnets.set(name, checkNetwork(`networks.${name}`, network, fault));
  }
  checkOverlaps(subnets, fault);
  checkStaticAddresses(project, subnets, fault);
}

function checkNetwork(at: string, network: ComposeNetwork, fault: Fault): readonly Subnet[] {
  const subnets: Subnet[] = [];
  for (const [index, pool] of (network.ipam?.config ?? []).entries()) {
    const path = `${at}.ipam.config[${index}]`;
    const subnet = checkBlock(`${path}.subnet`, pool.subnet, fault);
    const range = checkBlock(`${path}.ip_range`, pool.ip_range, fault);
    if (subnet !== undefined) subnets.push(subnet);
    if (
      subnet !== undefined &&
      range !== undefined &&
      !(range.first >= subnet.first && range.last <= subnet.last)
    ) {
      fault(
        'error',
        'OutsideSubnet',
        `${path}.ip_range`,
        `${pool.ip_range} lies outside of ${pool.subnet}`,
        'choose a part of the subnet',
      );
    }
    checkInside(`${path}.gateway`, pool.gateway, subnet, pool.subnet, fault);
    for (const [host, address] of Object.entries(pool.aux_addresses ?? {})) {
      checkInside(`${path}.aux_addresses.${host}`, address, subnet, pool.subnet, fault);
    }
  }
  return subnets;
}

function checkBlock(path: string, text: string | undefined, fault: Fault): Subnet | undefined {
  if (text === undefined) return undefined;
  const subnet = parseSubnet(text);
  if (subnet === undefined) {
    fault('error', 'InvalidSubnet', path, `${text} is not a subnet`, 'write it as 10.0.0.0/24 or fd00::/64');
  } else if (subnet.hostBits && path.endsWith('.subnet')) {
    fault(
      'warning',
      'SubnetHostBits',
      path,
      `${text} is an address in its subnet, not its first one, and newer engines refuse that`,
      'write the first address of the subnet',
    );
  }
  return subnet;
}

function checkInside(
  path: string,
  text: string | undefined,
  subnet: Subnet | undefined,
  subnetText: string | undefined,
  fault: Fault,
): void {
  if (text === undefined) return;
  const address = parseAddress(text);
  if (address === undefined)
    fault(
      'error',
      'InvalidAddress',
      path,
      `${text} is not an IP address`,
      'write an address such as 10.0.0.1',
    );
  else if (subnet !== undefined && !isInside(subnet, address)) {
    fault(
      'error',
      'OutsideSubnet',
      path,
      `${text} lies outside of ${subnetText}`,
      'choose an address of the subnet',
    );
  }
}

function checkOverlaps(subnets: ReadonlyMap<string, readonly Subnet[]>, fault: Fault): void {
  const all = [...subnets].flatMap(([name, own]) => own.map((subnet, index) => ({ name, subnet, index })));
  all.sort((one, other) => {
    if (one.subnet.version !== other.subnet.version) return one.subnet.version - other.subnet.version;
    if (one.subnet.first === other.subnet.first) return 0;
    return one.subnet.first < other.subnet.first ? -1 : 1;
  });
  // In order of their starts, an overlap is one with the block that reaches farthest so far.
  let farthest = all[0];
  for (const next of all.slice(1)) {
    if (farthest !== undefined && overlaps(farthest.subnet, next.subnet)) {
      fault(
        'error',
        'OverlappingSubnets',
        `networks.${next.name}.ipam.config[${next.index}].subnet`,
        `the subnet overlaps one of network ${farthest.name}`,
        'choose another subnet for one of them',
      );
    }
    const reaches =
      farthest === undefined ||
      next.subnet.version !== farthest.subnet.version ||
      next.subnet.last > farthest.subnet.last;
    if (reaches) farthest = next;
  }
}

function checkStaticAddresses(
  project: ComposeProject,
  subnets: ReadonlyMap<string, readonly Subnet[]>,
  fault: Fault,
): void {
  const taken = new Map<string, string>();
  for (const [service, { networks }] of Object.entries(project.services)) {
    for (const [name, attachment] of Object.entries(networks ?? {})) {
      for (const field of ['ipv4_address', 'ipv6_address'] as const) {
        const text = attachment?.[field];
        if (text === undefined) continue;
        const at = { path: `services.${service}.networks.${name}.${field}`, service, name, field, text };
        checkStatic(at, ownValue(project.networks, name), subnets.get(name) ?? [], taken, fault);
      }
    }
  }
}

interface Attachment {
  readonly path: string;
  readonly service: string;
  readonly name: string;
  readonly field: keyof Pick<ComposeServiceNetwork, 'ipv4_address' | 'ipv6_address'>;
  readonly text: string;
}

function checkStatic(
  at: Attachment,
  network: ComposeNetwork | undefined,
  subnets: readonly Subnet[],
  taken: Map<string, string>,
  fault: Fault,
): void {
  const address = parseAddress(at.text);
  const version = at.field === 'ipv4_address' ? 4 : 6;
  if (address === undefined || (address.kind() === 'ipv4') !== (version === 4)) {
    fault(
      'error',
      'InvalidAddress',
      at.path,
      `${at.text} is not an address of IPv${version}`,
      'correct the address',
    );
    return;
  }
  const key = `${at.name} ${addressNumber(address)}`;
  const owner = taken.get(key);
  if (owner === undefined) taken.set(key, at.service);
  else
    fault(
      'error',
      'DuplicateAddress',
      at.path,
      `service ${owner} has the address ${at.text} on ${at.name} already`,
      'give each service its own',
    );
  if (network === undefined || network.external === true) return;
  if (!subnets.some((subnet) => subnet.version === version)) {
    fault(
      'error',
      'NoSubnet',
      at.path,
      `network ${at.name} declares no subnet of IPv${version}, so addresses in it cannot be fixed`,
      `add ipam.config with a subnet to ${at.name}`,
    );
  } else if (!subnets.some((subnet) => isInside(subnet, address))) {
    fault(
      'error',
      'OutsideSubnet',
      at.path,
      `${at.text} lies outside of the subnets of network ${at.name}`,
      'choose an address inside',
    );
  }
}
