/**
 * Whether two ports of one number and protocol cannot be published side by side, by the addresses of the host that they
 * are published on. None stands for all addresses of both families; `0.0.0.0` and `::` for those of their own: an engine
 * publishes one beside the other (measured on 28.5, in one container and in two).
 */
export function shareHostAddress(one: string, other: string): boolean {
  return one === other || includesAddress(one, other) || includesAddress(other, one);
}

function includesAddress(all: string, one: string): boolean {
  if (all === '') return true;
  if (all === '0.0.0.0') return !one.includes(':');
  return all === '::' && one.includes(':');
}
