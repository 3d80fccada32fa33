import type { ComposeService } from '../compose/model.ts';
import type { HostConfig } from '../model/container.ts';
import type { DesiredContainer, NamespaceRef } from '../model/desired.ts';
import type { ServiceContext } from './context.ts';
import { definedOnly, nonEmptyText } from './defined.ts';

export interface NamespacePlan {
  /** Plain modes, for the create request. */
  readonly host: Pick<HostConfig, 'IpcMode' | 'PidMode' | 'UTSMode'>;
  readonly ipc: NamespaceRef | undefined;
  readonly pid: NamespaceRef | undefined;
  readonly volumesFrom: DesiredContainer['volumesFrom'];
}

/** Whose namespaces and volumes the container shares. */
export function namespacePlan(context: ServiceContext): NamespacePlan {
  const { service, path } = context;
  const ipc = namespaceRef(context, `${path}.ipc`, service.ipc);
  const pid = namespaceRef(context, `${path}.pid`, service.pid);
  return {
    host: definedOnly<NamespacePlan['host']>({
      IpcMode: ipc === undefined ? nonEmptyText(service.ipc) : undefined,
      PidMode: pid === undefined ? nonEmptyText(service.pid) : undefined,
      UTSMode: nonEmptyText(service.uts),
    }),
    ipc,
    pid,
    volumesFrom: (service.volumes_from ?? []).flatMap((text, index) => volumesFrom(context, text, index)),
  };
}

/** `service:x` and `container:x`; undefined for every plain mode. */
export function namespaceRef(
  context: ServiceContext,
  path: string,
  mode: string | undefined,
): NamespaceRef | undefined {
  const match = /^(service|container):(.*)$/.exec(mode ?? '');
  const name = match?.[2];
  if (match === null || name === undefined) return undefined;
  if (name === '') {
    context.report.error(path, { code: 'InvalidValue', message: `${mode} names nothing to share with` });
    return undefined;
  }
  return match[1] === 'service' ? serviceRef(context, path, name) : { kind: 'container', name };
}

/** Services that this one shares a namespace or volumes with, which must stand before it. */
export function sharedServices(service: ComposeService): readonly string[] {
  const modes = [service.network_mode, service.ipc, service.pid]
    .filter((mode) => mode?.startsWith('service:') === true)
    .map((mode) => (mode ?? '').slice('service:'.length));
  const volumes = (service.volumes_from ?? [])
    .filter((text) => !text.startsWith('container:'))
    .map((text) => text.split(':')[0] ?? text);
  return [...modes, ...volumes];
}

/** `x`, `x:ro`, `container:x:ro`. docker compose loses the `ro`; we do not. */
function volumesFrom(context: ServiceContext, text: string, index: number): DesiredContainer['volumesFrom'] {
  const path = `${context.path}.volumes_from[${index}]`;
  const isContainer = text.startsWith('container:');
  const [name = '', mode = 'rw'] = (isContainer ? text.slice('container:'.length) : text).split(':');
  if (name === '' || (mode !== 'ro' && mode !== 'rw')) {
    context.report.error(path, {
      code: 'InvalidValue',
      message: `${text} does not say whose volumes to mount`,
      hint: 'write SERVICE[:ro] or container:NAME[:ro]',
    });
    return [];
  }
  const from = isContainer ? ({ kind: 'container', name } as const) : serviceRef(context, path, name);
  return from === undefined ? [] : [{ from, readOnly: mode === 'ro' }];
}

function serviceRef(context: ServiceContext, path: string, service: string): NamespaceRef | undefined {
  if (Object.hasOwn(context.request.project.services, service)) return { kind: 'service', service };
  context.report.error(path, {
    code: 'UnknownReference',
    message: `there is no service ${service} to share with`,
    hint: 'name a service of this stack, or container:NAME for a container outside it',
  });
  return undefined;
}
