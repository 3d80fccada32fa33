import type Docker from 'dockerode';
import type { VerifyCell, VerifyReport } from '../../src/api/verify-contract.ts';
import type { Matrix } from '../../src/isolation/matrix.ts';
import { eventually } from './eventually.ts';
import type { World } from './stackctld.ts';

/** What a guide says about who reaches whom. Ends are `STACK/SERVICE` or `outside`. */
export interface Statement {
  readonly from: string;
  readonly to: string;
  /** `5432/tcp`; `name redis`: it is found by that name; empty: any port. */
  readonly what: string;
  readonly isOpen: boolean;
  /** Where in the guide. */
  readonly where: string;
}

/** A statement in one line. */
export const say = (from: string, to: string, what: string, isOpen: boolean, where: string): Statement => ({
  from,
  to,
  what,
  isOpen,
  where,
});

/** What `net matrix` says: as declared, and as observed. */
export interface BothMatrices {
  readonly declared: Matrix;
  readonly observed: Matrix;
}

export async function matrixOf(world: World): Promise<BothMatrices> {
  const { stdout, stderr } = await world.ctl('net', 'matrix', '-o', 'json');
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as BothMatrices;
}

/** Every pair is probed: of the AI hub, a thousand. */
const VERIFY_MS = 500_000;

/** `net verify` of all stacks, or of those named. */
export async function verifyOf(
  world: World,
  ...args: readonly string[]
): Promise<{ readonly code: number; readonly report: VerifyReport }> {
  const { code, stdout, stderr } = await world.ctlWithin(VERIFY_MS, 'net', 'verify', ...args, '-o', 'json');
  if (stdout === '') throw new Error(stderr);
  return { code, report: JSON.parse(stdout) as VerifyReport };
}

/** How a row of a matrix reaches a column; fails when there is no such row or column. */
export function reachIn({ rows, columns, cells }: Matrix, from: string, to: string): string {
  const reach = cells[rows.indexOf(from)]?.[columns.indexOf(to)];
  if (reach === undefined) throw new Error(`the matrix has no cell from ${from} to ${to}`);
  return reach;
}

/** A cell in one line: who, whom, on what, and the three answers, `yes yes yes`. */
export const sayAnswers = ({ kind, from, to, what, declared, observed, probed }: VerifyCell): string =>
  `${kind} ${from} -> ${to} ${what}: ${declared} ${observed} ${probed}`;

/** What differs, sorted, one line a cell. */
export const differencesIn = ({ cells }: VerifyReport): readonly string[] =>
  cells
    .filter(({ differs }) => differs)
    .map(sayAnswers)
    .sort();

/** What the matrix and the probes answer to a statement, in the words of the statement: what does not agree is seen at once. */
export function answersTo(
  { from, to, what, isOpen }: Statement,
  { declared, observed }: BothMatrices,
  { cells }: VerifyReport,
): { readonly expected: readonly string[]; readonly found: readonly string[] } {
  const word = isOpen ? 'yes' : 'no';
  const label = `${from} -> ${to} ${what}`;
  const [, name] = /^name (.+)$/.exec(what) ?? [];
  const matrices = [declared, observed].map((matrix) => {
    const reach = reachIn(matrix, from, to === 'outside' ? 'internet' : to);
    return `${label}: ${matrix.origin} ${reach === 'none' ? 'no' : 'yes'}`;
  });
  const expectedInMatrix = ['declared', 'observed'].map((origin) => `${label}: ${origin} ${word}`);
  // From other machines nothing is probed.
  if (from === 'outside') return { expected: expectedInMatrix, found: matrices };
  const kind = name !== undefined ? 'name' : to === 'outside' ? 'outside' : 'service';
  const own = cells.filter((cell) => cell.kind === kind && cell.from === from && cell.to === to);
  const meant =
    name !== undefined
      ? own.filter((cell) => cell.what === name)
      : own.filter((cell) => cell.what === what || kind === 'outside' || what === '' || cell.what === '');
  const probed = meant.map((cell) => `${label}: ${cell.declared} ${cell.observed} ${cell.probed}`);
  return {
    expected: [...expectedInMatrix, `${label}: ${word} ${word} ${word}`],
    found: [...matrices, ...new Set(probed.length === 0 ? [`${label}: not probed`] : probed)],
  };
}

