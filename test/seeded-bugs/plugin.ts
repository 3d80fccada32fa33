import type { Plugin } from 'vite';
import { SEEDED_BUGS } from './bugs.ts';

/** Makes the program wrong in one way, as long as it is loaded by the tests: the bug of this name. */
export function seedBug(name: string): Plugin {
  const bug = SEEDED_BUGS.find((each) => each.name === name);
  if (bug === undefined) throw new Error(`there is no seeded bug named ${name}`);
  return {
    name: 'seeded-bug',
    enforce: 'pre',
    transform(code, id) {
      if (!id.split('?')[0]?.endsWith(`/src/${bug.file}`)) return undefined;
      if (code.split(bug.find).length !== 2)
        throw new Error(`${bug.find} does not stand once in ${bug.file}`);
      return { code: code.replace(bug.find, () => bug.replace), map: null };
    },
  };
}
