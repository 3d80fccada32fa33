import { execFileSync } from 'node:child_process';
import { chmod, copyFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type InputOptions, type OutputOptions, type Plugin, rolldown } from 'rolldown';

/**
 * Puts each program, with the packages that it uses, into a few files: most of the time of a short command, and a third
 * of the daemon's memory, went into some hundred small ones. All lie in bin/, since workers, schemas and the probes'
 * program are found from there. They are CommonJS, which Node 20 loads faster.
 *
 *   tsx scripts/build.ts [DIRECTORY]    default dist
 */
const root = process.argv[2] ?? 'dist';
const directory = join(root, 'bin');

/** What packages can do and we never ask of them, as [who asks for it, what it is]. */
const LEFT_OUT: readonly (readonly [importer: string, source: string])[] = [
  // Commands that are programs of their own.
  ['/node_modules/commander/', 'node:child_process'],
  // Engines behind ssh://, which we refuse.
  ['/node_modules/docker-modem/', './ssh'],
  // BuildKit's sessions, with all of gRPC.
  ['/node_modules/dockerode/', './session'],
];

const input: InputOptions = {
  platform: 'node',
  // It looks for its own files beside its own source.
  external: ['pino'],
  checks: { ineffectiveDynamicImport: false },
  plugins: [withoutWhatIsLeftOut()],
};
const output: OutputOptions = {
  dir: directory,
  format: 'cjs',
  minify: true,
  // What a stack trace in the log is read by; lines are in the maps.
  keepNames: true,
  sourcemap: true,
};

await rm(root, { recursive: true, force: true });
await write(
  { ...input, input: { 'stackctl-main': 'src/bin/stackctl.ts' } },
  {
    ...output,
    chunkFileNames: 'stackctl-[name]-[hash].js',
    // One file for what every command loads.
    codeSplitting: { groups: [{ name: 'main', tags: ['$initial'] }] },
  },
);
await write(
  {
    ...input,
    input: ['stackctld', 'loader-worker', 'look-worker', 'event-worker'].map((name) => `src/bin/${name}.ts`),
  },
  // What the programs have in common is a file of its own, and would be run before what they import first.
  { ...output, chunkFileNames: 'stackctld-[name]-[hash].js', strictExecutionOrder: true },
);
await writeFile(join(root, 'package.json'), '{ "type": "commonjs" }\n');
await copyFile('src/engine/docker/probe-program.js', join(directory, 'probe-program.js'));
await copyFile('src/bin/precompiled.cjs', join(directory, 'stackctl.js'));
execFileSync(process.execPath, ['scripts/compile-ahead.cjs', join(directory, 'stackctl-main.js')]);
for (const program of ['stackctl.js', 'stackctld.js']) await chmod(join(directory, program), 0o755);

async function write(from: InputOptions, to: OutputOptions): Promise<void> {
  const bundle = await rolldown(from);
  await bundle.write(to);
  await bundle.close();
}

function withoutWhatIsLeftOut(): Plugin {
  const NOTHING = '\0nothing';
  return {
    name: 'without-what-is-left-out',
    resolveId: (source, importer) =>
      LEFT_OUT.some(([who, what]) => source === what && importer?.includes(who)) ? NOTHING : null,
    load: (id) => (id === NOTHING ? 'export default {}' : null),
  };
}
