import type {
  ContainerStatus,
  NetworkStatus,
  ServiceStatus,
  StackEvent,
  StackStatus,
  VolumeStatus,
} from '../../model/status.ts';
import type { Colors } from './color.ts';
import type { Column } from './table.ts';
import { formatAge, formatSpan } from './time.ts';

export interface ColumnContext {
  readonly colors: Colors;
  readonly nowMs: number;
  /** `-o wide`: with what does not fit on a usual screen. */
  readonly wide: boolean;
}

/** Something of a stack, with the stack that it is of. */
export interface Of<Part> {
  readonly stack: string;
  readonly part: Part;
}

const none = (text: string): string => (text === '' ? '<none>' : text);
const yesNo = (value: boolean): string => (value ? 'true' : 'false');

/** `applied`, or what was read: `directory:/srv/stacks`. */
export function sourceName(source: StackStatus['source']): string {
  return source.name === '' || source.name === source.kind ? source.kind : `${source.kind}:${source.name}`;
}

export function stackColumns({ colors, nowMs, wide }: ColumnContext): readonly Column<StackStatus>[] {
  return [
    { title: 'NAME', room: 12, value: (stack) => stack.name },
    { title: 'SYNC', room: 9, value: (stack) => stack.sync, paint: colors.state },
    {
      title: 'HEALTH',
      room: 11,
      value: (stack) => (stack.suspended ? 'Suspended' : stack.health),
      paint: colors.state,
    },
    { title: 'READY', value: readyServices },
    { title: 'SOURCE', value: (stack) => sourceName(stack.source) },
    { title: 'REVISION', room: 12, value: (stack) => shortRevision(stack.lastAppliedRevision) },
    { title: 'AGE', value: (stack) => formatAge(stack.createdAt, nowMs) },
    ...when<StackStatus>(wide, [
      { title: 'GENERATION', value: (stack) => `${stack.observedGeneration}/${stack.generation}` },
      { title: 'PATH', value: (stack) => none(stack.source.path) },
      { title: 'LABELS', value: (stack) => none(labelText(stack.labels)) },
      { title: 'MESSAGE', value: (stack) => findCondition(stack, 'Ready')?.message ?? '' },
    ]),
  ];
}

export function serviceColumns({ colors, nowMs, wide }: ColumnContext): readonly Column<Of<ServiceStatus>>[] {
  return [
    { title: 'STACK', room: 12, value: ({ stack }) => stack },
    { title: 'NAME', value: ({ part }) => part.name },
    { title: 'READY', value: ({ part }) => `${part.ready}/${part.desired}` },
    { title: 'UP-TO-DATE', value: ({ part }) => String(part.updated) },
    { title: 'STATE', room: 16, value: ({ part }) => part.state, paint: colors.state },
    { title: 'RESTARTS', value: ({ part }) => String(part.restarts) },
    { title: 'IMAGE', value: ({ part }) => part.image },
    { title: 'PORTS', value: ({ part }) => none(part.ports.join(',')) },
    { title: 'AGE', value: ({ part }) => serviceAge(part, nowMs) },
    ...when<Of<ServiceStatus>>(wide, [
      { title: 'HEALTH', value: ({ part }) => part.health, paint: colors.state },
      { title: 'NETWORKS', value: ({ part }) => none(part.networks.join(',')) },
      { title: 'CONTAINERS', value: ({ part }) => none(part.containers.map(({ name }) => name).join(',')) },
      { title: 'MESSAGE', value: ({ part }) => part.message },
    ]),
  ];
}

export function networkColumns({ colors, wide }: ColumnContext): readonly Column<Of<NetworkStatus>>[] {
  return [
    { title: 'STACK', room: 12, value: ({ stack }) => stack },
    { title: 'NAME', value: ({ part }) => part.name },
    { title: 'DRIVER', value: ({ part }) => none(part.driver) },
    { title: 'SUBNET', value: ({ part }) => none(part.subnets.join(',')) },
    { title: 'INTERNAL', value: ({ part }) => yesNo(part.internal) },
    { title: 'ICC', value: ({ part }) => yesNo(part.icc) },
    { title: 'ATTACHED', value: ({ part }) => String(part.attached) },
    { title: 'STATE', value: ({ part }) => part.state, paint: colors.state },
    ...when<Of<NetworkStatus>>(wide, [
      { title: 'KEY', value: ({ part }) => part.key },
      { title: 'EXTERNAL', value: ({ part }) => yesNo(part.external) },
    ]),
  ];
}

