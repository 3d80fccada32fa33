import { join } from 'node:path';
import { Failure } from '../model/failure.ts';
import type { EngineInfo } from '../model/observed.ts';
import { isAcceptable, type Problem } from '../model/problem.ts';
import type { ReachabilityPolicy } from '../model/reachability.ts';
import type { RepositoryDeclaration } from '../model/repository.ts';
import { admissionFor, type SourceKind } from '../policy/configuration.ts';
import { findProject } from './compose-project.ts';
import type { Controller } from './controller.ts';
import type { DeclaredStack } from './loader.ts';
import type { ApplyAction, ApplyRequest, ApplyResult, PushedManifests, StackDiff } from './operations.ts';
import { contextOf, isReady } from './pass.ts';
import { refuseForeignRepositories, takeRepositories } from './push-repositories.ts';
import { brokenBy, heldToPolicies } from './reachability.ts';
import { reconcile } from './reconcile.ts';
import { diffOf } from './stack-diff.ts';
import type { Wish } from './wish.ts';

/** A pushed stack that was understood. */
interface Pushed {
  readonly manifest: DeclaredStack;
  readonly wish: Wish;
}

interface Understood {
  readonly pushed: readonly Pushed[];
  readonly problems: readonly Problem[];
  readonly repositories: readonly RepositoryDeclaration[];
}

/** Takes pushed manifests in: all of them or, when one is wrong, none. */
export async function applyManifests(
  controller: Controller,
  request: ApplyRequest,
  signal: AbortSignal,
): Promise<ApplyResult> {
  const engineInfo = engineOf(controller);
  const { pushed, problems, repositories } = await understand(controller, request, engineInfo, signal);
  if (!isAcceptable(problems)) return { problems, stacks: [] };
  refuseForeignRepositories(controller, repositories);
  for (const { manifest } of pushed) refuseForeign(controller, manifest.name, request.force);
  if (!request.adopt)
    for (const { manifest } of pushed) await refuseProject(controller, manifest.name, signal);
  const declared = await takeRepositories(controller, request, repositories);
  if (!request.dryRun) {
    const taken = await takeAll(controller, request, pushed, signal);
    return { problems, stacks: taken, repositories: declared };
  }
  const stacks: ApplyResult['stacks'][number][] = [];
  for (const { manifest, wish } of pushed) {
    const action = actionOf(controller, manifest.name, wish);
    const { plan } = await diffManifest(
      controller,
      manifest,
      { engineInfo, adopt: request.adopt, source: 'applied' },
      signal,
    );
    const { generation = 0 } = controller.records.get(manifest.name) ?? {};
    stacks.push({ name: manifest.name, action, generation, isReady: false, plan });
  }
  return { problems, stacks, repositories: declared };
}

/**
 * First the manifests, then the generations: a pass that is under way, or begins in between, either sees that what it
 * worked on is no longer wanted, or works on the new already.
 */
async function takeAll(
  controller: Controller,
  request: ApplyRequest,
  pushed: readonly Pushed[],
  signal: AbortSignal,
): Promise<ApplyResult['stacks']> {
  const actions = pushed.map(({ manifest, wish }) => actionOf(controller, manifest.name, wish));
  for (const { manifest } of pushed) {
    if (request.adopt) await controller.records.adopt(controller.records.ensure(manifest.name));
    await controller.sources.betweenReadings(controller.ports.applied, () =>
      take(controller, request, manifest),
    );
  }
  await controller.sources.read(controller.ports.applied, signal);
  const stacks: ApplyResult['stacks'][number][] = [];
  for (const [index, { manifest, wish }] of pushed.entries()) {
    const record = controller.records.ensure(manifest.name);
    if (request.force) await takeOver(controller, manifest);
    if (wish.desired !== undefined) await controller.records.noteRevision(record, wish.desired.revision);
    controller.ask(manifest.name);
    const { name, generation, suspended } = record;
    const action = actions[index] ?? 'configured';
    const isReadyNow = action === 'unchanged' && !suspended && isReady(record, generation);
    stacks.push({ name, action, generation, isReady: isReadyNow, plan: [] });
  }
  return stacks;
}

/** What would be done for pushed manifests, and nothing done. */
export async function diffManifests(
  controller: Controller,
  manifests: PushedManifests,
  adopt: boolean,
  signal: AbortSignal,
): Promise<readonly StackDiff[]> {
  const engineInfo = engineOf(controller);
  const { pushed, problems } = await understand(controller, manifests, engineInfo, signal);
  if (!isAcceptable(problems)) return [{ name: '', problems, plan: [], changes: [] }];
  const diffs: StackDiff[] = [];
  for (const { manifest } of pushed) {
    diffs.push(await diffManifest(controller, manifest, { engineInfo, adopt, source: 'applied' }, signal));
  }
  return diffs;
}

export function engineOf(controller: Controller): EngineInfo {
  const { engineInfo } = controller;
  if (engineInfo !== undefined) return engineInfo;
  throw new Failure('unreachable', 'the engine does not answer', {
    hint: 'is it running? `systemctl status docker`',
  });
}

