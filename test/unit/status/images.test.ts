import { expect, test } from 'vitest';
import { queryFor } from '../../../src/controller/reconcile.ts';
import type { DesiredStack } from '../../../src/model/desired.ts';
import type { Memory } from '../../../src/model/memory.ts';
import type { Observed } from '../../../src/model/observed.ts';
import { deriveStatus } from '../../../src/status/derive.ts';
import { stack } from '../../support/builders.ts';
import { passReport } from '../../support/pass-report.ts';
import { type PassResult, pass, planFor } from '../../support/passes.ts';
import { engineWithImages, running } from '../../support/planned.ts';
import type { SimulatedEngine } from '../../support/simulated-engine.ts';

const words = (kind: 'missing' | 'always') => ({
  services: { web: { image: 'app:1', pullPolicy: { kind } }, db: { image: 'app:2' } },
});

async function statusOf(
  engine: SimulatedEngine,
  desired: DesiredStack,
  {
    memory,
    outcomes = [],
    see = (seen) => seen,
  }: {
    readonly memory: Memory;
    readonly outcomes?: PassResult['outcomes'];
    readonly see?: (observed: Observed) => Observed;
  },
) {
  const observed = see(await engine.observe(queryFor(desired)));
  const plan = await planFor(engine, desired, { memory });
  return deriveStatus(passReport({ desired, observed, plan, outcomes, nowMs: engine.clock.nowMs() }));
}

test('an image that cannot be had is told for as long as it is missing, also between two attempts', async () => {
  const engine = engineWithImages();
  engine.world.registry.delete('app:1');
  engine.hands.rmImage('app:1');
  const desired = stack(words('missing'));
  const { memory } = await pass(engine, desired);
  const { memory: held } = await pass(engine, desired, { memory });
  const status = await statusOf(engine, desired, { memory: held });
  const web = status.services.find(({ name }) => name === 'web');
  expect(web).toMatchObject({ state: 'ImagePullBackOff', health: 'Degraded', imageId: undefined });
  expect(web?.message).toMatchInlineSnapshot(
    `"manifest for app:1 not found; attempt 2 at 2023-11-14T22:13:25.000Z"`,
  );
  expect(status.conditions.find(({ type }) => type === 'Ready')).toMatchObject({
    status: 'False',
    reason: 'StepFailed',
    message: web?.message,
  });
  expect(status.services.find(({ name }) => name === 'db')).toMatchObject({ state: 'Running', message: '' });
});

test('a service that runs though its image could not be pulled is ready, and says so', async () => {
  const { engine, memory } = await running(words('always'));
  engine.world.registry.delete('app:1');
  const desired = stack({ ...words('always'), revision: 'sha256:next' });
  const failed = await pass(engine, desired, { memory });
  const status = await statusOf(engine, desired, { memory: failed.memory });
  expect(status.conditions.find(({ type }) => type === 'Ready')?.status).toBe('True');
  expect(status.services.map(({ name, state, message }) => ({ name, state, message }))).toEqual([
    { name: 'db', state: 'Running', message: '' },
    {
      name: 'web',
      state: 'Running',
      message: 'runs the image that is here: manifest for app:1 not found',
    },
  ]);
});

const DIGEST = `sha256:${'ab'.repeat(32)}`;
const OTHER = `sha256:${'cd'.repeat(32)}`;

test.each([
  ['app:1', [`mirror:5000/app@${OTHER}`, `app@${DIGEST}`], `app@${DIGEST}`],
  ['docker.io/library/app:1', [`mirror/app@${OTHER}`, `app@${DIGEST}`], `app@${DIGEST}`],
  ['mirror:5000/app', [`app@${DIGEST}`, `mirror:5000/app@${OTHER}`], `mirror:5000/app@${OTHER}`],
  [`app@${DIGEST}`, [`app@${DIGEST}`], `app@${DIGEST}`],
  ['app:1', [`mirror/app@${OTHER}`], `mirror/app@${OTHER}`],
  ['app:1', [], undefined],
])('a container of %s whose image is known as %j runs from %s', async (imageRef, imageDigests, digest) => {
  const { engine, desired, memory } = await running(words('missing'));
  const see = (seen: Observed): Observed => ({
    ...seen,
    images: {},
    containers: seen.containers.map((live) => ({ ...live, imageRef, imageDigests })),
  });
  const { services } = await statusOf(engine, desired, { memory, see });
  const id = engine.world.container('demo-web-1')?.imageId;
  const web = services.find(({ name }) => name === 'web');
  expect(web).toMatchObject({
    imageId: id,
    imageDigest: digest,
    containers: [{ imageId: id, imageDigest: digest }],
  });
});

test('the digests that an image has now count more than those of its first sight', async () => {
  const { engine, desired, memory } = await running(words('missing'));
  const see = (seen: Observed): Observed => ({
    ...seen,
    images: Object.fromEntries(
      Object.entries(seen.images).map(([ref, image]) => [ref, { ...image, repoDigests: [`app@${DIGEST}`] }]),
    ),
  });
  const { services } = await statusOf(engine, desired, { memory, see });
  expect(services.map(({ imageDigest }) => imageDigest)).toEqual([`app@${DIGEST}`, `app@${DIGEST}`]);
});
