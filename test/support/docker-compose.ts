import { spawnSync } from 'node:child_process';
import { type Ran, run } from './stackctld.ts';

/** What runs docker compose, with its version; or why nothing does. */
export type FoundCompose =
  | { readonly command: readonly [string, ...string[]]; readonly version: string }
  | { readonly missing: string };

/** The binary that STACKCTL_TEST_COMPOSE names, else the plugin of the docker command. */
export function findDockerCompose(): FoundCompose {
  const named = process.env['STACKCTL_TEST_COMPOSE'];
  const command: readonly [string, ...string[]] =
    named === undefined || named === '' ? ['docker', 'compose'] : [named];
  const [program, ...words] = command;
  const { status, stdout } = spawnSync(program, [...words, 'version', '--short'], { encoding: 'utf8' });
  const version = stdout?.trim().replace(/^v/, '') ?? '';
  if (status === 0 && /^[2-9]\d*\./.test(version)) return { command, version };
  return {
    missing: `${command.join(' ')} is no docker compose 2 (STACKCTL_TEST_COMPOSE may name its binary)`,
  };
}

/** Runs docker compose on an engine, with no project of its own. */
export function dockerCompose(
  command: readonly [string, ...string[]],
  engineHost: string,
  argv: readonly string[],
): Promise<Ran> {
  const [program, ...words] = command;
  const { PATH, HOME } = process.env;
  return run(program, [...words, ...argv], { cwd: '/', env: { PATH, HOME, DOCKER_HOST: engineHost } });
}
