import {
  isHeldReason,
  type NetworkStatus,
  type ServiceStatus,
  type StackStatus,
  type VolumeStatus,
} from '../model/status.ts';
import {
  type ColumnContext,
  networkColumns,
  type Of,
  serviceColumns,
  stackColumns,
  volumeColumns,
} from './output/columns.ts';
import type { Column } from './output/table.ts';
import type { Kind } from './reference.ts';

/** How one kind of thing is listed. */
export interface Listing<Row> {
  readonly kind: Kind;
  readonly rows: (status: StackStatus) => readonly Row[];
  readonly columns: (context: ColumnContext) => readonly Column<Row>[];
  /** `service/demo/web`: what `-o name` prints, and what tells rows apart. */
  readonly id: (row: Row) => string;
  /** The words by which a row may be asked for. */
  readonly names: (row: Row) => readonly string[];
  /** For `-o json` and `-o yaml`. */
  readonly document: (row: Row) => object;
  /** What somebody should see of a row who looks at the table only. */
  readonly remarks?: (row: Row) => readonly string[];
}

export const STACKS: Listing<StackStatus> = {
  kind: 'stack',
  rows: (status) => [status],
  columns: stackColumns,
  id: (status) => `stack/${status.name}`,
  names: (status) => [status.name],
  document: (status) => status,
  remarks: ({ name, problems }) =>
    problems
      .filter(({ code }) => isHeldReason(code))
      .map(
        ({ code, message }) => `stack/${name} is kept (${code}): ${message}; stackctl describe stack ${name}`,
      ),
};

export const SERVICES: Listing<Of<ServiceStatus>> = {
  kind: 'service',
  rows: (status) => status.services.map((part) => ({ stack: status.name, part })),
  columns: serviceColumns,
  id: ({ stack, part }) => `service/${stack}/${part.name}`,
  names: ({ stack, part }) => [part.name, `${stack}/${part.name}`],
  document: ({ stack, part }) => ({ stack, ...part }),
};

export const NETWORKS: Listing<Of<NetworkStatus>> = {
  kind: 'network',
  rows: (status) => status.networks.map((part) => ({ stack: status.name, part })),
  columns: networkColumns,
  ...ofPart('network'),
};

export const VOLUMES: Listing<Of<VolumeStatus>> = {
  kind: 'volume',
  rows: (status) => status.volumes.map((part) => ({ stack: status.name, part })),
  columns: volumeColumns,
  ...ofPart('volume'),
};

/** Networks and volumes have a name on the engine and a key in the manifest, and are found by both. */
function ofPart(kind: Kind) {
  return {
    // With the stack, since two stacks may share one that is external.
    id: ({ stack, part }: Of<{ readonly name: string }>) => `${kind}/${stack}/${part.name}`,
    names: ({ stack, part }: Of<{ readonly name: string; readonly key: string }>) => [
      part.name,
      part.key,
      `${stack}/${part.name}`,
      `${stack}/${part.key}`,
    ],
    document: ({ stack, part }: Of<object>) => ({ stack, ...part }),
  };
}
