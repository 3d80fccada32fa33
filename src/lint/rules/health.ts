import type { ComposeService } from '../../compose/model.ts';
import { dockerfileOf, inherited } from '../dockerfile.ts';
import { imageName } from '../image-name.ts';
import { inServices, jobsOf, type LintFiles, type LintRule, spotIf } from '../rule.ts';

/** Whether a service says, or its Dockerfile does, how it is found healthy. */
function isChecked(service: ComposeService, files: LintFiles): boolean {
  if (service.healthcheck !== undefined && !isOff(service)) return true;
  const dockerfile = dockerfileOf(service, files);
  if (dockerfile === undefined || isOff(service)) return false;
  const found = inherited(dockerfile, dockerfile.last, ({ name }) => name === 'HEALTHCHECK');
  return found !== undefined && !/^NONE\b/i.test(found.text);
}

const isOff = ({ healthcheck }: ComposeService): boolean =>
  healthcheck?.disable === true || healthcheck?.test?.[0] === 'NONE';

/** Longer ones are looked at up to here. */
const MAX_LINE = 5000;

/** The command of a healthcheck as one line. */
const lineOf = ({ healthcheck }: ComposeService): string =>
  (healthcheck?.test ?? []).slice(1).join(' ').slice(0, MAX_LINE);

const missing: LintRule = {
  id: 'no-healthcheck',
  severity: 'warning',
  category: 'reliability',
  title: 'no healthcheck',
  reason:
    'A program that hangs looks as if it ran: nothing restarts it, nobody can wait for it, and a rollout takes a broken version for a good one.',
  fix: 'add healthcheck: {test: [CMD, curl, -fsS, "http://127.0.0.1:8000/health"], interval: 30s}',
  check: (input) => {
    const jobs = jobsOf(input.project);
    return inServices(input, ({ service, at, name }) => [
      spotIf(
        !isOff(service) && !jobs.has(name) && !isChecked(service, input.files),
        `${at}.healthcheck`,
        'nothing tells whether it works',
      ),
    ]);
  },
};

const disabled: LintRule = {
  id: 'healthcheck-disabled',
  severity: 'warning',
  category: 'reliability',
  title: 'a healthcheck is turned off',
  reason: 'The image knows how to find out whether the program works, and nobody asks.',
  fix: 'take disable away, or write a test that fits',
  check: (input) =>
    inServices(input, ({ service, at }) => [
      spotIf(isOff(service), `${at}.healthcheck`, 'the healthcheck is turned off'),
    ]),
};

const alwaysPasses: LintRule = {
  id: 'healthcheck-always-passes',
  severity: 'warning',
  category: 'reliability',
  title: 'a healthcheck that cannot fail',
  reason: 'Whatever happens, the container is called healthy.',
  fix: 'let the command end with something other than 0 when the program does not work',
  check: (input) =>
    inServices(input, ({ service, at }) => [
      spotIf(
        !isOff(service) &&
          /(\|\|\s*(true|:|exit 0)|;\s*(true|exit 0))\s*;?\s*$|^(true|exit 0|:)$/.test(
            lineOf(service).trim(),
          ),
        `${at}.healthcheck.test`,
        'it passes whatever happens',
      ),
    ]),
};

const curlWithoutFail: LintRule = {
  id: 'healthcheck-curl-without-fail',
  severity: 'warning',
  category: 'reliability',
  title: 'a healthcheck by curl that takes errors for success',
  reason: 'Without -f curl ends with 0 when the server answers 500.',
  fix: 'add -f: curl -fsS http://127.0.0.1:8000/health',
  check: (input) =>
    inServices(input, ({ service, at }) => {
      const [, rest] = /\bcurl\s([^|;&]*)/.exec(lineOf(service)) ?? [];
      const isLenient =
        rest !== undefined && !/(^|\s)(-[a-zA-Z]*f|--fail)/.test(rest) && !/http_code/.test(rest);
      const isUsed = /\|[^|]/.test(lineOf(service)) || /\$\(|`/.test(lineOf(service));
      return [
        spotIf(
          isLenient && !isUsed,
          `${at}.healthcheck.test`,
          'curl without -f takes an answer of 500 for success',
        ),
      ];
    }),
};

const withoutShell: LintRule = {
  id: 'healthcheck-without-shell',
  severity: 'warning',
  category: 'reliability',
  title: 'a healthcheck by a shell that the image does not have',
  reason: 'The check fails each time, and the container never turns healthy.',
  fix: 'call a program of the image itself: test: [CMD, /app/server, --health]',
  check: (input) =>
    inServices(input, ({ service, at }) => {
      const { image = '', healthcheck } = service;
      const { base, tag = '' } = imageName(image);
      const hasNoShell = /distroless/.test(image) || /^(scratch|static|static-debian\d+)$/.test(base);
      const isByShell = healthcheck?.test?.[0] === 'CMD-SHELL' && !/debug|shell/.test(tag);
      return [spotIf(hasNoShell && isByShell, `${at}.healthcheck.test`, `${base} has no shell`)];
    }),
};

const startedOnly: LintRule = {
  id: 'depends-on-without-condition',
  severity: 'warning',
  category: 'reliability',
  title: 'a service does not wait until what it needs is healthy',
  reason:
    'In the short form only the start of the container is waited for, and the program in it is not ready yet.',
  fix: 'write depends_on: {db: {condition: service_healthy}}; or condition: service_started, when that is meant',
  check: (input) =>
    inServices(input, ({ service, at }) =>
      Object.entries(service.depends_on ?? {}).map(([name, { condition }]) => {
        const path = `${at}.depends_on.${name}`;
        const other = input.project.services[name];
        const place = input.locate(`${path}.condition`);
        const isWritten = place !== undefined && /^["']?service_started/.test(input.textFrom(place));
        const isMeant = condition !== 'service_started' || isWritten;
        return spotIf(
          !isMeant && other !== undefined && isChecked(other, input.files),
          path,
          `${name} has a healthcheck, and only its start is waited for`,
        );
      }),
    ),
};

const neverHealthy: LintRule = {
  id: 'waits-for-no-healthcheck',
  severity: 'warning',
  category: 'reliability',
  title: 'a service waits for the health of one that is not checked',
  reason: 'Unless the image brings a healthcheck, the wait never ends.',
  fix: 'give that service a healthcheck',
  check: (input) =>
    inServices(input, ({ service, at }) =>
      Object.entries(service.depends_on ?? {}).map(([name, { condition }]) => {
        const other = input.project.services[name];
        return spotIf(
          condition === 'service_healthy' && other !== undefined && !isChecked(other, input.files),
          `${at}.depends_on.${name}`,
          `${name} has no healthcheck here`,
        );
      }),
    ),
};

/** How it is known that a service works, and who waits for that. */
export const healthRules: readonly LintRule[] = [
  missing,
  disabled,
  alwaysPasses,
  curlWithoutFail,
  withoutShell,
  startedOnly,
  neverHealthy,
];
