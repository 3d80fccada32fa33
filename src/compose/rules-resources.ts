import type { ComposeFileObject, ComposeProject } from './model.ts';
import type { Fault } from './rules.ts';

/** Top-level resources say enough, and nothing that contradicts itself. */
export function checkResources(project: ComposeProject, fault: Fault): void {
  for (const [name, volume] of Object.entries(project.volumes)) {
    if (volume.external === true) checkExternal(`volumes.${name}`, volume, 'error', fault);
  }
  for (const [name, network] of Object.entries(project.networks)) {
    const { ipam, ...fields } = network;
    if (network.external !== true) continue;
    checkExternal(
      `networks.${name}`,
      Object.keys(ipam ?? {}).length > 0 ? network : fields,
      'warning',
      fault,
    );
  }
  for (const [name, config] of Object.entries(project.configs)) {
    checkSource(`configs.${name}`, config, ['file', 'environment', 'content'], fault);
  }
  for (const [name, secret] of Object.entries(project.secrets)) {
    checkSource(`secrets.${name}`, secret, ['file', 'environment'], fault);
  }
}

/** docker compose refuses this for volumes and ignores the fields for networks. */
function checkExternal(at: string, resource: object, severity: 'error' | 'warning', fault: Fault): void {
  for (const key of Object.keys(resource)) {
    if (key === 'name' || key === 'external') continue;
    fault(
      severity,
      'ConflictingFields',
      `${at}.${key}`,
      `external and ${key} exclude each other: what is external is not ours to define`,
      `take ${key} away, or external`,
    );
  }
}

function checkSource(
  at: string,
  object: ComposeFileObject,
  sources: readonly (keyof ComposeFileObject)[],
  fault: Fault,
): void {
  const given = sources.filter((source) => object[source] !== undefined);
  const words = sources.join(', ');
  if (given.length > 1) {
    fault(
      'error',
      'ConflictingFields',
      `${at}.${given[1]}`,
      `only one of ${words} may be given`,
      'keep one of them',
    );
  }
  const isSecret = at.startsWith('secrets.');
  const elsewhere = object.external === true || (object.driver !== undefined && !isSecret);
  if (given.length > 0 || elsewhere) return;
  fault(
    'error',
    'MissingSource',
    at,
    `it says nowhere what is in it: one of ${words} must be given`,
    `add ${sources[0]}:`,
  );
}
