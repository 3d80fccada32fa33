import { setMaxListeners } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type Docker from 'dockerode';
import pLimit from 'p-limit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { queryFor } from '../../src/controller/reconcile.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { execute } from '../../src/execute/execute.ts';
import type { DesiredStack } from '../../src/model/desired.ts';
import { EMPTY_MEMORY } from '../../src/model/memory.ts';
import type { EngineInfo, Observed } from '../../src/model/observed.ts';
import type { Plan } from '../../src/model/plan.ts';
import { makePlan } from '../../src/plan/plan.ts';
import { recognise } from '../../src/plan/recognise.ts';
import { renderPlan } from '../../src/plan/render.ts';
import { type InspectedDocument, type Json, readInspected, withoutCorpus } from '../support/corpus.ts';
import { desiredOf, importSleepingImage, isInOthersWay, renamed } from '../support/corpus-stack.ts';
import { EngineProxy } from '../support/engine-proxy.ts';
import { inspectDifferences } from '../support/inspect-comparison.ts';
import { INSPECTS } from '../support/known-differences.ts';
import { hasEngine, Lab } from '../support/lab.ts';

const NEVER = new AbortController().signal;

/** What applying a document works with. */
interface Hands {
  readonly lab: Lab;
  readonly info: EngineInfo;
  /** The engine behind a proxy that counts writes: for second passes, which should make none. */
  readonly counted: Engine;
}

/** What became of one document. */
interface Applied {
  readonly file: string;
  /** Why it was not applied at all; undefined when it was. */
  readonly refused: string | undefined;
  /** That is the only reason. */
  readonly isEngineTooOld: boolean;
  readonly found: readonly string[];
  /** What a second pass would still do. */
  readonly secondPass: readonly string[];
}

describe.skipIf(withoutCorpus() || !hasEngine())('documents of the corpus on a real engine', () => {
  let lab: Lab;
  let info: EngineInfo;
  let applied: readonly Applied[] = [];
  let proxy: EngineProxy;

  beforeAll(async () => {
    setMaxListeners(0, NEVER);
    lab = new Lab();
    const socketPath = join(await mkdtemp(join(tmpdir(), 'stackctl-corpus-')), 'engine.sock');
    proxy = new EngineProxy({ socketPath, engineHost: lab.host });
    await proxy.listen();
    info = await lab.engine.connect(NEVER);
    const documents = inspectedBy(info);
    if (documents.length === 0) return;
    const image = lab.owns(`stackctl.local/sleep:${lab.stack}`);
    await importSleepingImage(lab.docker, image);
    const each = documents.map((document, index) => renamed(document, `${lab.stack}x${index}`, image));
    const [alone, together] = [
      each.filter(isInOthersWay),
      each.filter((document) => !isInOthersWay(document)),
    ];
    const hands = { lab, info, counted: lab.engineAs(lab.instance, proxy.host) };
    await hands.counted.connect(NEVER);
    const limit = pLimit(4);
    const done = await Promise.all(together.map((document) => limit(() => apply(document, hands))));
    for (const document of alone) done.push(await apply(document, hands));
    applied = done;
  }, 900_000);
  afterAll(async () => {
    await lab?.dispose();
    await proxy?.close();
    if (proxy !== undefined) await rm(dirname(proxy.socketPath), { recursive: true, force: true });
  });

  it('look as docker compose would have made them', () => {
    const comparable = applied.filter(({ isEngineTooOld }) => !isEngineTooOld);
    const other = comparable.filter(({ refused, found }) => refused !== undefined || found.length > 0);
    const share = comparable.length === 0 ? 1 : 1 - other.length / comparable.length;
    console.error(
      `corpus on Engine ${info.version}: ${comparable.length - other.length} of ${comparable.length} documents equal ` +
        `(${(100 * share).toFixed(2)} %), ${applied.length - comparable.length} refused because it is too old`,
    );
    const unexpected = other.filter(({ file }) => INSPECTS[file] === undefined);
    for (const { file, refused, found } of unexpected) {
      console.error(`${file}\n  ${[refused ?? '', ...found].slice(0, 6).join('\n  ')}`);
    }
    expect(unexpected.map(({ file }) => file)).toEqual([]);
    expect(share).toBeGreaterThanOrEqual(0.97);
  });

  it('leave nothing to do for a second pass', () => {
    const unsettled = applied.filter(({ secondPass }) => secondPass.length > 0);
    expect(unsettled.map(({ file, secondPass }) => ({ file, secondPass }))).toEqual([]);
    const looks = proxy.calls.length;
    expect(looks).toBeGreaterThan(applied.length);
    expect(proxy.writes()).toEqual([]);
  });
});

/** The results of the same engine; of another nobody knows what they should be. */
function inspectedBy({ version }: EngineInfo): readonly InspectedDocument[] {
  if (version.startsWith('28.')) return readInspected('28.5.2');
  if (version.startsWith('20.10.')) return readInspected('20.10.24');
  console.error(`\n*** the corpus has no results of Engine ${version}: not compared ***\n`);
  return [];
}

