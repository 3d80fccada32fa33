import './without-debug.ts';

import { connectTo } from '../cli/connect.ts';
import { runCli } from '../cli/run.ts';
import { readClientFile } from './client-file.ts';

const interrupt = new AbortController();
process.once('SIGINT', () => interrupt.abort());
process.once('SIGTERM', () => interrupt.abort());

// Never rejects. No `await` here: the programs are built as CommonJS, which loads faster and has none.
void runCli({
  argv: process.argv.slice(2),
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: process.stdin,
  env: process.env,
  cwd: process.cwd(),
  connect: async ({ endpoint, direct, signal }) => {
    if (!direct) return connectTo(endpoint);
    // Only here, since a command that talks to a daemon needs none of the controller.
    const { connectDirectly } = await import('./direct.ts');
    return connectDirectly(process.env, signal);
  },
  clientFile: () => readClientFile(process.env),
  // Here, since most commands leave it to the daemon to understand manifests.
  loader: {
    load: async (request) => (await import('./local-loader.ts')).loadManifests(request),
    loadUnfilled: async (request) => (await import('./local-loader.ts')).loadUnfilledManifests(request),
    lint: async (request) => (await import('./local-lint.ts')).lintManifests(request),
    lintRules: async () => (await import('./local-lint.ts')).lintRules(),
    loadNetworking: async (requests, apiVersion) =>
      (await import('./local-loader.ts')).loadNetworking(requests, apiVersion),
  },
  now: () => Date.now(),
  signal: interrupt.signal,
}).then((code) => {
  process.exitCode = code;
});
