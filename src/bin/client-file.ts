import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { EndpointNames } from '../cli/endpoint.ts';
import { UsageError } from '../cli/option.ts';
import { formatPosition } from '../model/problem.ts';

/**
 * What the client's file says: `STACKCTL_CLIENT_CONFIG`, else `stackctl/client.yaml` in `XDG_CONFIG_HOME` or
 * `~/.config`, where there is one. Throws `UsageError` with everything that is wrong with it.
 */
export async function readClientFile(env: NodeJS.ProcessEnv): Promise<EndpointNames> {
  const named = env['STACKCTL_CLIENT_CONFIG'] || undefined;
  const configHome = env['XDG_CONFIG_HOME'] || join(homedir(), '.config');
  const file = resolve(named ?? join(configHome, 'stackctl/client.yaml'));
  if (named === undefined && !existsSync(file)) return {};
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (thrown) {
    throw new UsageError(
      `the client's file ${file} cannot be read: ${(thrown as NodeJS.ErrnoException).code}`,
    );
  }
  const { parseClientFile } = await import('../settings/client-file.ts');
  const { values, problems } = parseClientFile(file, text);
  if (problems.length > 0) {
    const lines = problems.map(({ at, path, message }) =>
      [formatPosition(at), path, message].filter((part) => part !== undefined).join(': '),
    );
    throw new UsageError(lines.join('\n'), problems[0]?.hint);
  }
  const place = (path: string | undefined) => (path === undefined ? undefined : resolve(dirname(file), path));
  const { host, socket, tokenFile, certificateAuthority } = values;
  return {
    host,
    socket: place(socket),
    tokenFile: place(tokenFile),
    certificateAuthority: place(certificateAuthority),
  };
}
