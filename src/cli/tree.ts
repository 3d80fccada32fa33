import type {
  ContainerStatus,
  NetworkStatus,
  ServiceStatus,
  StackStatus,
  VolumeStatus,
} from '../model/status.ts';
import { type ColumnContext, shortRevision, sourceName } from './output/columns.ts';
import type { Column } from './output/table.ts';

/** A thing and what belongs to it, as `-o json` and `-o yaml` print it. */
export type TreeNode =
  | { readonly kind: 'stack'; readonly status: StackStatus; readonly children: readonly TreeNode[] }
  | { readonly kind: 'service'; readonly status: ServiceStatus; readonly children: readonly TreeNode[] }
  | { readonly kind: 'container'; readonly status: ContainerStatus; readonly children: readonly [] }
  | { readonly kind: 'network'; readonly status: NetworkStatus; readonly children: readonly [] }
  | { readonly kind: 'volume'; readonly status: VolumeStatus; readonly children: readonly [] };

/** A stack with its services, their containers, its networks and its volumes. */
export function treeOf(status: StackStatus): TreeNode {
  return {
    kind: 'stack',
    status,
    children: [
      ...status.services.map(
        (service): TreeNode => ({
          kind: 'service',
          status: service,
          children: service.containers.map((container) => ({
            kind: 'container',
            status: container,
            children: [],
          })),
        }),
      ),
      ...status.networks.map((network): TreeNode => ({ kind: 'network', status: network, children: [] })),
      ...status.volumes.map((volume): TreeNode => ({ kind: 'volume', status: volume, children: [] })),
    ],
  };
}

/** A line of a drawn tree. */
export interface TreeLine {
  /** The box characters before it. */
  readonly branch: string;
  readonly node: TreeNode;
}

/** A tree from its root down, a line for each thing. */
export function drawTree(node: TreeNode, branch = '', stem = ''): readonly TreeLine[] {
  const below = node.children.flatMap((child, index) => {
    const isLast = index === node.children.length - 1;
    return drawTree(child, `${stem}${isLast ? '└── ' : '├── '}`, `${stem}${isLast ? '    ' : '│   '}`);
  });
  return [{ branch, node }, ...below];
}

/** The columns of a drawn tree; what a kind of thing does not have is left empty, and shown as `-`. */
export function treeColumns({ colors, wide }: ColumnContext): readonly Column<TreeLine>[] {
  const column = (title: string, of: (cells: Cells) => string | undefined): Column<TreeLine> => ({
    title,
    value: ({ node }) => of(cellsOf(node)) || '-',
  });
  return [
    { title: 'NAME', value: ({ branch, node }) => `${branch}${node.kind}/${node.status.name}` },
    { ...column('STATE', ({ state }) => state), paint: colors.state },
    { ...column('HEALTH', ({ health }) => health), paint: colors.state },
    column('READY', ({ ready }) => ready),
    column('RESTARTS', ({ restarts }) => restarts),
    column('DETAIL', ({ detail }) => detail),
    ...(wide ? [column('MORE', ({ more }) => more)] : []),
  ];
}

interface Cells {
  readonly state: string;
  readonly health?: string;
  readonly ready?: string;
  readonly restarts?: string;
  readonly detail: string;
  /** With `-o wide`. */
  readonly more: string;
}

function cellsOf(node: TreeNode): Cells {
  switch (node.kind) {
    case 'stack':
      return stackCells(node.status);
    case 'service':
      return serviceCells(node.status);
    case 'container':
      return containerCells(node.status);
    case 'network':
      return networkCells(node.status);
    case 'volume':
      return {
        state: node.status.state,
        detail: [node.status.driver, node.status.external ? 'external' : ''].filter(isSaid).join(' '),
        more: `key=${node.status.key}`,
      };
  }
}

function stackCells(stack: StackStatus): Cells {
  const restarts = stack.services.reduce((sum, service) => sum + service.restarts, 0);
  const ready = stack.services.filter((service) => service.ready >= service.desired).length;
  return {
    state: stack.sync,
    health: stack.suspended ? 'Suspended' : stack.health,
    ready: `${ready}/${stack.services.length}`,
    restarts: String(restarts),
    detail: `revision ${shortRevision(stack.lastAppliedRevision)}`,
    more: `generation=${stack.generation} source=${sourceName(stack.source)}`,
  };
}

function serviceCells(service: ServiceStatus): Cells {
  return {
    state: service.state,
    health: service.health,
    ready: `${service.ready}/${service.desired}`,
    restarts: String(service.restarts),
    detail: service.image,
    more: service.message === '' ? service.ports.join(',') : service.message,
  };
}

function containerCells(container: ContainerStatus): Cells {
  const addresses = Object.entries(container.addresses).map(([network, address]) => `${network}=${address}`);
  return {
    state: container.state,
    health: container.health,
    detail: addresses.join(','),
    more: container.id.slice(0, 12),
  };
}

function networkCells(network: NetworkStatus): Cells {
  const marks = [
    network.driver,
    ...network.subnets,
    network.internal ? 'internal' : '',
    network.icc ? '' : 'icc=false',
    network.external ? 'external' : '',
  ];
  return {
    state: network.state,
    detail: marks.filter(isSaid).join(' '),
    more: `key=${network.key} attached=${network.attached}`,
  };
}

const isSaid = (text: string): boolean => text !== '';
