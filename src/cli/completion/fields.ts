import { fieldOf, findField } from '../field-docs.ts';
import { isCalled, readKindSchemas } from '../kind-schemas.ts';
import type { Completer } from './completer.ts';

/** A path one step further; a dot at its end shows that it goes on. */
export const completeFields: Completer = async ({ args, word }) => {
  if (args.length > 0) return [];
  const kinds = await readKindSchemas();
  const [first = '', ...names] = word.split('.');
  if (names.length === 0) return kinds.map(({ singular }) => ({ value: `${singular}.` }));
  const kind = kinds.find((each) => isCalled(each, first));
  const found = kind === undefined ? undefined : findField(fieldOf(first, kind.schema), names.slice(0, -1));
  if (found === undefined || 'message' in found) return [];
  const above = word.slice(0, word.lastIndexOf('.') + 1);
  return found.fields.map(({ name, type, fields }) => ({
    value: `${above}${name}${fields.length > 0 ? '.' : ''}`,
    says: type,
  }));
};
