import type { Behaviour } from './objects.ts';

/**
 * What a simulated process understands of its command: traps and an end after a while, as
 * `trap 'exit 42' TERM USR1; ...` and `sleep 0.2; exit 3`, and a program that no image has, `/nowhere`.
 */
export function processOf(command: readonly string[], healthTest: readonly string[] | undefined): Behaviour {
  const script = command.join(' ');
  const exit = /\bsleep ([\d.]+); exit (\d+)$/.exec(script);
  const isNowhere = command[0] === '/nowhere';
  return {
    ...(exit === null ? {} : { exit: { afterMs: Number(exit[1]) * 1000, code: Number(exit[2]) } }),
    ...(isNowhere
      ? { startError: `${RUNC}: exec: "/nowhere": stat /nowhere: no such file or directory` }
      : {}),
    ...(healthTest?.at(-1) === 'false' ? { unhealthyAfterMs: 0 } : {}),
  };
}

const RUNC =
  'failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process';

/** Exit codes by signal: `trap 'exit 42' TERM USR1`. */
export function trapsOf(command: readonly string[]): ReadonlyMap<string, number> {
  const traps = command.join(' ').matchAll(/trap 'exit (\d+)' ([A-Z0-9 ]+)/g);
  return new Map(
    [...traps].flatMap(([, code, signals = '']) =>
      signals
        .trim()
        .split(' ')
        .map((signal): [string, number] => [signal, Number(code)]),
    ),
  );
}
