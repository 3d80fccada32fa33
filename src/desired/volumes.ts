import type { DesiredVolume } from '../model/desired.ts';
import type { ResolveRequest } from './context.ts';
import { nonEmptyText } from './defined.ts';
import { specHash } from './hash.ts';
import { checkName, ownLabels } from './names.ts';
import type { Report } from './report.ts';

/** The volumes of a stack, sorted by key. Which drivers there are only the engine knows. */
export function resolveVolumes(request: ResolveRequest, report: Report): readonly DesiredVolume[] {
  const names = new Map<string, string>();
  return Object.entries(request.project.volumes)
    .map(([key, volume]): DesiredVolume => {
      const external = volume.external === true;
      const resolved = {
        driver: nonEmptyText(volume.driver) ?? 'local',
        options: volume.driver_opts ?? {},
        labels: ownLabels(volume.labels, `volumes.${key}.labels`, report),
      };
      const other = names.get(volume.name);
      if (other !== undefined && !external) {
        report.error(`volumes.${key}.name`, {
          code: 'DuplicateName',
          message: `volumes ${other} and ${key} are both called ${volume.name}`,
          hint: 'give one of them another name, or use one key for both',
        });
      }
      names.set(volume.name, key);
      checkName(volume.name, { path: `volumes.${key}.name`, report, strict: resolved.driver === 'local' });
      const hash = specHash(external ? { external, name: volume.name } : resolved);
      return { key, name: volume.name, external, ...resolved, specHash: hash };
    })
    .sort((left, right) => (left.key < right.key ? -1 : 1));
}
