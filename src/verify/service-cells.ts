import type { Member, PortRef } from '../isolation/topology.ts';
import { anyOf, judgeDirect, judgeHost, judgeName, judgePublished } from './judge.ts';
import {
  addressesOf,
  hostAddressesFor,
  isAnyAddress,
  isOnHost,
  ownerOf,
  type Places,
  publicationsOf,
} from './places.ts';
import { resultOf } from './probe-list.ts';
import {
  ask,
  declaredOf,
  end,
  findingOf,
  type PlannedCell,
  portsOf,
  type Survey,
  shownPort,
  sourceOf,
} from './survey.ts';

/** Whether one service reaches another, on each port that it is known to listen on, by whatever way. */
export function serviceCells(from: Member, to: Member, survey: Survey): PlannedCell[] {
  const { there, input, label } = survey;
  const addresses = addressesOf(there, to).map(({ address }) => address);
  const onHost = isOnHost(there, to);
  return portsOf(to).map((port) => {
    const question = { from: end(from), to: end(to), port };
    const own = (onHost ? [] : addresses).map((host) => ask(survey, sourceOf(from), host, port));
    const byHost = (onHost ? hostAddressesFor(there, from) : []).map((host) =>
      ask(survey, sourceOf(from), host, port),
    );
    const published = dialsOfPublished(from, to, port, there).map(({ host, hostPort }) =>
      ask(survey, sourceOf(from), host, { port: hostPort, protocol: port.protocol }),
    );
    return {
      kind: 'service',
      source: sourceOf(from),
      from: label(from),
      to: label(to),
      what: shownPort(to, port),
      declared: findingOf(declaredOf(survey, question.from, question.to, question.port)),
      observed: findingOf(input.observed.reach(question)),
      judge: (results) =>
        anyOf([
          ...own.map((each) => judgeDirect(each.where, each.protocol, resultOf(results, each.ticket))),
          ...byHost.map((each) => judgeHost(each.where, resultOf(results, each.ticket))),
          ...published.map((each) =>
            judgePublished(each.where, each.protocol, resultOf(results, each.ticket)),
          ),
        ]),
    };
  });
}

/** Where a container finds a port that another has published: the host's addresses on its own networks. */
function dialsOfPublished(from: Member, to: Member, port: PortRef, there: Places) {
  if (ownerOf(there, from) === ownerOf(there, to)) return [];
  return publicationsOf(there, to)
    .filter((each) => each.containerPort === port.port && each.protocol === port.protocol)
    .flatMap(({ hostIp, hostPort }) => {
      if (hostPort === undefined) return [];
      const isReachable = isAnyAddress(hostIp) || isOnHost(there, from);
      const hosts = isAnyAddress(hostIp) ? hostAddressesFor(there, from) : isReachable ? [hostIp] : [];
      return hosts.map((host) => ({ host, hostPort }));
    });
}

/** Under which names one service finds another, and under which it must not. */
export function nameCells(from: Member, to: Member, survey: Survey): PlannedCell[] {
  const { there, input, label } = survey;
  const owner = ownerOf(there, to);
  if (owner === undefined || ownerOf(there, from) === owner) return [];
  const targets = addressesOf(there, to).map(({ address }) => address);
  const declared = declaredOf(survey, end(from), end(to), undefined);
  const observed = input.observed.reach({ from: end(from), to: end(to) });
  const names = new Set([
    ...(declared?.names ?? []),
    ...observed.names,
    ...owner.attachments.flatMap(({ aliases }) => aliases),
  ]);
  return [...names].sort().map((name) => {
    const ticket = survey.probes.ask(sourceOf(from), { kind: 'name', name });
    return {
      kind: 'name',
      source: sourceOf(from),
      from: label(from),
      to: label(to),
      what: name,
      declared: declared === undefined ? 'unknown' : declared.names.includes(name) ? 'yes' : 'no',
      observed: observed.names.includes(name) ? 'yes' : 'no',
      judge: (results) => judgeName(name, targets, resultOf(results, ticket)),
    };
  });
}
