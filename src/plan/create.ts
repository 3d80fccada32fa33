import { createHash } from 'node:crypto';
import type { DesiredContainer, DesiredService, DesiredVolume } from '../model/desired.ts';
import { slotName } from '../model/names.ts';
import type { ObservedImage } from '../model/observed.ts';
import type { Cause, ContainerHandle, Gate, StepId } from '../model/plan.ts';
import { anonymousPaths } from './anonymous-volumes.ts';
import { containerRef } from './draft.ts';
import { containerLabels } from './labels.ts';
import { blockMissingParent, namespacesOf, sharedNeeds } from './namespaces.ts';
import type { Scope } from './scope.ts';
import { ensureVolume } from './volumes.ts';

export interface Creation {
  readonly handle: ContainerHandle;
  /** All steps that must be over before it is started. */
  readonly steps: readonly StepId[];
}

export interface CreationRequest {
  readonly service: DesiredService;
  readonly container: DesiredContainer;
  readonly image: ObservedImage | undefined;
  readonly name: string;
  readonly because: Cause;
  readonly gate: Gate | undefined;
}

/**
 * Makes a container up to the moment before its start: volumes, creation, further networks, injected files.
 * Undefined when something it cannot do without is blocked.
 */
export function createContainer(scope: Scope, request: CreationRequest): Creation | undefined {
  const { container, service, gate, because } = request;
  const endpoints = endpointsOf(scope, container);
  const namespaces = namespacesOf(scope, container);
  if (namespaces === undefined) blockMissingParent(scope, container);
  if (endpoints === undefined || namespaces === undefined || mountsBlockedVolume(scope, container)) {
    return undefined;
  }
  const anonymous = anonymousVolumes(scope, container, request.image);
  const several = supportsSeveralEndpoints(scope.observed.engine.apiVersion);
  const atCreation = several ? endpoints : endpoints.slice(0, 1);
  const about = { target: containerRef(request.name), service: service.name, because, gate };
  const created = scope.draft.add(
    'create-container',
    {
      creation: {
        stack: scope.desired.name,
        container,
        name: request.name,
        labels: containerLabels(scope, service, container, request.image?.id ?? ''),
        anonymousVolumes: Object.fromEntries(anonymous.map((volume) => [volume.key, volume.name])),
        endpoints: atCreation.map(({ network, networkName, settings }) => ({
          network,
          networkName,
          settings,
        })),
        ...namespaces,
      },
    },
    {
      ...about,
      needs: [
        ...endpoints.flatMap((endpoint) => endpoint.needs),
        ...volumeNeeds(scope, container, anonymous),
        ...sharedNeeds(namespaces),
        ...optional(scope.freedNames.get(request.name)),
      ],
    },
  );
  const handle: ContainerHandle = { by: 'step', step: created };
  const steps = [created];
  for (const endpoint of endpoints.slice(atCreation.length)) {
    steps.push(
      scope.draft.add(
        'connect-network',
        { network: endpoint.network, container: handle, settings: endpoint.settings },
        { ...about, needs: [created] },
      ),
    );
  }
  if (container.files.length > 0) {
    steps.push(
      scope.draft.add(
        'put-files',
        { container: handle, files: container.files },
        { ...about, needs: [created] },
      ),
    );
  }
  return { handle, steps };
}

/** The first one is the primary one: the engine keeps its name as the container's network mode. */
function endpointsOf(scope: Scope, container: DesiredContainer) {
  if (container.networkMode.kind !== 'networks') return [];
  const { primary } = container.networkMode;
  const isPrimary = (key: string) => scope.networks.get(key)?.desired.name === primary;
  const ordered = [...container.endpoints].sort(
    (a, b) => Number(isPrimary(b.network)) - Number(isPrimary(a.network)),
  );
  const known = ordered.flatMap((settings) => {
    const state = scope.networks.get(settings.network);
    if (state?.handle === undefined) return [];
    return [{ network: state.handle, networkName: state.desired.name, settings, needs: state.needs }];
  });
  return known.length === ordered.length ? known : undefined;
}

/** Below API 1.44 a second entry in EndpointsConfig is refused; the others are connected before the start. */
function supportsSeveralEndpoints(apiVersion: string): boolean {
  const [major = 0, minor = 0] = apiVersion.split('.').map(Number);
  return major > 1 || minor >= 44;
}

const optional = (step: StepId | undefined): readonly StepId[] => (step === undefined ? [] : [step]);

function mountsBlockedVolume(scope: Scope, container: DesiredContainer): boolean {
  return (container.host.Mounts ?? []).some(
    (mount) => mount.Type === 'volume' && scope.blockedVolumes.has(mount.Source ?? ''),
  );
}

/** Anonymous volumes become named ones of ours, so that making a container again cannot lose them. */
function anonymousVolumes(
  scope: Scope,
  container: DesiredContainer,
  image: ObservedImage | undefined,
): readonly DesiredVolume[] {
  const prefix = `${scope.desired.project}_${container.service}_${container.ordinal}_`;
  return anonymousPaths(scope, container, image).map((path) => ({
    key: path,
    name: volumeBefore(scope, container, path, prefix) ?? `${prefix}${shortHash(path)}`,
    external: false,
    driver: 'local',
    options: {},
    labels: {},
    specHash: `v1.${shortHash(path)}`,
  }));
}

/**
 * What nobody named under the container that stands: its data goes on to the next one. The engine gave it a name where
 * docker compose made the container; ours has another one where the path was spelled otherwise when it was made.
 */
function volumeBefore(
  scope: Scope,
  container: DesiredContainer,
  path: string,
  prefix: string,
): string | undefined {
  const live = scope.slots.get(slotName(container.service, container.ordinal)) ?? [];
  const all = live.flatMap((each) => each.mounts);
  const exact = all.filter(({ target }) => target === path);
  // An engine shows `data` where the image says so, and has it at `/data`; below a volume of ours there it is empty.
  const mounts = exact.length > 0 ? exact : all.filter(({ target }) => `/${target}` === path);
  const isOurs = (name: string) => name.startsWith(prefix) && /^[0-9a-f]{8}$/.test(name.slice(prefix.length));
  return mounts.flatMap(({ name }) => name ?? []).find((name) => /^[0-9a-f]{64}$/.test(name) || isOurs(name));
}

const shortHash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8);

function volumeNeeds(
  scope: Scope,
  container: DesiredContainer,
  anonymous: readonly DesiredVolume[],
): readonly StepId[] {
  const named = (container.host.Mounts ?? []).flatMap(
    (mount) => scope.volumeSteps.get(mount.Source ?? '') ?? [],
  );
  const bound = (container.host.Binds ?? []).flatMap(
    (bind) => scope.volumeSteps.get(bind.split(':')[0] ?? '') ?? [],
  );
  const made = anonymous.flatMap((volume) => ensureVolume(scope, volume) ?? []);
  return [...new Set([...named, ...bound, ...made])];
}
