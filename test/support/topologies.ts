import type { Attachment, Member, NetworkNode, Publication, Topology } from '../../src/isolation/topology.ts';

/** A network: a plain bridge but for what is given. */
export function net(name: string, more: Partial<NetworkNode> = {}): NetworkNode {
  return {
    name,
    stack: undefined,
    keys: [],
    labels: {},
    driver: 'bridge',
    isDefaultBridge: false,
    internal: false,
    icc: true,
    masquerade: true,
    gatewayMode4: 'nat',
    gatewayMode6: 'nat',
    inhibitIPv4: false,
    enableIPv6: false,
    attachable: false,
    mode: '',
    subnets: [],
    gateways: [],
    isGuessed: false,
    ...more,
  };
}

/** `8080:80`, `127.0.0.1:8080:80/udp`. */
export function publish(text: string): Publication {
  const [rest = '', protocol = 'tcp'] = text.split('/');
  const parts = rest.split(':');
  return {
    hostIp: parts.slice(0, -2).join(':').replace(/[[\]]/g, ''),
    hostPort: Number(parts.at(-2)),
    containerPort: Number(parts.at(-1)),
    protocol,
  };
}

interface MemberWords extends Partial<Omit<Member, 'attachments' | 'publications'>> {
  readonly networks?: readonly (string | (Partial<Attachment> & { readonly network: string }))[];
  readonly publish?: readonly string[];
}

/** A running member called by its id; of a stack when the id has slashes. */
export function member(
  id: string,
  { networks = [], publish: ports = [], ...more }: MemberWords = {},
): Member {
  const [stack, service, ordinal] = id.split('/');
  const isOurs = service !== undefined;
  const name = isOurs ? `${stack}-${service}-${ordinal ?? 1}` : id;
  return {
    id,
    name,
    stack: isOurs ? stack : undefined,
    service,
    ordinal: Number(ordinal ?? 1),
    labels: {},
    containerId: undefined,
    state: 'running',
    health: undefined,
    namespace: { kind: 'own' },
    attachments: networks.map((each) => {
      const given = typeof each === 'string' ? { network: each } : each;
      return {
        addresses: [],
        aliases: [...(service === undefined ? [] : [service]), name],
        gwPriority: 0,
        links: [],
        ...given,
      };
    }),
    publications: ports.map(publish),
    listens: [],
    ...more,
  };
}

export function topology(
  networks: readonly NetworkNode[],
  members: readonly Member[],
  apiVersion = '1.51',
): Topology {
  return { origin: 'declared', engine: { apiVersion }, networks, members };
}
