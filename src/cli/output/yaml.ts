import { stringify } from 'yaml';

/** A YAML document; fields that are undefined are left out, as in JSON; readers of YAML 1.1 understand it too. */
export function renderYaml(value: unknown): string {
  // Through JSON, since YAML has no word for undefined and would write null, and so that nothing is aliased.
  return stringify(JSON.parse(JSON.stringify(value)), { lineWidth: 0, compat: 'yaml-1.1' });
}
