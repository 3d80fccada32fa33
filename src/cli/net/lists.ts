import { exposuresOf } from '../../isolation/exposure.ts';
import { pathsFrom } from '../../isolation/paths.ts';
import { servicesOf } from '../../isolation/services.ts';
import { subnetsOf } from '../../isolation/subnets.ts';
import { Failure } from '../../model/failure.ts';
import type { Context } from '../command.ts';
import { renderDocument } from '../output/document.ts';
import { renderTable } from '../output/table.ts';
import type { Sight } from './sight.ts';

export type ListFormat = 'table' | 'wide' | 'json' | 'yaml';

/** Each published port, and who gets to it. */
export async function showExposure(sight: Sight, format: ListFormat, context: Context): Promise<number> {
  const exposures = exposuresOf(sight.observed ?? sight.declared);
  if (format === 'json' || format === 'yaml') {
    await context.stdout.write(await renderDocument(format, { items: exposures }));
    return 0;
  }
  if (exposures.length === 0) {
    await context.stdout.write('nothing is published\n');
    return 0;
  }
  const { text } = renderTable(
    [
      { title: 'SERVICE', value: (row) => row.service },
      { title: 'ADDRESS', value: (row) => row.address },
      { title: 'PORT', value: (row) => (row.port === '' ? 'all' : row.port) },
      { title: 'REACHED FROM', value: (row) => row.reachedFrom },
      { title: 'BYPASSES UFW', value: (row) => (row.bypassesFirewall ? 'yes' : 'no') },
      {
        title: 'SERVICES',
        value: (row) => (format === 'wide' ? row.services.join(' ') : String(row.services.length)),
      },
    ],
    exposures,
  );
  await context.stdout.write(text);
  const warnings = exposures.flatMap(({ service, address, warnings: all }) =>
    all.map((warning) => `${context.colors.busy('warning')}: ${service} ${address}: ${warning}\n`),
  );
  if (warnings.length > 0) await context.stdout.write(`\n${warnings.join('')}`);
  return 0;
}

/** Everything that can be reached from a service, by way of others too. */
export async function showPaths(
  sight: Sight,
  asked: string,
  format: ListFormat,
  context: Context,
): Promise<number> {
  const model = sight.observed ?? sight.declared;
  const groups = servicesOf(model.topology);
  const found = groups.filter(({ name, service }) => name === asked || service === asked);
  const [one] = found;
  if (one === undefined || found.length > 1)
    throw unclear(
      asked,
      (found.length > 1 ? found : groups).map(({ name }) => name),
    );
  const paths = pathsFrom(model, one.name);
  if (format === 'json' || format === 'yaml') {
    await context.stdout.write(await renderDocument(format, { from: one.name, items: paths }));
    return 0;
  }
  const direct = paths.filter(({ hops }) => hops.length === 2).length;
  await context.stdout.write(
    `from ${one.name}: ${direct} reached at once, ${paths.length - direct} by way of others, of ${groups.length - 1} services, the host and the internet\n`,
  );
  if (paths.length === 0) return 0;
  const { text } = renderTable(
    [
      { title: 'TO', value: (row) => row.to },
      { title: 'HOPS', value: (row) => String(row.hops.length - 1) },
      { title: 'VIA', value: (row) => (row.network === undefined ? row.via : `${row.via} ${row.network}`) },
      { title: 'PORTS', value: (row) => (row.ports.length === 0 ? 'all' : row.ports.join(',')) },
      { title: 'PATH', value: (row) => row.hops.join(' > ') },
    ],
    paths,
  );
  await context.stdout.write(`\n${text}`);
  return 0;
}

/** Says who there is, when nobody or several are called so. */
export function unclear(asked: string, names: readonly string[]): Failure {
  const unique = [...new Set(names)];
  const isSeveral = unique.some((name) => name === asked || name.endsWith(`/${asked}`));
  const shown = unique.slice(0, 20).join(', ');
  return new Failure('invalid', isSeveral ? `several are called ${asked}` : `there is no ${asked}`, {
    hint:
      unique.length === 0
        ? 'there are no services'
        : isSeveral
          ? `one of ${shown}`
          : `there are ${shown}${unique.length > 20 ? ', ...' : ''}; and host, outside`,
  });
}

/** Which subnets are used, and how many more networks there is room for. */
export async function showSubnets(sight: Sight, format: ListFormat, context: Context): Promise<number> {
  const { report } = sight;
  const topology = (sight.observed ?? sight.declared).topology;
  const found = subnetsOf({ topology, hostSubnets: report?.hostSubnets, pools: report?.pools });
  if (format === 'json' || format === 'yaml') {
    await context.stdout.write(await renderDocument(format, found));
    return 0;
  }
  const { text } = renderTable(
    [
      { title: 'NETWORK', value: (row) => row.network },
      { title: 'STACK', value: (row) => row.stack ?? '-' },
      { title: 'SUBNET', value: (row) => row.subnet ?? 'chosen by the engine' },
      {
        title: 'USED',
        value: (row) => (row.addresses === undefined ? String(row.used) : `${row.used}/${row.addresses}`),
      },
      { title: 'OVERLAPS', value: (row) => (row.overlaps.length === 0 ? '-' : row.overlaps.join(', ')) },
    ],
    found.subnets,
  );
  const pools = renderTable(
    [
      { title: 'POOL', value: (row) => row.base },
      { title: 'SIZE', value: (row) => `/${row.size}` },
      { title: 'NETWORKS', value: (row) => String(row.networks) },
      { title: 'FREE', value: (row) => String(row.free) },
    ],
    found.pools,
  );
  const source = found.arePoolsConfigured ? 'as the engine is configured' : 'the engine’s own';
  const waiting = found.waiting === 0 ? '' : `, ${found.waiting} of them for networks that have none yet`;
  await context.stdout.write(
    `${text}\n${pools.text}\npools: ${source}; room for ${found.free} more networks${waiting}\n`,
  );
  return 0;
}
