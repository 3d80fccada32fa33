import { type LoadedProject, loadProject } from '../../../src/compose/load.ts';
import type { Files } from '../../../src/model/files.ts';

/** Files that exist only in a test, by absolute path. */
export function inMemory(contents: Readonly<Record<string, string>>): Files {
  return {
    readText: (path) => {
      const text = contents[path];
      return text === undefined
        ? { ok: false, reason: 'missing', message: 'no such file' }
        : { ok: true, text };
    },
    digestFile: () => undefined,
    digestContext: () => undefined,
    kind: (path) => (contents[path] === undefined ? 'missing' : 'file'),
    realPath: (path) => path,
  };
}

/** Loads `/stack/compose.yaml` (several texts: laid over each other), with other files beside it. */
export function load(
  text: string | readonly string[],
  options: {
    readonly files?: Readonly<Record<string, string>>;
    readonly environment?: Readonly<Record<string, string>>;
    readonly profiles?: readonly string[];
    readonly name?: string;
  } = {},
): LoadedProject {
  const texts = typeof text === 'string' ? [text] : text;
  return loadProject(
    {
      name: options.name ?? 'demo',
      projectDirectory: '/stack',
      inputs: texts.map((one, index) => ({
        kind: 'text',
        file: index === 0 ? '/stack/compose.yaml' : `/stack/override${index}.yaml`,
        text: one,
      })),
      environment: options.environment ?? {},
      envFiles: [],
      profiles: options.profiles ?? [],
      home: '/home/ada',
    },
    inMemory(options.files ?? {}),
  );
}

/** The errors as `code path`, sorted by where they stand. */
export function errorsOf(loaded: LoadedProject): readonly string[] {
  return loaded.problems
    .filter((problem) => problem.severity === 'error')
    .map((problem) => `${problem.code} ${problem.path ?? ''}`.trim());
}

/** The warnings as `code path`. */
export function warningsOf(loaded: LoadedProject): readonly string[] {
  return loaded.problems
    .filter((problem) => problem.severity === 'warning')
    .map((problem) => `${problem.code} ${problem.path ?? ''}`.trim());
}
