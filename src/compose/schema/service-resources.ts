import { flag, number, size, text, whole, wholeSize } from './forms.ts';
import { blkioSchema, gpusSchema, ulimits } from './limits.ts';

/** What of a service concerns how much of the host it may use. */
export const resourceFields = {
  cpus: number('How many CPUs a container may use; 0.5 is half of one.'),
  cpu_shares: number('Share of the CPUs compared with other containers.'),
  cpu_quota: number('Microseconds of CPU time in each cpu_period.'),
  cpu_period: number('The period of cpu_quota in microseconds.'),
  cpu_rt_runtime: number('Microseconds of real-time scheduling in each cpu_rt_period.'),
  cpu_rt_period: number('The period of cpu_rt_runtime in microseconds.'),
  cpu_count: whole('Windows only.', { min: 0 }),
  cpu_percent: whole('Windows only.', { min: 0, max: 100 }),
  cpuset: text('The CPUs a container may run on: 0-3 or 0,1.'),
  mem_limit: size('How much memory a container may use.'),
  mem_reservation: wholeSize('The memory a container is meant to keep when memory is short.'),
  mem_swappiness: whole('How readily memory is swapped out: 0 to 100.'),
  memswap_limit: size('Memory and swap together; -1 is no limit.'),
  oom_kill_disable: flag('Does not kill the container when memory runs out.'),
  oom_score_adj: whole('How readily the container is killed when memory runs out: -1000 to 1000.', {
    min: -1000,
    max: 1000,
  }),
  pids_limit: number('How many processes a container may have; -1 is no limit.'),
  shm_size: size('The size of /dev/shm.'),
  ulimits: ulimits('Limits of the processes: a number, or a map with soft and hard.'),
  blkio_config: blkioSchema,
  gpus: gpusSchema,
};
