import type { DesiredContainer, NamespaceRef } from '../model/desired.ts';
import { slotName } from '../model/names.ts';
import type { ContainerHandle, StepId } from '../model/plan.ts';
import { containerRef } from './draft.ts';
import { removalOf } from './remove.ts';
import type { Scope } from './scope.ts';

/** The containers whose namespaces or volumes it shares, or undefined while one of them does not exist. */
export function namespacesOf(scope: Scope, container: DesiredContainer) {
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
export function blockMissingParent(scope: Scope, container: DesiredContainer): void {
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

/** Parents that this very plan makes. */
export function sharedNeeds(namespaces: NonNullable<ReturnType<typeof namespacesOf>>): readonly StepId[] {
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