/** The names that somebody gave a container on a network: the engine gives the short id to each by itself. */
function aliasesOn({ Id, NetworkSettings }: Docker.ContainerInspectInfo, network: string): readonly string[] {
  const names: readonly string[] = NetworkSettings.Networks[network]?.Aliases ?? [];
  return names.filter((each) => !Id.startsWith(each));
}

/** Makes a network again with other options, and attaches who was on it as they were, as a person would by hand. */
export async function remakeNetwork(
  docker: Docker,
  name: string,
  change: { readonly Internal?: boolean; readonly Options?: Readonly<Record<string, string>> },
): Promise<void> {
  const network = docker.getNetwork(name);
  const wire = await network.inspect();
  const members = await Promise.all(
    Object.keys(wire.Containers ?? {}).map(async (id) => {
      return { id, aliases: aliasesOn(await docker.getContainer(id).inspect(), name) };
    }),
  );
  for (const { id } of members) await network.disconnect({ Container: id, Force: true });
  await network.remove();
  const { Config = [] } = wire.IPAM ?? {};
  const made = await docker.createNetwork({
    Name: name,
    CheckDuplicate: true,
    Internal: wire.Internal,
    Options: wire.Options ?? {},
    Labels: wire.Labels ?? {},
    IPAM: { Driver: 'default', Config },
    ...change,
  });
  for (const { id, aliases } of members) {
    await made.connect({ Container: id, EndpointConfig: { Aliases: [...aliases] } });
  }
}

/** Attaches a container to a network again without some of its names there. */
export async function loseAlias(docker: Docker, container: string, network: string, alias: string) {
  const wire = await docker.getContainer(container).inspect();
  const Aliases = aliasesOn(wire, network).filter((each) => each !== alias);
  await docker.getNetwork(network).disconnect({ Container: container });
  await docker.getNetwork(network).connect({ Container: container, EndpointConfig: { Aliases } });
}

/** Makes a container on one network again, as it was, with a port published. */
export async function publishByHand(docker: Docker, container: string, port: string, hostPort: number) {
  const wire = await docker.getContainer(container).inspect();
  const [network = ''] = Object.keys(wire.NetworkSettings.Networks);
  const Aliases = [...aliasesOn(wire, network)];
  await docker.getContainer(container).remove({ force: true });
  const again = await docker.createContainer({
    ...wire.Config,
    name: container,
    // What is not exposed is not published by the API.
    ExposedPorts: { ...wire.Config.ExposedPorts, [port]: {} },
    HostConfig: {
      ...wire.HostConfig,
      PortBindings: { [port]: [{ HostIp: '', HostPort: String(hostPort) }] },
    },
    NetworkingConfig: { EndpointsConfig: { [network]: { Aliases } } },
  });
  await again.start();
  // Of a published port nobody can tell who refuses: the host, or a program that is not up yet.
  await eventually(
    `${container} is healthy again`,
    async () => ((await again.inspect()).State.Health?.Status === 'starting' ? undefined : true),
    { withinMs: 60_000, everyMs: 100 },
  );
}

/** Stops stacks from being repaired. */
export async function suspendAll(world: World, stacks: readonly string[]): Promise<void> {
  const { code, stderr } = await world.ctl('suspend', ...stacks);
  if (code !== 0) throw new Error(stderr);
}

/** Lets the daemon repair stacks again, and waits until it has. */
export async function healAll(world: World, stacks: readonly string[]): Promise<void> {
  const { code, stderr } = await world.ctl('resume', ...stacks);
  if (code !== 0) throw new Error(stderr);
  for (const stack of stacks) {
    await eventually(
      `${stack} is healed`,
      async () => {
        const status = await world.status(stack);
        const isDone = status?.sync === 'Synced' && status.pending.length === 0;
        return isDone && !status.suspended ? true : undefined;
      },
      { withinMs: 120_000, everyMs: 150 },
    );
    await world.untilReady(stack, { withinMs: 120_000 });
  }
}
