import type { DesiredContainer, DesiredNetwork, DesiredService, DesiredVolume } from '../model/desired.ts';
import { hooksText } from '../model/hooks.ts';
import { COMPOSE, OURS } from '../model/labels.ts';
import { isToKeepAddresses } from './addresses.ts';
import type { Scope } from './scope.ts';

type Labels = Readonly<Record<string, string>>;

/**
 * Everything that marks an object as ours, and the least that makes `docker compose ls|ps|logs|exec` see it
 * (measured with docker compose 2.26 and 2.40: project, service, oneoff and any config-hash).
 */
export function containerLabels(
  scope: Scope,
  service: DesiredService,
  container: DesiredContainer,
  imageId: string,
): Labels {
  const { desired, context } = scope;
  return {
    ...container.config.Labels,
    [OURS.stack]: desired.name,
    [OURS.service]: container.service,
    [OURS.ordinal]: String(container.ordinal),
    [OURS.specHash]: container.specHash,
    [OURS.instance]: context.instance,
    [OURS.image]: imageId,
    ...(container.hooks === undefined ? {} : { [OURS.hooks]: hooksText(container.hooks) }),
    [COMPOSE.project]: desired.project,
    [COMPOSE.service]: container.service,
    [COMPOSE.containerNumber]: String(container.ordinal),
    [COMPOSE.oneoff]: 'False',
    [COMPOSE.configHash]: container.specHash,
    [COMPOSE.image]: imageId,
    [COMPOSE.version]: context.version,
    [COMPOSE.dependsOn]: service.dependsOn
      .map((each) => `${each.service}:${each.condition}:${each.restart}`)
      .join(','),
    [COMPOSE.configFiles]: desired.configFiles.join(','),
    [COMPOSE.workingDir]: desired.workingDirectory,
  };
}

export function networkLabels(scope: Scope, network: DesiredNetwork): Labels {
  return {
    ...network.labels,
    ...stamp(scope, network.specHash),
    ...(isToKeepAddresses(scope, network) ? { [OURS.keepsAddresses]: 'true' } : {}),
    [COMPOSE.network]: network.key,
  };
}

export function volumeLabels(scope: Scope, volume: DesiredVolume): Labels {
  return {
    ...volume.labels,
    ...stamp(scope, volume.specHash),
    [COMPOSE.volume]: volume.key,
  };
}

function stamp(scope: Scope, specHash: string): Labels {
  return {
    [OURS.stack]: scope.desired.name,
    [OURS.instance]: scope.context.instance,
    [OURS.specHash]: specHash,
    [COMPOSE.project]: scope.desired.project,
    [COMPOSE.version]: scope.context.version,
  };
}
