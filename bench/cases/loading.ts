import { basename } from 'node:path';
import { loadProject } from '../../src/compose/load.ts';
import { findNamedStacks } from '../../src/manifest/find-stacks.ts';
import { createFiles } from '../../src/source/files.ts';
import { readDocuments } from '../../test/support/corpus.ts';
import type { Case } from '../case.ts';
import { timed } from '../programs.ts';

/** All real Compose documents of the corpus, from their text to the model. */
export const LOADING: Case = {
  name: 'loading the corpus',
  unit: 'ms',
  bounds: [],
  prepare: async () => {
    const documents = readDocuments();
    if (documents.length === 0) throw new Error('there is no corpus (STACKCTL_CORPUS)');
    const files = createFiles({ digestContext: () => undefined });
    return {
      sides: [
        {
          name: 'stackctl',
          measure: () =>
            timed(async () => {
              for (const { path, text } of documents) {
                const input = [{ path, relativePath: basename(path), text }];
                for (const { compose } of findNamedStacks(input, { home: '/root' }).stacks) {
                  loadProject({ ...compose, environment: { COMPOSE_PROJECT_NAME: 'bench' } }, files);
                }
              }
            }),
        },
      ],
      dispose: async () => undefined,
    };
  },
};