/** The line of a pass, stopped before it acts. */
export async function diffManifest(
  controller: Controller,
  manifest: DeclaredStack,
  asked: { readonly engineInfo: EngineInfo; readonly adopt: boolean; readonly source: SourceKind },
  signal: AbortSignal,
): Promise<StackDiff> {
  const { ports, options, records } = controller;
  const { engineInfo, adopt } = asked;
  const admission = admissionFor(options.policy, manifest.name, asked.source);
  const record = records.get(manifest.name);
  const state = controller.passState;
  const known = contextOf(record ?? records.blank(manifest.name), state);
  const context = {
    ...known,
    isAdopted: adopt || known.isAdopted === true,
    nowMs: ports.clock.nowMs(),
  };
  const pass = await reconcile(
    { manifest, engineInfo, admission, lastGood: undefined, context, isSuspended: () => true },
    {
      engine: ports.engine,
      loader: heldToPolicies(state),
      concurrency: options.concurrency,
      nowMs: () => ports.clock.nowMs(),
      isWanted: () => true,
      remember: () => Promise.resolve(),
      onStep: () => undefined,
    },
    signal,
  );
  return diffOf(manifest.name, pass);
}

async function understand(
  controller: Controller,
  manifests: PushedManifests,
  engineInfo: EngineInfo,
  signal: AbortSignal,
): Promise<Understood> {
  const {
    ports: { loader },
    options: { policy },
  } = controller;
  const files = manifests.files.map((file) => ({
    ...file,
    path: join(manifests.baseDirectory, file.relativePath),
  }));
  const found = await loader.find(files, signal);
  const pushed: Pushed[] = [];
  for (const manifest of found.stacks) {
    const admission = admissionFor(policy, manifest.name, 'applied');
    pushed.push({ manifest, wish: await loader.resolve(manifest, engineInfo, admission, signal) });
  }
  const policies = [...controller.catalog.policies(), ...found.policies];
  const broken = await brokenBy(controller, { candidates: pushed, policies, engine: engineInfo }, signal);
  const { repositories } = found;
  const hasContent = pushed.length + repositories.length > 0;
  const problems = [
    ...found.problems,
    ...pushed.flatMap(({ wish }) => wish.problems),
    ...broken,
    ...found.policies.map((each) => notKept(each, hasContent)),
  ];
  if (hasContent || problems.length > 0) return { pushed, problems, repositories };
  return { pushed, problems: [nothingFound(files.map((file) => file.relativePath))], repositories };
}

/** Only a source that goes on being read can go on holding stacks to something. */
const notKept = ({ name, at }: ReachabilityPolicy, isWithStacks: boolean): Problem => ({
  severity: isWithStacks ? 'warning' : 'error',
  code: 'PolicyNotKept',
  message: isWithStacks
    ? `policy ${name} was held against what is applied now, and is not kept`
    : `policy ${name} comes without any stack, and apply keeps no policies`,
  hint: 'put it into a directory or a repository that the daemon watches',
  at,
});

const nothingFound = (paths: readonly string[]): Problem => ({
  severity: 'error',
  code: 'NoManifest',
  message: paths.length === 0 ? 'there are no files' : `no manifest among ${paths.slice(0, 5).join(', ')}`,
  hint: 'a manifest has `apiVersion: stackctl.io/v1alpha1`, or is a Compose file named compose.yaml, docker-compose.yml or NAME.compose.yaml',
});

function refuseForeign(controller: Controller, name: string, force: boolean): void {
  const entry = controller.catalog.get(name);
  if (entry === undefined || entry.origin.kind === 'applied' || force) return;
  const { kind, name: source } = entry.origin;
  throw new Failure(
    'conflict',
    `stack ${name} is managed from ${entry.manifest.at.file} (${kind} ${source})`,
    {
      hint: 'change it there, or take the stack over with --force, until `stackctl delete` hands it back',
    },
  );
}

/** A project that docker compose runs under a stack's name is somebody's: it is taken over only when that is asked for. */
async function refuseProject(controller: Controller, name: string, signal: AbortSignal): Promise<void> {
  const record = controller.records.get(name);
  if (record?.adopted === true || record?.revision !== undefined) return;
  const project = await findProject(controller, name, signal);
  if (project === undefined) return;
  const containers = project.containers === 1 ? '1 container' : `${project.containers} containers`;
  throw new Failure('conflict', `docker compose has a project ${name} here, with ${containers}`, {
    hint: `\`stackctl adopt ${name}\` shows what taking it over would change; --adopt takes it over, and what means the same goes on running; or give the stack another name`,
  });
}

function actionOf(controller: Controller, name: string, wish: Wish): ApplyAction {
  const known = controller.records.get(name);
  if (known === undefined || known.revision === undefined) return 'created';
  return known.revision === wish.desired?.revision && known.tombstone === undefined
    ? 'unchanged'
    : 'configured';
}

/** Once the catalogue has what was applied: a pass that began before goes on with what it found, and gives nothing back. */
async function takeOver({ catalog, records, ports }: Controller, { name, at }: DeclaredStack): Promise<void> {
  const origin = { kind: 'applied', name: ports.applied.name } as const;
  catalog.takeOver(name, origin);
  // Durable: the daemon after this one must not give the stack back by itself.
  await records.noteSource(records.ensure(name), { ...origin, path: at.file });
}

async function take(controller: Controller, request: ApplyRequest, manifest: DeclaredStack): Promise<void> {
  const { ports, records } = controller;
  const paths = new Set(manifest.files);
  const own = request.files.filter((file) => paths.has(join(request.baseDirectory, file.relativePath)));
  const files = own.length > 0 ? own : request.files;
  const record = records.ensure(manifest.name);
  const kept = ports.applied.put(manifest.name, { baseDirectory: request.baseDirectory, files });
  await records.callOff(record, kept);
  // Who applies a manifest by hand wants that one, and not what it was rolled back to.
  if (record.rollout.hold !== undefined) await records.steer(record, { hold: undefined });
}
