import type { ProbeResult } from '../model/probe.ts';
import type { Finding } from './report.ts';

/** What a probe says, as far as one can say it. */
export interface Judgement {
  readonly finding: Finding;
  readonly detail: string;
}

const UNKNOWN: Judgement = { finding: 'unknown', detail: 'not asked' };

/** Several tries at one thing: it is so when one of them says so, and not so when all that know say not. */
export function anyOf(judgements: readonly Judgement[]): Judgement {
  const yes = judgements.find(({ finding }) => finding === 'yes');
  if (yes !== undefined) return yes;
  return (
    judgements.find(({ finding }) => finding === 'unknown') ??
    (judgements.length === 0
      ? UNKNOWN
      : { finding: 'no', detail: judgements.map(({ detail }) => detail).join(', ') })
  );
}

/** Of a container's own address: who says that nothing listens has been reached. A silent UDP port says nothing. */
export function judgeDirect(where: string, protocol: string, result: ProbeResult | undefined): Judgement {
  if (result === undefined) return UNKNOWN;
  const detail = `${where} ${wordOf(result)}`;
  if (result.outcome === 'open' || result.outcome === 'refused') return { finding: 'yes', detail };
  const isSilent = protocol === 'udp' && result.outcome === 'timeout';
  return { finding: isSilent ? 'unknown' : 'no', detail };
}

/** Of a published port: it may be the host that says that nothing listens, so that says nothing of the container. */
export function judgePublished(where: string, protocol: string, result: ProbeResult | undefined): Judgement {
  const judged = judgeDirect(where, protocol, result);
  return result?.outcome === 'refused' ? { ...judged, finding: 'unknown' } : judged;
}

/** Of the host itself: its own firewall may well drop what the engine lets through. */
export function judgeHost(where: string, result: ProbeResult | undefined): Judgement {
  const judged = judgeDirect(where, 'tcp', result);
  return judged.finding === 'no' && result?.outcome === 'timeout'
    ? { finding: 'unknown', detail: `${judged.detail}; the host's firewall may drop it` }
    : judged;
}

/** A name leads somebody to a target when it stands for one of the target's addresses. */
export function judgeName(
  name: string,
  targets: readonly string[],
  result: ProbeResult | undefined,
): Judgement {
  if (result === undefined) return UNKNOWN;
  const found = result.addresses.filter((address) => targets.includes(address));
  if (found.length > 0) return { finding: 'yes', detail: `${name} is ${found.join(', ')}` };
  const isOther = result.addresses.length > 0;
  return {
    finding: 'no',
    detail: isOther ? `${name} is ${result.addresses.join(', ')}` : `${name} is unknown`,
  };
}

function wordOf({ outcome, detail }: ProbeResult): string {
  const words = { open: 'answered', refused: 'was reached', timeout: 'did not answer' } as const;
  const word = outcome in words ? words[outcome as keyof typeof words] : outcome;
  return detail === '' ? word : `${word} (${detail})`;
}
