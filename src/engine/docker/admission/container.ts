import type { CallAdmission } from '../../../model/admission.ts';
import { type BoundedBody, boundRefusals } from './bounds.ts';
import { hostConfigRefusals, type WireHostConfig, type WireMount } from './host-config.ts';
import { judgePlace, type RealPlace } from './places.ts';
import { baseline, type Refusal, restricted } from './refusal.ts';
import { volumeRefusals } from './volume-options.ts';

/** `POST /containers/create`, as far as the gate reads it. */
export interface WireCreateBody extends Omit<BoundedBody, 'HostConfig'> {
  readonly User?: string;
  readonly HostConfig?: WireHostConfig & BoundedBody['HostConfig'];
  readonly NetworkingConfig?: {
    readonly EndpointsConfig?: Readonly<
      Record<string, { readonly DriverOpts?: Readonly<Record<string, string>> }>
    >;
  };
}

/** All that the policy forbids in a create body, as far as it can be told without asking the engine. */
export async function containerRefusals(
  body: WireCreateBody,
  admission: CallAdmission,
  look: RealPlace,
): Promise<readonly Refusal[]> {
  const host = body.HostConfig ?? {};
  const mounts = (host.Mounts ?? []).map((mount) => mountRefusals(mount, admission, look));
  const binds = bindsOf(host).map((bind) => bindRefusals(bind, admission, look));
  return [
    ...hostConfigRefusals(host),
    ...networks(body),
    ...boundRefusals(body),
    ...userRefusals(body.User ?? '', true),
    ...(await Promise.all([...mounts, ...binds])).flat(),
  ];
}

function networks({ NetworkingConfig }: WireCreateBody): readonly Refusal[] {
  return Object.entries(NetworkingConfig?.EndpointsConfig ?? {}).flatMap(([name, { DriverOpts = {} }]) => [
    ...(name === 'host' ? [baseline('host-namespaces', 'it is attached to the network of the host')] : []),
    ...('com.docker.network.endpoint.sysctls' in DriverOpts
      ? [baseline('sysctls', `its attachment to ${name} sets kernel parameters`)]
      : []),
  ]);
}

/** `isNeeded`: none at all is what the image says, which may be root. */
export function userRefusals(user: string, isNeeded: boolean): readonly Refusal[] {
  if (user === '' && !isNeeded) return [];
  const id = /^(\d{1,10})(:|$)/.exec(user)?.[1];
  return Number(id ?? '0') > 0 ? [] : [restricted('run-as-non-root', 'its user may be root')];
}

/** A bind in the old form, `source:target[:options]`; without a slash at its start the source is a volume. */
interface Bind {
  readonly source: string;
  readonly options: readonly string[];
}

function bindsOf({ Binds = [] }: WireHostConfig): readonly Bind[] {
  return Binds.map((text) => {
    const [source = '', , options = ''] = text.split(':');
    return { source, options: options.split(',') };
  });
}

async function bindRefusals(
  { source, options }: Bind,
  admission: CallAdmission,
  look: RealPlace,
): Promise<readonly Refusal[]> {
  if (!source.startsWith('/')) return [];
  return [
    ...propagation(options),
    ...(await sourceRefusals(source, options.includes('ro'), admission, look)),
  ];
}

async function mountRefusals(
  mount: WireMount,
  admission: CallAdmission,
  look: RealPlace,
): Promise<readonly Refusal[]> {
  const { Type, Source = '', ReadOnly = false, BindOptions, VolumeOptions } = mount;
  switch (Type) {
    case 'bind':
      return [
        ...propagation([BindOptions?.Propagation ?? '']),
        ...(await sourceRefusals(Source, ReadOnly, admission, look)),
      ];
    case 'volume': {
      const { Name = '', Options = {} } = VolumeOptions?.DriverConfig ?? {};
      return volumeRefusals(Name, Options, admission, look);
    }
    case 'tmpfs':
    case 'image':
      return [];
    default:
      return [baseline('unknown-field', `a mount of type ${Type ?? 'none'}`)];
  }
}

const propagation = (options: readonly string[]): readonly Refusal[] =>
  options.some((option) => option === 'shared' || option === 'rshared')
    ? [baseline('mount-propagation', 'what it mounts would show on the host')]
    : [];

async function sourceRefusals(
  source: string,
  isReadOnly: boolean,
  admission: CallAdmission,
  look: RealPlace,
): Promise<readonly Refusal[]> {
  const verdict = await judgePlace(source, admission, look);
  if (verdict === 'socket') return [baseline('engine-socket', `${source} hands out the engine or stackctld`)];
  if (verdict === 'foreign') return [baseline('host-path', `${source} leads out of the stack's directory`)];
  return isReadOnly ? [] : [restricted('host-path-read-only', `${source} can be written to`)];
}
