import { type CallAdmission, isAtLeast } from '../../../model/admission.ts';
import type { DesiredBuild } from '../../../model/desired.ts';
import { Failure } from '../../../model/failure.ts';
import { COMPOSE, OURS } from '../../../model/labels.ts';
import type { Connection } from '../connection.ts';
import { inspectContainer, inspectVolume } from '../reads.ts';
import { containerRefusals, userRefusals, type WireCreateBody } from './container.ts';
import { judgePlace, type RealPlace, realPlace, writtenPlace } from './places.ts';
import { baseline, type Refusal, restricted } from './refusal.ts';
import { volumeRefusals } from './volume-options.ts';

/** Whose calls are looked at, and what they are held to. */
interface Asking {
  readonly connection: Connection;
  readonly admission: CallAdmission | undefined;
}
type Body = Readonly<Record<string, unknown>>;

/**
 * The last look at what is sent to the engine, by code that knows nothing of how manifests are read: what `policy/`
 * overlooked, or was not asked about, is refused here. All throw `refused`, with every rule that is broken.
 */
export async function admitContainer(asking: Asking, body: Body, what: string): Promise<void> {
  const held = heldTo(asking);
  if (held === undefined) return;
  const create = body as WireCreateBody;
  const refusals = await containerRefusals(create, held, placesSeenBy(asking));
  refuse([...refusals, ...(await foreignRefusals(asking.connection, create, held, placesSeenBy(asking)))], {
    held,
    what,
  });
}

export async function admitVolume(asking: Asking, body: Body, what: string): Promise<void> {
  const held = heldTo(asking);
  if (held === undefined) return;
  const { Driver = '', DriverOpts = {} } = body as {
    readonly Driver?: string;
    readonly DriverOpts?: Readonly<Record<string, string>>;
  };
  refuse(await volumeRefusals(Driver, DriverOpts, held, placesSeenBy(asking)), { held, what });
}

export function admitNetwork(asking: Asking, body: Body, what: string): void {
  const held = heldTo(asking);
  if (held === undefined) return;
  const driver = String(body['Driver'] ?? '');
  if (driver === 'host')
    refuse([baseline('host-namespaces', 'it is the network of the host')], { held, what });
  const isKnown = ['', 'default', 'bridge', 'overlay'].includes(driver);
  refuse(isKnown ? [] : [baseline('network-driver', `the network driver ${driver}`)], { held, what });
}

export function admitExec(asking: Asking, body: Body, what: string): void {
  const held = heldTo(asking);
  if (held === undefined) return;
  const isPrivileged = body['Privileged'] === true;
  refuse(
    [
      ...(isPrivileged ? [baseline('privileged-container', 'the command is privileged')] : []),
      ...userRefusals(String(body['User'] ?? ''), false),
    ],
    { held, what },
  );
}

export async function admitBuild(asking: Asking, build: DesiredBuild, what: string): Promise<void> {
  const held = heldTo(asking);
  if (held === undefined) return;
  const { network = '', context } = build;
  const place = await judgePlace(context, held, placesSeenBy(asking));
  const refusals = [restricted('build', 'a build runs as root')];
  if (/^host$/i.test(network.trim()))
    refusals.push(baseline('host-namespaces', 'it builds in the host’s network'));
  if (network.startsWith('container:')) {
    refusals.push(baseline('foreign-container', 'it builds in the network of a container'));
  }
  if (place === 'socket') refusals.push(baseline('engine-socket', `${context} holds a socket of the engine`));
  if (place === 'foreign') {
    refusals.push(baseline('host-path', `${context} leads out of the stack's directory`));
  }
  refuse(refusals, { held, what });
}

/** Undefined: everything goes. */
function heldTo({ admission }: Asking): CallAdmission | undefined {
  return admission?.level === 'privileged' ? undefined : admission;
}

/** The files of an engine that is reached over the network are not those of this host. */
const placesSeenBy = ({ connection }: Asking): RealPlace =>
  connection.address.kind === 'unix' ? realPlace : writtenPlace;

function refuse(
  refusals: readonly Refusal[],
  { held, what }: { readonly held: CallAdmission; readonly what: string },
): void {
  const broken = refusals.filter(({ level }) => isAtLeast(held.level, level));
  if (broken.length === 0) return;
  const told = [...new Set(broken.map(({ rule, message }) => `${message} (${rule})`))].join(', ');
  throw new Failure('refused', `${what}: violates the policy "${held.level}": ${told}`, {
    hint: 'change the manifest, or ask who runs stackctld to exempt the stack',
  });
}

/** What only the engine knows: whose the volumes and containers are that it would share. */
async function foreignRefusals(
  connection: Connection,
  { HostConfig: host = {} }: WireCreateBody,
  held: CallAdmission,
  look: RealPlace,
): Promise<readonly Refusal[]> {
  const modes = [host.NetworkMode, host.IpcMode, host.PidMode].flatMap(
    (mode) => /^container:(.+)$/.exec(mode ?? '')?.[1] ?? [],
  );
  const from = (host.VolumesFrom ?? []).map((text) => text.split(':')[0] ?? '');
  const containers = [...new Set([...modes, ...from])];
  const volumes = [
    ...(host.Mounts ?? []).flatMap(({ Type, Source }) => (Type === 'volume' && Source ? [Source] : [])),
    ...(host.Binds ?? []).flatMap((bind) => (bind.startsWith('/') ? [] : [bind.split(':')[0] ?? ''])),
  ];
  const found = await Promise.all([
    ...containers.map((id) => foreignContainer(connection, id, held)),
    ...[...new Set(volumes)].map((name) => foreignVolume(connection, name, held, look)),
  ]);
  return found.flat();
}

async function foreignContainer(
  connection: Connection,
  id: string,
  held: CallAdmission,
): Promise<readonly Refusal[]> {
  const wire = await inspectContainer(connection, id);
  const labels = wire?.Config?.Labels ?? {};
  const isOwn = labels[OURS.stack] === held.stack || labels[COMPOSE.project] === held.project;
  return isOwn ? [] : [baseline('foreign-container', `it shares with container ${id.slice(0, 12)}`)];
}

/**
 * A volume of another stack; and one of this stack that was made when more was allowed. One that somebody made by hand
 * is how the operator lets a stack have what it cannot make itself.
 */
async function foreignVolume(
  connection: Connection,
  name: string,
  held: CallAdmission,
  look: RealPlace,
): Promise<readonly Refusal[]> {
  const wire = await inspectVolume(connection, name);
  const stack = wire?.Labels?.[OURS.stack];
  const project = wire?.Labels?.[COMPOSE.project];
  if (wire === undefined || (stack === undefined && project === undefined)) return [];
  const isOwn = stack === undefined ? project === held.project : stack === held.stack;
  if (!isOwn) return [baseline('foreign-volume', `volume ${name} belongs to stack ${stack ?? project}`)];
  return volumeRefusals(wire.Driver ?? '', wire.Options ?? {}, held, look);
}
