import { ownValue } from '../model/own-value.ts';
import type { ServiceContext } from './context.ts';
import { containerName } from './names.ts';

/**
 * `links` and `external_links` as the engine takes them: `container:alias`, seen by this container only. As in
 * docker compose each container of the linked service is also known as `service-ordinal`. A link is looked
 * up when its name is asked for, so that it outlives the container it points to (user-defined networks).
 */
export function linkTargets(context: ServiceContext): readonly string[] {
  const { service, request, path, report } = context;
  const links: string[] = [];
  for (const [index, link] of (service.links ?? []).entries()) {
    const [target = '', alias = target] = link.split(':');
    const linked = ownValue(request.project.services, target);
    if (linked === undefined) {
      report.error(`${path}.links[${index}]`, {
        code: 'UnknownReference',
        message: `there is no service ${target} to link to`,
      });
      continue;
    }
    const replicas = linked.deploy?.replicas ?? linked.scale ?? 1;
    for (let ordinal = 1; ordinal <= replicas; ordinal += 1) {
      const name = containerName(request.project.name, target, ordinal, linked.container_name);
      links.push(`${name}:${alias}`, `${name}:${target}-${ordinal}`);
    }
  }
  for (const link of service.external_links ?? []) {
    links.push(link.includes(':') ? link : `${link}:${link}`);
  }
  return [...new Set(links)].sort();
}
