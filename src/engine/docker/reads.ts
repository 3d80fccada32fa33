import { Failure } from '../../model/failure.ts';
import { type Connection, DEADLINE } from './connection.ts';
import type { WireContainer, WireContainerSummary, WireImage, WireNetwork, WireVolume } from './wire.ts';

/** The raw inspect, or undefined when there is no such container. */
export async function inspectContainer(
  connection: Connection,
  idOrName: string,
  signal?: AbortSignal,
): Promise<WireContainer | undefined> {
  return absentAsUndefined(
    connection.request<WireContainer>({
      method: 'GET',
      path: `/containers/${encodeURIComponent(idOrName)}/json`,
      what: `inspect container ${idOrName.slice(0, 12)}`,
      deadlineMs: DEADLINE.inspect,
      signal,
    }),
  );
}

/** All networks of the engine, with their options. */
export async function listNetworks(
  connection: Connection,
  signal?: AbortSignal,
): Promise<readonly WireNetwork[]> {
  return asList(await list<unknown>(connection, '/networks', {}, signal), 'networks');
}

/** All containers, running or not. */
export async function listContainers(
  connection: Connection,
  signal?: AbortSignal,
): Promise<readonly WireContainerSummary[]> {
  return asList(await list<unknown>(connection, '/containers/json', { all: 1 }, signal), 'containers');
}

/** All volumes of the engine. */
export async function listVolumes(
  connection: Connection,
  signal?: AbortSignal,
): Promise<readonly WireVolume[]> {
  const answer = await list<{ Volumes?: unknown } | undefined>(connection, '/volumes', {}, signal);
  // An engine without volumes says null here; an answer without the field is no answer.
  return answer?.Volumes === null ? [] : asList(answer?.Volumes, 'volumes');
}

function list<Answer>(
  connection: Connection,
  path: string,
  query: Readonly<Record<string, unknown>>,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  return connection.request<Answer>({
    method: 'GET',
    path,
    query,
    what: `list ${path}`,
    deadlineMs: DEADLINE.list,
    onDeadline: 'unreachable',
    signal,
  });
}

function asList<Item>(answer: unknown, what: string): readonly Item[] {
  if (Array.isArray(answer)) return answer as readonly Item[];
  throw new Failure('refused', `the engine's list of ${what} is no list`, {
    hint: 'is a proxy between stackctld and the engine',
  });
}

/** One volume, or undefined when there is none of that name. */
export async function inspectVolume(
  connection: Connection,
  name: string,
  signal?: AbortSignal,
): Promise<WireVolume | undefined> {
  return absentAsUndefined(
    connection.request<WireVolume>({
      method: 'GET',
      path: `/volumes/${encodeURIComponent(name)}`,
      what: `inspect volume ${name}`,
      deadlineMs: DEADLINE.inspect,
      signal,
    }),
  );
}

/** One network by its id, with its running endpoints; undefined when there is none. */
export async function inspectNetwork(
  connection: Connection,
  id: string,
  signal?: AbortSignal,
): Promise<WireNetwork | undefined> {
  return absentAsUndefined(
    connection.request<WireNetwork>({
      method: 'GET',
      path: `/networks/${encodeURIComponent(id)}`,
      what: `inspect network ${id.slice(0, 12)}`,
      deadlineMs: DEADLINE.inspect,
      signal,
    }),
  );
}

/** The raw inspect of an image by reference or id. */
export async function inspectImageRaw(
  connection: Connection,
  ref: string,
  signal?: AbortSignal,
): Promise<WireImage | undefined> {
  const segments = ref.split('/');
  if (segments.some((segment) => segment === '' || segment === '.' || segment === '..')) return undefined;
  return absentAsUndefined(
    connection.request<WireImage>({
      method: 'GET',
      path: `/images/${segments.map(encodeURIComponent).join('/')}/json`,
      what: `inspect image ${ref}`,
      deadlineMs: DEADLINE.inspect,
      signal,
    }),
    [400, 404],
  );
}

/** A question about something that is not there has an answer: undefined. */
async function absentAsUndefined<Answer>(
  answer: Promise<Answer>,
  statuses: readonly number[] = [404],
): Promise<Answer | undefined> {
  try {
    return await answer;
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.status !== undefined && statuses.includes(thrown.status)) {
      return undefined;
    }
    throw thrown;
  }
}
