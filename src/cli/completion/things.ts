import type { StackStatus } from '../../model/status.ts';
import { type Listing, NETWORKS, SERVICES, STACKS, VOLUMES } from '../listing.ts';
import { findKind, KINDS, type Kind } from '../reference.ts';
import type { Completer } from './completer.ts';

/** A kind, or KIND/NAME; then names of that kind. */
export const completeThings: Completer = async ({ args, word }, live) => {
  const [first] = args;
  const isJoined = word.includes('/');
  if (first === undefined && !isJoined) return Object.values(KINDS).map(([, value]) => ({ value }));
  const kind = findKind((isJoined ? word : (first ?? '')).split('/')[0] ?? '');
  if (kind === undefined) return [];
  const ids =
    kind === 'source'
      ? (await live.sources()).map(({ name }) => `source/${name}`)
      : (await live.stacks()).flatMap((status) => idsOf(kind, status));
  if (isJoined) {
    const spelled = word.slice(0, word.indexOf('/'));
    return ids.map((id) => ({ value: `${spelled}${id.slice(kind.length)}` }));
  }
  return first?.includes('/') === true
    ? ids.map((value) => ({ value }))
    : ids.map((id) => ({ value: id.slice(kind.length + 1) })).filter(({ value }) => !args.includes(value));
};

function idsOf(kind: Exclude<Kind, 'source'>, status: StackStatus): readonly string[] {
  const ids = <Row>({ rows, id }: Listing<Row>): readonly string[] => rows(status).map(id);
  switch (kind) {
    case 'stack':
      return ids(STACKS);
    case 'service':
      return ids(SERVICES);
    case 'network':
      return ids(NETWORKS);
    case 'volume':
      return ids(VOLUMES);
  }
}

/** What `events --for` may be about. */
export const completeObjects: Completer = async (_asked, live) =>
  (await live.stacks()).flatMap(({ name, services }) => [
    { value: `stack/${name}` },
    ...services.map((service) => ({ value: `service/${name}/${service.name}` })),
  ]);
