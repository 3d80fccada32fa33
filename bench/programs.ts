import { spawn } from 'node:child_process';

/** How long a program takes from its start to its end, in ms. Throws when it fails. */
export function measureProcess(
  argv: readonly string[],
  more: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<number> {
  const [command = '', ...words] = argv;
  const { DOCKER_HOST: _host, NODE_OPTIONS: _options, STACKCTL_SOCKET: _socket, ...usual } = process.env;
  return new Promise((resolve, reject) => {
    const startedMs = performance.now();
    const child = spawn(command, words, {
      stdio: ['ignore', 'ignore', 'pipe'],
      cwd: more.cwd,
      env: { ...usual, ...more.env },
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    child.once('error', reject);
    child.once('exit', (code) => {
      const tookMs = performance.now() - startedMs;
      if (code === 0) resolve(tookMs);
      else reject(new Error(`${argv.join(' ')} ended with ${code}: ${said}`));
    });
  });
}

/** How long something takes, in ms. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}
