import { setTimeout as sleep } from 'node:timers/promises';
import { answerFailure } from '../../../src/engine/docker/failures.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import { asFailure } from '../../../src/model/failure.ts';
import { OURS } from '../../../src/model/labels.ts';
import { desiredNetwork, desiredVolume, endpoint, ownerLabels } from '../engine-requests.ts';
import { type Corner, NO_ANSWER } from './corner.ts';
import type { DockerOperation, Operation, PortOperation, Sequence, SingleOperation } from './operation.ts';
import { type Restless, recordEvents, recordState, type StepRecord } from './record.ts';
import { portRequest, restartPolicy } from './requests.ts';

const never = () => new AbortController().signal;
const LOOK_AGAIN_MS = 15;

export interface InterpretOptions {
  /** Whether a record is what was to be expected: until then, it is looked again. Default: at once. */
  readonly isExpected?: (record: StepRecord, index: number) => boolean;
  /** For how long it is looked again for what is expected. */
  readonly patienceMs?: number;
  /** Whether to go on after a step. Default: always. */
  readonly goesOn?: (record: StepRecord, index: number) => boolean;
}

/** Carries a sequence out, and records after each operation what it did. */
export async function interpret(
  corner: Corner,
  sequence: Sequence,
  { isExpected = () => true, patienceMs = 0, goesOn = () => true }: InterpretOptions = {},
): Promise<readonly StepRecord[]> {
  const steps: StepRecord[] = [];
  const looping = new Set<string>();
  for (const [index, operation] of sequence.entries()) {
    corner.forgetEvents();
    noteLoops(corner, looping, operation);
    const outcome = await perform(corner, operation);
    const restless = { looping, isPair: 'both' in operation };
    const look = () => recordStep(corner, operation, outcome, restless);
    const untilMs = performance.now() + patienceMs;
    await corner.settle();
    let record = await look();
    while (!isExpected(record, index) && performance.now() < untilMs) {
      await sleep(LOOK_AGAIN_MS);
      record = await look();
    }
    steps.push(record);
    if (!goesOn(record, index)) break;
  }
  return steps;
}

async function recordStep(
  corner: Corner,
  operation: Operation,
  outcome: string,
  restless: Restless,
): Promise<StepRecord> {
  const state = await recordState(corner, restless);
  return {
    operation,
    outcome: corner.names.mask(outcome),
    state,
    events: recordEvents(corner.names, corner.events(), restless),
  };
}

/** A program that ends by itself under a policy that starts it again for ever. */
function noteLoops({ names }: Corner, looping: Set<string>, operation: Operation): void {
  if ('both' in operation) for (const each of operation.both) noteLoops({ names } as Corner, looping, each);
  if ('to' in operation) {
    const [from, to] = [names.container(operation.container), names.container(operation.to)];
    if (looping.has(from)) looping.add(to);
  }
  if (!('program' in operation) || operation.program?.startsWith('exit') !== true) return;
  const { restart = 'no' } = operation;
  if (restart !== 'no' && !/:[1-9]/.test(restart)) looping.add(names.container(operation.container));
}

async function perform(corner: Corner, operation: Operation): Promise<string> {
  if ('engine' in operation) {
    await corner.restart(operation);
    return 'done';
  }
  if (!('both' in operation)) return performOne(corner, operation);
  const outcomes = await Promise.all(operation.both.map((each) => performOne(corner, each)));
  return outcomes.sort().join(' and ');
}

function performOne(corner: Corner, operation: SingleOperation): Promise<string> {
  return 'port' in operation ? performPort(corner, operation) : performDocker(corner, operation);
}

async function performDocker(corner: Corner, operation: DockerOperation): Promise<string> {
  const { status, words, id } = await corner.docker(operation);
  // It is made, even if it could not be started then.
  if (operation.docker === 'create' || operation.docker === 'run')
    corner.names.madeContainer(operation.container, id);
  if (status === NO_ANSWER.status) return 'no answer';
  if (status >= 400) {
    const { kind, hint } = answerFailure('docker', status, words);
    return `${status} ${kind}${hint === undefined ? '' : ` (${hint})`}`;
  }
  if (operation.docker === 'network-create') corner.names.madeNetwork(operation.network, id);
  return String(status);
}

async function performPort(corner: Corner, operation: PortOperation): Promise<string> {
  const engine = operation.as === 'other' ? corner.other : corner.engine;
  try {
    const answer = await call(corner, engine, operation);
    return answer === undefined ? 'ok' : `ok ${JSON.stringify(answer)}`;
  } catch (thrown) {
    const { kind, status, hint, message } = asFailure(thrown);
    // A bug of the suite's own must not pass as an outcome of both engines.
    if (kind === 'bug') throw thrown;
    return `${status ?? 'no status'} ${kind}${hint === undefined ? '' : ` (${hint})`}${kind === 'unreachable' ? message : ''}`;
  }
}