export function volumeColumns({ colors, wide }: ColumnContext): readonly Column<Of<VolumeStatus>>[] {
  return [
    { title: 'STACK', room: 12, value: ({ stack }) => stack },
    { title: 'NAME', value: ({ part }) => part.name },
    { title: 'DRIVER', value: ({ part }) => none(part.driver) },
    { title: 'STATE', value: ({ part }) => part.state, paint: colors.state },
    ...when<Of<VolumeStatus>>(wide, [
      { title: 'KEY', value: ({ part }) => part.key },
      { title: 'EXTERNAL', value: ({ part }) => yesNo(part.external) },
    ]),
  ];
}

export function containerColumns({ colors, nowMs }: ColumnContext): readonly Column<ContainerStatus>[] {
  const addresses = (container: ContainerStatus): string =>
    Object.entries(container.addresses)
      .map(([network, address]) => `${network}=${address}`)
      .join(',');
  return [
    { title: 'NAME', value: (container) => container.name },
    { title: 'STATE', value: (container) => container.state, paint: colors.state },
    { title: 'HEALTH', value: (container) => none(container.health), paint: colors.state },
    {
      title: 'STARTED',
      value: (container) =>
        container.startedAt === undefined ? '<never>' : formatAge(container.startedAt, nowMs),
    },
    { title: 'ADDRESSES', value: (container) => none(addresses(container)) },
    { title: 'ID', value: (container) => container.id.slice(0, 12) },
  ];
}

/** `withStack`: events of several stacks stand in one table. */
export function eventColumns(
  { colors, nowMs }: Pick<ColumnContext, 'colors' | 'nowMs'>,
  withStack: boolean,
): readonly Column<StackEvent>[] {
  return [
    { title: 'LAST SEEN', room: 20, value: (event) => lastSeen(event, nowMs) },
    ...when<StackEvent>(withStack, [{ title: 'STACK', room: 12, value: (event) => event.stack }]),
    { title: 'TYPE', room: 7, value: (event) => event.type, paint: colors.state },
    { title: 'REASON', room: 20, value: (event) => event.reason },
    { title: 'OBJECT', room: 28, value: (event) => event.object },
    { title: 'MESSAGE', value: (event) => event.message },
  ];
}

export function findCondition(stack: StackStatus, type: string) {
  return stack.conditions.find((condition) => condition.type === type);
}

/** A digest by its first twelve digits, whatever stands around it: `main@sha1:0123456789ab`. */
export function shortRevision(revision: string | undefined): string {
  return revision === undefined
    ? '<none>'
    : revision.replace(/\b(sha256:)?([0-9a-f]{12})[0-9a-f]{28,}\b/g, '$2');
}

export function labelText(labels: StackStatus['labels']): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}

function readyServices(stack: StackStatus): string {
  const ready = stack.services.filter((service) => service.ready >= service.desired);
  return `${ready.length}/${stack.services.length}`;
}

/** Of its oldest container: so long it has served. */
function serviceAge(service: ServiceStatus, nowMs: number): string {
  const started = service.containers.flatMap((container) => container.startedAt ?? []).sort();
  return started[0] === undefined ? '<none>' : formatAge(started[0], nowMs);
}

function lastSeen(event: StackEvent, nowMs: number): string {
  const age = formatAge(event.lastAt, nowMs);
  if (event.count < 2) return age;
  return `${age} (x${event.count} over ${formatSpan(nowMs - Date.parse(event.firstAt))})`;
}

function when<Row>(wanted: boolean, columns: readonly Column<Row>[]): readonly Column<Row>[] {
  return wanted ? columns : [];
}
