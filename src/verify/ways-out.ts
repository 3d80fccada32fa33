import type { Member } from '../isolation/topology.ts';
import type { Endpoint } from '../isolation/verdict.ts';
import { type Judgement, judgeDirect } from './judge.ts';
import { isOnHost, ownerOf, type Places } from './places.ts';
import { resultOf } from './probe-list.ts';
import { declaredOf, end, findingOf, type PlannedCell, type Survey, sourceOf } from './survey.ts';

const OUTSIDE: Endpoint = { kind: 'outside' };

/** Whether a service gets out: by its default route, and with somewhere to try by trying. */
export function waysOut(from: Member, survey: Survey): PlannedCell[] {
  const { input, there, probes, label } = survey;
  if (isOnHost(there, from)) return [];
  const route = probes.ask(sourceOf(from), { kind: 'route', family: 4 });
  const { outside } = input;
  const tried = outside === undefined ? undefined : probes.ask(sourceOf(from), { kind: 'tcp', ...outside });
  return [
    {
      kind: 'outside',
      source: sourceOf(from),
      from: label(from),
      to: 'outside',
      what: outside === undefined ? 'default route' : `${outside.host}:${outside.port}`,
      declared: findingOf(declaredOf(survey, end(from), OUTSIDE, undefined)),
      observed: findingOf(input.observed.reach({ from: end(from), to: OUTSIDE })),
      judge: (results) =>
        tried !== undefined && outside !== undefined
          ? judgeDirect(`${outside.host}:${outside.port}`, 'tcp', resultOf(results, tried))
          : judgeRoute(from, there, resultOf(results, route)),
    },
  ];
}

/**
 * No route, no way out. A route may still lead nowhere: 20.10 gives one to containers of internal networks and drops what
 * comes along it, and a network without masquerade has no way back. Of those the route says nothing.
 */
function judgeRoute(from: Member, there: Places, result: ReturnType<typeof resultOf>): Judgement {
  if (result === undefined) return { finding: 'unknown', detail: 'not asked' };
  if (result.outcome === 'no-route') return { finding: 'no', detail: 'it has no default route' };
  const networks = (ownerOf(there, from)?.attachments ?? []).flatMap(
    ({ network }) => there.networks.get(network) ?? [],
  );
  const by = networks.find(({ gateways }) => result.addresses.some((gateway) => gateways.includes(gateway)));
  const detail = `its default route leads to ${result.addresses.join(', ') || 'an interface'}`;
  const leadsOut = by?.driver === 'bridge' && !by.internal && by.masquerade && by.gatewayMode4 !== 'routed';
  return { finding: leadsOut ? 'yes' : 'unknown', detail };
}
