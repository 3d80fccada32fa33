import type { ComposeService } from '../../compose/model.ts';
import { inServices, jobsOf, type LintRule, spotIf } from '../rule.ts';

const limitsOf = ({ deploy }: ComposeService) => deploy?.resources?.limits;

const memory: LintRule = {
  id: 'no-memory-limit',
  severity: 'warning',
  category: 'reliability',
  title: 'no limit of memory',
  reason: 'A leak takes the memory of the whole host, and the kernel ends whatever it likes.',
  fix: 'add deploy.resources.limits.memory: 512M, or mem_limit: 512m',
  check: (input) =>
    inServices(input, ({ service, at }) => [
      spotIf(
        (service.mem_limit ?? limitsOf(service)?.memory) === undefined,
        `${at}.mem_limit`,
        'it may use all memory of the host',
      ),
    ]),
};

const cpus: LintRule = {
  id: 'no-cpu-limit',
  severity: 'warning',
  category: 'reliability',
  title: 'no limit of CPU time',
  reason: 'One busy container takes the time of all others.',
  fix: 'add deploy.resources.limits.cpus: "0.5", or cpus: 0.5',
  check: (input) =>
    inServices(input, ({ service, at }) => {
      const given = [
        service.cpus,
        limitsOf(service)?.cpus,
        service.cpu_quota,
        service.cpu_count,
        service.cpu_percent,
        service.cpuset,
      ];
      return [
        spotIf(
          given.every((each) => each === undefined),
          `${at}.cpus`,
          'it may use all processors of the host',
        ),
      ];
    }),
};

const pids: LintRule = {
  id: 'no-pids-limit',
  severity: 'info',
  category: 'reliability',
  title: 'no limit of processes',
  reason:
    'A program that starts more and more processes stops the whole host, where no new one can be started any more.',
  fix: 'add pids_limit: 100, or deploy.resources.limits.pids: 100',
  check: (input) =>
    inServices(input, ({ service, at }) => [
      spotIf(
        (service.pids_limit ?? limitsOf(service)?.pids) === undefined,
        `${at}.pids_limit`,
        'it may start any number of processes',
      ),
    ]),
};

const restart: LintRule = {
  id: 'no-restart-policy',
  severity: 'warning',
  category: 'reliability',
  title: 'no restart policy',
  reason: 'After a crash, and after a reboot of the host, the engine leaves the container as it is.',
  fix: 'add restart: unless-stopped; for a job that ends, write restart: "no"',
  check: (input) => {
    const jobs = jobsOf(input.project);
    return inServices(input, ({ service, at, name }) => {
      const isGiven = service.restart !== undefined || service.deploy?.restart_policy !== undefined;
      return [
        spotIf(!isGiven && !jobs.has(name), `${at}.restart`, 'it stays away after a crash or a reboot'),
      ];
    });
  },
};

const jobRestarts: LintRule = {
  id: 'job-restarts-for-ever',
  severity: 'error',
  category: 'reliability',
  title: 'a job that is started again when it is through',
  reason: 'Others wait until it has ended, and the engine starts it again each time it has.',
  fix: 'write restart: "no", or on-failure',
  check: (input) => {
    const jobs = jobsOf(input.project);
    return inServices(input, ({ service, at, name }) => [
      spotIf(
        jobs.has(name) && ['always', 'unless-stopped'].includes(service.restart ?? ''),
        `${at}.restart`,
        'others wait for its end, and it is started again each time',
      ),
    ]);
  },
};

/** Drivers that keep what is written for ever unless they are told otherwise. */
const GROWING: readonly string[] = ['', 'json-file'];

const logs: LintRule = {
  id: 'no-log-rotation',
  severity: 'warning',
  category: 'reliability',
  title: 'the log grows without end',
  reason: 'Docker keeps all that a container writes, until the disk is full.',
  fix: 'add logging: {driver: json-file, options: {max-size: 10m, max-file: "3"}}, or use the driver local',
  reference: 'https://docs.docker.com/engine/logging/configure/',
  check: (input) =>
    inServices(input, ({ service, at }) => [
      spotIf(
        GROWING.includes(service.logging?.driver ?? '') &&
          service.logging?.options?.['max-size'] === undefined,
        `${at}.logging`,
        'its log is kept until the disk is full',
      ),
    ]),
};

/** What a container may use up, and what becomes of it when it ends. */
export const limitRules: readonly LintRule[] = [memory, cpus, pids, restart, jobRestarts, logs];
