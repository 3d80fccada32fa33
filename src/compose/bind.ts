import type { Position } from '../model/problem.ts';
import type {
  ComposeFileObject,
  ComposeNetwork,
  ComposeProject,
  ComposeService,
  ComposeVolume,
} from './model.ts';
import type { Report } from './report.ts';
import { type Reading, read, type Shape, toJson } from './shape.ts';
import { fileObject } from './shape-fields.ts';
import { network, volume } from './shape-resources.ts';
import { service } from './shape-service.ts';
import type { MappingTree } from './tree.ts';
import { fieldOf } from './tree.ts';

export interface BoundProject {
  readonly project: ComposeProject;
  /** Where each field of the project came from, by its path. */
  readonly positions: ReadonlyMap<string, Position>;
}

/**
 * Turns a complete, normal document into the canonical model, and its texts into the values that they
 * mean: sizes, durations, words of a command. Fields with wrong values are reported and left out.
 */
export function bindProject(tree: MappingTree, name: string, report: Report): BoundProject {
  const reading: Reading = { report, positions: new Map() };
  const project: ComposeProject = {
    name,
    services: bindAll<ComposeService>(tree, 'services', service, reading),
    networks: bindAll<ComposeNetwork>(tree, 'networks', network, reading),
    volumes: bindAll<ComposeVolume>(tree, 'volumes', volume, reading),
    configs: bindAll<ComposeFileObject>(tree, 'configs', fileObject, reading),
    secrets: bindAll<ComposeFileObject>(tree, 'secrets', fileObject, reading),
    extensions: extensionsOf(tree, reading),
  };
  return { project, positions: reading.positions };
}

/** The shapes and the model's types are written side by side; the corpus test holds them together. */
function bindAll<Value>(
  tree: MappingTree,
  kind: string,
  shape: Shape,
  reading: Reading,
): Readonly<Record<string, Value>> {
  const section = fieldOf(tree, kind);
  if (section?.kind !== 'mapping') return {};
  reading.positions.set(kind, section.at);
  const values: [string, Value][] = [];
  for (const [key, entry] of section.entries) {
    const value = read(shape, entry.value, [kind, key], reading);
    if (value !== undefined) values.push([key, value as Value]);
  }
  return Object.fromEntries(values.sort(([one], [other]) => (one < other ? -1 : 1)));
}

function extensionsOf(tree: MappingTree, reading: Reading): Readonly<Record<string, unknown>> {
  const values: [string, unknown][] = [];
  for (const [key, { keyAt, value }] of tree.entries) {
    if (!key.startsWith('x-') && key !== 'models') continue;
    reading.positions.set(key, keyAt);
    values.push([key, toJson(value)]);
  }
  return Object.fromEntries(values);
}
