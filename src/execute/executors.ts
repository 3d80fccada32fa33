import type { Engine, Progress } from '../engine/engine.ts';
import { Failure } from '../model/failure.ts';
import type { ContainerId, NetworkId } from '../model/names.ts';
import type { ContainerHandle, NetworkHandle, Step, StepId, StepKind, StepOf } from '../model/plan.ts';

/** Ids that earlier steps of this run brought about. */
export interface StepResults {
  readonly containers: Map<StepId, ContainerId>;
  readonly networks: Map<StepId, NetworkId>;
}

export interface Run {
  readonly engine: Engine;
  readonly results: StepResults;
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

/** One engine call for each kind of step; complete, or it does not compile. */
type Executors = { readonly [Kind in StepKind]: (step: StepOf<Kind>, run: Run) => Promise<unknown> };

const EXECUTORS: Executors = {
  'pull-image': (step, { engine, progress, signal }) => engine.pullImage(step.image, progress, signal),
  'build-image': async (step, { engine, progress, signal }) => {
    await engine.buildImage(step.image, progress, signal);
  },
  'create-network': async (step, { engine, results, signal }) => {
    results.networks.set(step.id, await engine.createNetwork(step.network, step.labels, signal));
  },
  'remove-network': (step, { engine, signal }) =>
    engine.removeNetwork(step.networkId, step.unclaimed, signal),
  'connect-network': (step, run) =>
    run.engine.connectNetwork(
      networkOf(step.network, run),
      containerOf(step.container, run),
      step.settings,
      run.signal,
    ),
  'disconnect-network': (step, run) =>
    run.engine.disconnectNetwork(step.networkId, containerOf(step.container, run), step.force, run.signal),
  'create-volume': (step, { engine, signal }) => engine.createVolume(step.volume, step.labels, signal),
  'create-container': async (step, run) => {
    const { creation } = step;
    const parent = (handle: ContainerHandle | undefined) =>
      handle === undefined ? undefined : containerOf(handle, run);
    const id = await run.engine.createContainer(
      {
        stack: creation.stack,
        container: creation.container,
        name: creation.name,
        labels: creation.labels,
        anonymousVolumes: creation.anonymousVolumes,
        endpoints: creation.endpoints.map((endpoint) => ({
          networkId: networkOf(endpoint.network, run),
          networkName: endpoint.networkName,
          settings: endpoint.settings,
        })),
        networkContainer: parent(creation.networkContainer),
        ipcContainer: parent(creation.ipcContainer),
        pidContainer: parent(creation.pidContainer),
        volumesFrom: creation.volumesFrom.map((from) => ({
          container: containerOf(from.container, run),
          readOnly: from.readOnly,
        })),
      },
      run.signal,
    );
    run.results.containers.set(step.id, id);
  },
  'put-files': (step, run) => run.engine.putFiles(containerOf(step.container, run), step.files, run.signal),
  'start-container': (step, run) => run.engine.startContainer(containerOf(step.container, run), run.signal),
  'stop-container': (step, run) =>
    run.engine.stopContainer(containerOf(step.container, run), step.graceMs, step.signal, run.signal),
  'restart-container': (step, run) =>
    run.engine.restartContainer(containerOf(step.container, run), step.graceMs, run.signal),
  'exec-hook': async (step, run) => {
    const { exitCode, output } = await run.engine.exec(
      containerOf(step.container, run),
      step.hook,
      step.limitMs,
      run.signal,
    );
    if (exitCode === 0) return;
    const said = output === '' ? '' : `: ${output}`;
    throw new Failure('refused', `the ${step.phase} hook exited with code ${exitCode}${said}`, {
      hint: hookHint(step.phase),
    });
  },
  'unpause-container': (step, run) =>
    run.engine.unpauseContainer(containerOf(step.container, run), run.signal),
  'rename-container': (step, run) =>
    run.engine.renameContainer(containerOf(step.container, run), step.newName, run.signal),
  'update-container': (step, run) =>
    run.engine.updateContainer(
      containerOf(step.container, run),
      step.resources,
      step.restartPolicy,
      run.signal,
    ),
  'remove-container': (step, run) => run.engine.removeContainer(containerOf(step.container, run), run.signal),
  'remove-volume': (step, { engine, signal }) => engine.removeVolume(step.volumeName, signal),
};

const hookHint = (phase: 'post_start' | 'pre_stop'): string =>
  phase === 'post_start'
    ? 'it is tried again, and what depends on the service waits for it'
    : 'the container is stopped all the same';

/** Makes the one engine call of a step. Throws `Failure`. `under-way`: begun, and to be asked for again. */
export async function runStep(step: Step, run: Run): Promise<'done' | 'under-way'> {
  // A union of kinds cannot be matched with its own executor in one expression without this cast.
  const executor = EXECUTORS[step.kind] as (step: Step, run: Run) => Promise<unknown>;
  return (await executor(step, run)) === 'under-way' ? 'under-way' : 'done';
}

function containerOf(handle: ContainerHandle, run: Run): ContainerId {
  const id = handle.by === 'id' ? handle.id : run.results.containers.get(handle.step);
  if (id === undefined) throw new Failure('bug', 'a step refers to a container that no step has made');
  return id;
}

function networkOf(handle: NetworkHandle, run: Run): NetworkId {
  const id = handle.by === 'id' ? handle.id : run.results.networks.get(handle.step);
  if (id === undefined) throw new Failure('bug', 'a step refers to a network that no step has made');
  return id;
}
