import { createHash } from 'node:crypto';
import type { DesiredContainer, DesiredService, DesiredVolume, NamespaceRef } from '../model/desired.ts';
import { slotName } from '../model/names.ts';
import type { ObservedImage } from '../model/observed.ts';
import type { Cause, ContainerHandle, Gate, StepId } from '../model/plan.ts';
import { anonymousPaths } from './anonymous-volumes.ts';
import { containerRef } from './draft.ts';
import { containerLabels } from './labels.ts';
import { removalOf } from './remove.ts';
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

/** The containers whose namespaces or volumes it shares, or undefined while one of them does not exist. */
function namespacesOf(scope: Scope, container: DesiredContainer) {
  const shared = container.networkMode.kind === 'shared' ? container.networkMode.with : undefined;
  const volumesFrom = container.volumesFrom.map((each) => ({
    container: resolveNamespace(scope, each.from),
    readOnly: each.readOnly,
  }));
  const found = volumesFrom.flatMap((each) =>
    each.container === undefined ? [] : [{ container: each.container, readOnly: each.readOnly }],
  );
  const network = resolveNamespace(scope, shared);
  const ipc = resolveNamespace(scope, container.ipc);
  const pid = resolveNamespace(scope, container.pid);
  const missing =
    (shared !== undefined && network === undefined) ||
    (container.ipc !== undefined && ipc === undefined) ||
    (container.pid !== undefined && pid === undefined) ||
    found.length < volumesFrom.length;
  if (missing) return undefined;
  return { networkContainer: network, ipcContainer: ipc, pidContainer: pid, volumesFrom: found };
}

/** Without it the plan would be empty though the container is missing. */
function blockMissingParent(scope: Scope, container: DesiredContainer): void {
  const shared = container.networkMode.kind === 'shared' ? container.networkMode.with : undefined;
  const refs = [shared, container.ipc, container.pid, ...container.volumesFrom.map((each) => each.from)];
  for (const ref of refs) {
    if (ref === undefined || resolveNamespace(scope, ref) !== undefined) continue;
    const isService = ref.kind === 'service';
    scope.draft.block({
      target: containerRef(container.name),
      service: container.service,
      code: isService ? 'DependencyFailed' : 'ExternalMissing',
      message: isService
        ? `service ${ref.service}, whose namespace it shares, has no container`
        : `container ${ref.name}, whose namespace it shares, does not exist`,
      hint: isService ? `see why service ${ref.service} has none` : `start it (docker start ${ref.name})`,
    });
  }
}

const optional = (step: StepId | undefined): readonly StepId[] => (step === undefined ? [] : [step]);

/** Parents that this very plan makes. */
function sharedNeeds(namespaces: NonNullable<ReturnType<typeof namespacesOf>>): readonly StepId[] {
  const handles = [
    namespaces.networkContainer,
    namespaces.ipcContainer,
    namespaces.pidContainer,
    ...namespaces.volumesFrom.map((each) => each.container),
  ];
  return handles.flatMap((handle) => (handle?.by === 'step' ? [handle.step] : []));
}

/** The first replica of the service that exists (or is made by this plan), or any container of that name. */
export function resolveNamespace(scope: Scope, ref: NamespaceRef | undefined): ContainerHandle | undefined {
  if (ref === undefined) return undefined;
  if (ref.kind === 'container') {
    const all = [...scope.observed.containers, ...scope.observed.others];
    const id = all.find((each) => each.name === ref.name || each.id === ref.name)?.id;
    return id === undefined ? undefined : { by: 'id', id };
  }
  const planned = scope.draft.creationFor(ref.service);
  if (planned !== undefined) return { by: 'step', step: planned };
  const target = scope.wanted.get(ref.service)?.containers[0];
  if (target === undefined) return undefined;
  // One that this plan takes away at once (the bad half of a rollback) is nobody to hang on to.
  const candidates = (scope.slots.get(slotName(ref.service, target.ordinal)) ?? []).filter(
    (each) => removalOf(scope, each.id) === undefined,
  );
  const live = candidates.find((each) => each.specHash === target.specHash) ?? candidates[0];
  return live === undefined ? undefined : { by: 'id', id: live.id };
}

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
  return anonymousPaths(container, image).map((path) => ({
    key: path,
    name:
      unnamedVolume(scope, container, path) ??
      `${scope.desired.project}_${container.service}_${container.ordinal}_${shortHash(path)}`,
    external: false,
    driver: 'local',
    options: {},
    labels: {},
    specHash: `v1.${shortHash(path)}`,
  }));
}

/** The volume that the engine named, under a container that docker compose made: its data goes on to the next one. */
function unnamedVolume(scope: Scope, container: DesiredContainer, path: string): string | undefined {
  const live = scope.slots.get(slotName(container.service, container.ordinal)) ?? [];
  const mounts = live.flatMap((each) => each.mounts).filter(({ target }) => target === path);
  return mounts.find(({ name }) => name !== undefined && /^[0-9a-f]{64}$/.test(name))?.name;
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