/** Makes what a document asks for, up to the start of its containers; looks, compares, and looks again. */
async function apply(document: InspectedDocument, { lab, info, counted }: Hands): Promise<Applied> {
  const { file } = document;
  const { instance } = lab;
  const { desired, problems } = desiredOf(document, info);
  if (desired === undefined) {
    const refused = problems.map(({ code, path, message }) => `${code} ${path}: ${message}`).join('; ');
    const isEngineTooOld = problems.every(({ code }) => code === 'UnsupportedByEngine');
    return { file, refused, isEngineTooOld, found: [], secondPass: [] };
  }
  const first = await look(desired, { engine: lab.engine, instance });
  const plan = withoutStarts(first.plan);
  const options = { concurrency: 2, nowMs: () => Date.now(), isWanted: () => true, onStep: () => undefined };
  const outcomes = await execute(plan, lab.engine, options, NEVER);
  const failures = outcomes.flatMap((outcome) =>
    outcome.result === 'failed' ? [outcome.failure.message] : [],
  );
  const found = failures.length > 0 ? [] : await compare(document, lab.docker);
  const second = await look(desired, { engine: counted, instance }, asIfRunning);
  if (failures.length === 0) await execute(second.plan, counted, options, NEVER);
  await removeAll(desired, second.observed, lab.docker);
  const blockers = [...first.plan.blockers, ...second.plan.blockers].map(({ message }) => message);
  const refused = [...failures, ...blockers].join('; ');
  return {
    file,
    refused: refused === '' ? undefined : refused,
    isEngineTooOld: false,
    found,
    secondPass: failures.length > 0 ? [] : renderPlan(second.plan),
  };
}

async function look(
  desired: DesiredStack,
  { engine, instance }: Pick<Lab, 'engine' | 'instance'>,
  change = (observed: Observed) => observed,
) {
  const seen = change(await engine.observe(queryFor(desired), NEVER));
  // Nothing is remembered, so that each container has to be recognised by what it was made from.
  const { observed, context } = recognise(desired, seen, {
    nowMs: Date.now(),
    memory: EMPTY_MEMORY,
    instance,
    version: 'test',
    readyStacks: {},
  });
  return { observed, plan: makePlan(desired, observed, context) };
}

/** Most of the documents' commands are not in the image; all that inspect shows is there before the start. */
function withoutStarts(plan: Plan): Plan {
  const starts = new Set(plan.steps.flatMap(({ kind, id }) => (kind === 'start-container' ? [id] : [])));
  const steps = plan.steps
    .filter(({ id }) => !starts.has(id))
    .map((step) => ({ ...step, needs: step.needs.filter((need) => !starts.has(need)) }));
  return { ...plan, steps };
}

/** All else is as the engine says. */
function asIfRunning(observed: Observed): Observed {
  const startedAtMs = Date.now();
  const idOf = (name: string) => observed.networks.find((network) => network.name === name)?.id;
  return {
    ...observed,
    containers: observed.containers.map((container) => ({
      ...container,
      // Before the first start no attachment has the id of its network.
      attachments: container.attachments.map((each) => ({ ...each, networkId: idOf(each.networkName) })),
      state: 'running',
      startedAtMs,
      health: container.hasHealthcheck
        ? { status: 'healthy', failingStreak: 0, lastProbeAtMs: startedAtMs, output: '' }
        : undefined,
    })),
  };
}

async function compare(
  { containers, networks, volumes }: InspectedDocument,
  docker: Docker,
): Promise<string[]> {
  const found: string[] = [];
  const each = async (
    kind: 'container' | 'network' | 'volume',
    expected: Json,
    inspect: (name: string) => Promise<unknown>,
  ) => {
    const name = String(expected['Name']).replace(/^\//, '');
    const actual = await inspect(name).catch(() => undefined);
    if (actual === undefined) found.push(`${kind} ${name} is missing`);
    else
      found.push(
        ...inspectDifferences(kind, expected, actual as Json).map((line) => `${kind} ${name}${line}`),
      );
  };
  for (const container of containers)
    await each('container', container, (name) => docker.getContainer(name).inspect());
  for (const network of networks) await each('network', network, (name) => docker.getNetwork(name).inspect());
  for (const volume of volumes) await each('volume', volume, (name) => docker.getVolume(name).inspect());
  return found;
}

/** At once, so that neither addresses nor names are in the next one's way. */
async function removeAll(desired: DesiredStack, observed: Observed, docker: Docker): Promise<void> {
  const mine = observed.containers.filter(({ stack }) => stack === desired.name);
  for (const { id } of mine) await docker.getContainer(id).remove({ force: true, v: true });
  const networks = observed.networks.filter(({ stack }) => stack === desired.name);
  for (const { id } of networks) await docker.getNetwork(id).remove();
  const volumes = observed.volumes.filter(({ stack }) => stack === desired.name);
  for (const { name } of volumes) await docker.getVolume(name).remove();
}
