import { showId } from '../isolation/say.ts';
import type { Member } from '../isolation/topology.ts';
import { gatewayCells, hostCells, publishedCells } from './host-cells.ts';
import { placesOf } from './places.ts';
import { ProbeList } from './probe-list.ts';
import { nameCells, serviceCells } from './service-cells.ts';
import { type PlannedCell, type Survey, sourceOf, type VerifyInput, type VerifyPlan } from './survey.ts';
import { waysOut } from './ways-out.ts';

/** Which cells there are, and what has to be probed for them. */
export function planVerification(input: VerifyInput): VerifyPlan {
  const there = placesOf(input.observed.topology);
  const ours = new Set(input.ours);
  const members = there.topology.members.filter(({ stack }) => stack !== undefined && ours.has(stack));
  const survey: Survey = {
    input,
    there,
    probes: new ProbeList(),
    running: members.filter(({ state, containerId }) => state === 'running' && containerId !== undefined),
    label: ({ id }) => showId(id),
  };
  const isMeant = (member: Member) => member.stack !== undefined && input.stacks.includes(member.stack);
  const pairs = survey.running.flatMap((from) =>
    survey.running
      .filter((to) => to !== from && (isMeant(from) || isMeant(to)))
      .map((to) => [from, to] as const),
  );
  const meant = survey.running.filter(isMeant);
  const cells = [
    ...pairs.flatMap(([from, to]) => [...serviceCells(from, to, survey), ...nameCells(from, to, survey)]),
    ...meant.flatMap((member) => [
      ...hostCells(member, survey),
      ...publishedCells(member, survey),
      ...gatewayCells(member, survey),
      ...waysOut(member, survey),
    ]),
    ...guestCells(survey),
  ];
  return { cells, probes: survey.probes, skipped: skippedOf(input, members, survey) };
}

function skippedOf(input: VerifyInput, members: readonly Member[], { running, label }: Survey): string[] {
  const stopped = members.filter(
    (member) =>
      !running.includes(member) && member.stack !== undefined && input.stacks.includes(member.stack),
  );
  const known = new Set(members.map(({ id }) => id));
  const missing = input.declared.topology.members.filter(
    ({ id, stack }) => stack !== undefined && input.stacks.includes(stack) && !known.has(id),
  );
  return [
    ...stopped.map((member) => `${label(member)}: it does not run`),
    ...missing.map((member) => `${label(member)}: it is not on the engine`),
  ];
}

/** Somebody else's containers on networks of the stacks: no manifest says so, and they reach whoever is there. */
function guestCells({ input, there }: Survey): PlannedCell[] {
  const isOurs = ({ stack }: Member) => stack !== undefined && input.ours.includes(stack);
  return there.topology.members
    .filter((member) => !isOurs(member) && member.state === 'running')
    .flatMap((guest) =>
      guest.attachments.flatMap(({ network }): PlannedCell[] => {
        const { stack } = there.networks.get(network) ?? {};
        const isMeant = stack !== undefined && input.stacks.includes(stack);
        return isMeant
          ? [
              {
                kind: 'guest',
                source: sourceOf(guest),
                from: guest.name,
                to: stack,
                what: `network ${network}`,
                declared: 'no',
                observed: 'yes',
                judge: () => ({ finding: 'unknown', detail: 'no manifest attaches it' }),
              },
            ]
          : [];
      }),
    );
}
