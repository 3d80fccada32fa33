import { type ChildProcess, spawn } from 'node:child_process';
import { Failure } from '../../model/failure.ts';

/** A login as a helper tells it. Never logged, never shown. */
export interface HelperLogin {
  readonly username: string;
  readonly secret: string;
}

/** A helper may have to ask a service on the network; a person, whom a daemon has none of, is not waited for. */
const PATIENCE_MS = 20_000;
/** Tokens of cloud registries have a few kilobytes. */
const MAX_OUTPUT_BYTES = 256 * 1024;
/** How helpers say that they know no login, with an exit code of 1. */
const NOT_FOUND = /^credentials not found in native keychain\b/;

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/**
 * Asks `docker-credential-NAME` for the login of one registry: its address on stdin, JSON on stdout. Undefined when it
 * knows none. What the program printed is in no failure, since secrets may be in it.
 */
export async function askCredentialHelper(
  name: string,
  registry: string,
  patienceMs = PATIENCE_MS,
): Promise<HelperLogin | undefined> {
  const program = `docker-credential-${name}`;
  if (!/^[\w.-]+$/.test(name)) {
    throw failure(`the name of the credential helper for ${registry} is no program's`, {
      hint: "correct credHelpers or credsStore in docker's config.json",
    });
  }
  const { code, output } = await run(program, registry, patienceMs);
  if (code === 0) return parseLogin(program, registry, output);
  if (NOT_FOUND.test(output.trim())) return undefined;
  throw failure(`credential helper ${program} failed for ${registry} (exit code ${code ?? 'none'})`, {
    hint: `try: echo ${registry} | ${program} get, as the user and with the environment of stackctld`,
  });
}

/** Runs it without a shell, in a process group of its own, so that nothing of it outlives its time. */
function run(program: string, registry: string, patienceMs: number): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, ['get'], { stdio: ['pipe', 'pipe', 'ignore'], detached: true });
    const end = (settle: () => void) => {
      clearTimeout(impatience);
      killGroup(child);
      settle();
    };
    const impatience = setTimeout(() => {
      const late = failure(
        `credential helper ${program} did not answer for ${registry} in ${patienceMs / 1000} s`,
        {
          hint: 'it must work without a terminal, a desktop or a question',
        },
      );
      end(() => reject(late));
    }, patienceMs);
    const chunks: Buffer[] = [];
    let bytes = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= MAX_OUTPUT_BYTES) chunks.push(chunk);
      else end(() => reject(failure(`credential helper ${program} answers more than any login has`)));
    });
    // One that ends without reading: its exit code says more.
    child.stdin.on('error', () => {});
    child.stdin.end(`${registry}\n`);
    child.once('error', (cause) => end(() => reject(cannotRun(program, registry, cause))));
    child.once('close', (code) =>
      end(() => resolve({ code, output: Buffer.concat(chunks).toString('utf8') })),
    );
  });
}

function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // Everything of it has ended.
  }
}

function parseLogin(program: string, registry: string, output: string): HelperLogin {
  try {
    const answer = JSON.parse(output) as { Username?: unknown; Secret?: unknown } | null;
    if (typeof answer?.Username === 'string' && typeof answer.Secret === 'string') {
      return { username: answer.Username, secret: answer.Secret };
    }
  } catch {
    // The parser's words would quote what was printed.
  }
  throw failure(`credential helper ${program} did not answer with a login for ${registry}`, {
    hint: 'it must print JSON with Username and Secret',
  });
}

function cannotRun(program: string, registry: string, cause: Error): Failure {
  const { code } = cause as NodeJS.ErrnoException;
  return failure(`credential helper ${program} for ${registry} cannot be run (${code ?? 'unknown error'})`, {
    hint:
      code === 'ENOENT'
        ? `install ${program} into the PATH of stackctld, or take it out of docker's config.json`
        : `is ${program} a program that stackctld's user may run`,
  });
}

const failure = (message: string, more: { readonly hint?: string } = {}): Failure =>
  new Failure('refused', message, more);