const instanceOf = ({ names }: Corner, as: 'other' | undefined) =>
  as === 'other' ? `${names.instance}-other` : names.instance;

async function call(corner: Corner, engine: Engine, operation: PortOperation): Promise<unknown> {
  const { names } = corner;
  const owner = { stack: names.stack, instance: instanceOf(corner, operation.as), image: names.baseImage };
  switch (operation.port) {
    case 'createContainer': {
      const id = await engine.createContainer(portRequest(names, owner.instance, operation), never());
      names.madeContainer(operation.container, id);
      return undefined;
    }
    case 'createNetwork': {
      const {
        network,
        subnet,
        internal = false,
        attachable = false,
        options = {},
        driver = 'bridge',
      } = operation;
      const desired = desiredNetwork(names.network(network), {
        internal,
        attachable,
        options,
        driver,
        labels: operation.labels ?? {},
        pools: subnet === undefined ? [] : [{ subnet: names.subnet(subnet), auxAddresses: {} }],
      });
      const labels = ownerLabels(owner, `v1.${operation.spec ?? 'a'}`);
      const keeps = operation.keepsAddresses === true ? { [OURS.keepsAddresses]: 'true' } : {};
      names.madeNetwork(network, await engine.createNetwork(desired, { ...labels, ...keeps }, never()));
      return undefined;
    }
    case 'createVolume': {
      const { volume, options = {}, labels = {}, spec = 'a' } = operation;
      const desired = desiredVolume(names.volume(volume), { options, labels });
      return engine.createVolume(desired, ownerLabels(owner, `v1.${spec}`), never());
    }
    case 'removeNetwork':
      return engine.removeNetwork(names.networkId(operation.network), operation.unclaimed === true, never());
    case 'removeVolume':
      return engine.removeVolume(names.volume(operation.volume), never());
    case 'ownedStacks':
      return engine.ownedStacks(never());
    default:
      return callOfContainer(corner, engine, operation);
  }
}

type OfContainer = Exclude<
  PortOperation,
  {
    port:
      | 'createContainer'
      | 'createNetwork'
      | 'createVolume'
      | 'removeNetwork'
      | 'removeVolume'
      | 'ownedStacks';
  }
>;

function callOfContainer({ names }: Corner, engine: Engine, operation: OfContainer): Promise<unknown> {
  const id = names.containerId(operation.container);
  switch (operation.port) {
    case 'startContainer':
      return engine.startContainer(id, never());
    case 'restartContainer':
      return engine.restartContainer(id, 10_000, never());
    case 'unpauseContainer':
      return engine.unpauseContainer(id, never());
    case 'removeContainer':
      return engine.removeContainer(id, never());
    case 'stopContainer':
      return engine.stopContainer(id, 10_000, operation.signal, never());
    case 'renameContainer':
      return engine.renameContainer(id, names.container(operation.to), never());
    case 'updateContainer': {
      const { memoryMiB, cpuShares, pids, restart } = operation;
      const resources = {
        ...(memoryMiB === undefined ? {} : { Memory: memoryMiB * 1024 * 1024 }),
        ...(cpuShares === undefined ? {} : { CpuShares: cpuShares }),
        ...(pids === undefined ? {} : { PidsLimit: pids }),
      };
      const policy = restart === undefined ? undefined : restartPolicy(restart);
      return engine.updateContainer(id, resources, policy, never());
    }
    case 'exec': {
      const hook = { command: ['sh', '-c', operation.line], env: [] };
      return engine.exec(id, hook, 20_000, never());
    }
    case 'putFiles': {
      const file = { target: operation.path, content: 'put', uid: 0, gid: 0, mode: 0o644, secret: false };
      return engine.putFiles(id, [file], never());
    }
    case 'connectNetwork': {
      const { address, aliases = [], mac } = operation;
      const settings = endpoint({
        aliases,
        ...(address === undefined ? {} : { ipv4Address: names.address(address) }),
        ...(mac === undefined ? {} : { macAddress: mac }),
      });
      return engine.connectNetwork(names.networkId(operation.network), id, settings, never());
    }
    case 'disconnectNetwork': {
      const { network, by = 'id', force = false } = operation;
      const which = by === 'id' ? names.networkId(network) : names.network(network);
      return engine.disconnectNetwork(which, id, force, never());
    }
  }
}
