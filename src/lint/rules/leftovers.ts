import { isDatabase } from '../databases.ts';
import { inServices, type LintRule, type Owner, spotIf } from '../rule.ts';

/** A rule about what is declared and not used. */
function unusedRule(kind: Exclude<Owner['kind'], 'services'>, one: string): LintRule {
  return {
    id: `unused-${one}`,
    severity: 'warning',
    category: 'style',
    title: `a ${one} that no service uses`,
    reason: 'It is not made, so it is either left over, or a service was meant to have it.',
    fix: 'take it away, or name it where it is meant to be',
    check: ({ unused }) =>
      unused
        .filter((path) => path.startsWith(`${kind}.`))
        .map((path) => {
          const name = path.slice(kind.length + 1);
          return { path, message: `no service uses the ${one} ${name}`, owner: { kind, name } };
        }),
  };
}

const anonymous: LintRule = {
  id: 'anonymous-volume',
  severity: 'warning',
  category: 'reliability',
  title: 'a volume without a name',
  reason: 'Nobody knows what is in it. docker compose makes a new one with each docker compose down and up.',
  fix: 'give it a name: volumes: ["data:/var/lib/data"]; or use tmpfs for what may be lost',
  check: (input) =>
    inServices(input, ({ service, at }) =>
      (service.volumes ?? []).map(({ type, source, target }, index) =>
        spotIf(
          type === 'volume' && source === undefined,
          `${at}.volumes[${index}]`,
          `the volume at ${target} has no name`,
        ),
      ),
    ),
};

const noVolume: LintRule = {
  id: 'database-without-volume',
  severity: 'warning',
  category: 'reliability',
  title: 'a database without a volume',
  reason:
    'What it holds lies in the container, or in a volume without a name, and is not found again after the next change.',
  fix: 'mount a named volume where the image keeps its data',
  check: (input) =>
    inServices(input, ({ service, at }) => {
      const isCache = /memcached/.test(service.image ?? '');
      const mounts =
        (service.volumes ?? []).length + (service.tmpfs ?? []).length + (service.volumes_from ?? []).length;
      return [
        spotIf(
          isDatabase(service) && !isCache && mounts === 0,
          `${at}.volumes`,
          'its data is lost with its container',
        ),
      ];
    }),
};

/** What is kept, what is lost, and what nobody needs. */
export const leftoverRules: readonly LintRule[] = [
  anonymous,
  noVolume,
  unusedRule('networks', 'network'),
  unusedRule('volumes', 'volume'),
  unusedRule('configs', 'config'),
  unusedRule('secrets', 'secret'),
];
