import type { Member, Publication } from '../isolation/topology.ts';
import type { Verdict } from '../isolation/verdict.ts';
import { anyOf, judgeDirect, judgeHost, judgePublished } from './judge.ts';
import {
  addressesOf,
  hostAddressesFor,
  isAnyAddress,
  isLoopback,
  ownerOf,
  publicationsOf,
} from './places.ts';
import { HOST, resultOf } from './probe-list.ts';
import type { Finding } from './report.ts';
import {
  ask,
  declaredOf,
  end,
  findingOf,
  HOST_END,
  type PlannedCell,
  portsOf,
  SOME_PORT,
  type Survey,
  shownPort,
  sourceOf,
} from './survey.ts';

/** The host reaches a container by its own address, whatever is published. */
export function hostCells(to: Member, survey: Survey): PlannedCell[] {
  const { there, input, label } = survey;
  if (ownerOf(there, to) === undefined) return [];
  const addresses = addressesOf(there, to).map(({ address }) => address);
  return portsOf(to).map((port) => {
    const direct = (verdict: Verdict | undefined): Finding =>
      verdict === undefined ? 'unknown' : verdict.ways.some(({ via }) => via === 'direct') ? 'yes' : 'no';
    const tries = addresses.map((host) => ask(survey, HOST, host, port));
    const question = { from: HOST_END, to: end(to), port };
    return {
      kind: 'host',
      source: HOST,
      from: HOST,
      to: label(to),
      what: shownPort(to, port),
      declared: direct(declaredOf(survey, HOST_END, end(to), question.port)),
      observed: direct(input.observed.reach(question)),
      judge: (results) =>
        anyOf(tries.map((each) => judgeDirect(each.where, each.protocol, resultOf(results, each.ticket)))),
    };
  });
}

/** By an address and a port of the host. One that the engine chose is not declared by its number. */
export function publishedCells(to: Member, survey: Survey): PlannedCell[] {
  const { there, input, label } = survey;
  if (ownerOf(there, to) !== there.members.get(to.id)) return [];
  const wanted = input.declared.topology.members.find(({ id }) => id === to.id);
  const seen = publicationsOf(there, to).filter(({ hostPort }) => hostPort !== undefined);
  const missing = (wanted?.publications ?? []).filter(
    (each) => each.hostPort !== undefined && !seen.some((other) => isSamePublication(each, other)),
  );
  return [...seen, ...missing].map((each) => {
    const isSeen = seen.includes(each);
    const isWanted = wanted?.publications.some((other) => isSamePublication(other, each));
    const host = isAnyAddress(each.hostIp) ? (each.hostIp === '::' ? '::1' : '127.0.0.1') : each.hostIp;
    const tried = ask(survey, HOST, host, { port: each.hostPort ?? 0, protocol: each.protocol });
    return {
      kind: 'published',
      source: HOST,
      from: HOST,
      to: label(to),
      what: `${each.hostIp === '' ? '0.0.0.0' : each.hostIp}:${each.hostPort} -> ${each.containerPort}/${each.protocol}`,
      declared: isWanted === undefined ? 'unknown' : isWanted ? 'yes' : 'no',
      observed: isSeen ? 'yes' : 'no',
      judge: (results) => judgePublished(tried.where, tried.protocol, resultOf(results, tried.ticket)),
    };
  });
}

/** Without a number in the manifest any number will do; without an address it is every address of either family. */
function isSamePublication(one: Publication, other: Publication): boolean {
  const isSameIp = one.hostIp === other.hostIp || (isAnyAddress(one.hostIp) && isAnyAddress(other.hostIp));
  const isSamePort =
    one.hostPort === undefined || other.hostPort === undefined || one.hostPort === other.hostPort;
  return (
    isSameIp && isSamePort && one.containerPort === other.containerPort && one.protocol === other.protocol
  );
}

/** A service reaches the host by its address on any of the service's networks. */
export function gatewayCells(from: Member, survey: Survey): PlannedCell[] {
  const { there, input, label } = survey;
  const tries = hostAddressesFor(there, from)
    .filter((host) => !isLoopback(host))
    .map((host) => ask(survey, sourceOf(from), host, SOME_PORT));
  if (tries.length === 0) return [];
  return [
    {
      kind: 'gateway',
      source: sourceOf(from),
      from: label(from),
      to: HOST,
      what: '',
      declared: findingOf(declaredOf(survey, end(from), HOST_END, undefined)),
      observed: findingOf(input.observed.reach({ from: end(from), to: HOST_END })),
      judge: (results) => anyOf(tries.map((each) => judgeHost(each.where, resultOf(results, each.ticket)))),
    },
  ];
}
