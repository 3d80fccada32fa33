import { expect, test } from 'vitest';
import { desiredVolume, ownerLabels } from '../engine-requests.ts';
import { type ContractWorld, create, failureOf, look, signal } from './world.ts';

/** Volumes. */
export function volumeContract(worldOf: () => ContractWorld): void {
  test('a volume reads back, and creating it again changes nothing', async () => {
    const world = worldOf();
    const volume = desiredVolume(`${world.stack}_data`, { labels: { 'com.example.keep': 'yes' } });
    await world.engine.createVolume(volume, ownerLabels(world), signal());
    await world.engine.createVolume(volume, ownerLabels(world), signal());
    const seen = (await look(world)).volumes.filter((found) => found.name === volume.name);
    expect(seen).toMatchObject([
      { ownership: 'ours', stack: world.stack, driver: 'local', options: {}, specHash: 'v1.aaaa' },
    ]);
    expect(seen[0]?.labels).toMatchObject({ 'com.example.keep': 'yes' });
  });

  test('a volume that exists with other options, or is not ours, is a conflict and stays', async () => {
    const world = worldOf();
    const name = `${world.stack}_data`;
    await world.engine.createVolume(desiredVolume(name), ownerLabels(world), signal());
    const other = desiredVolume(name, { options: { type: 'tmpfs', device: 'tmpfs', o: 'size=1m' } });
    expect(await failureOf(world.engine.createVolume(other, ownerLabels(world), signal()))).toMatchObject({
      kind: 'conflict',
    });
    await world.outside.createForeignVolume(`${world.stack}_theirs`);
    const theirs = world.engine.createVolume(
      desiredVolume(`${world.stack}_theirs`),
      ownerLabels(world),
      signal(),
    );
    expect(await failureOf(theirs)).toMatchObject({ kind: 'conflict' });
    const seen = (await look(world)).volumes.filter((volume) => volume.name.startsWith(world.stack));
    expect(seen.map(({ ownership, options }) => ({ ownership, options }))).toEqual(
      expect.arrayContaining([
        { ownership: 'ours', options: {} },
        { ownership: 'foreign', options: {} },
      ]),
    );
  });

  test('removes a volume, once or twice, but not while a container has it', async () => {
    const world = worldOf();
    const name = `${world.stack}_data`;
    await world.engine.createVolume(desiredVolume(name), ownerLabels(world), signal());
    const id = await create(world, { host: { Mounts: [{ Type: 'volume', Source: name, Target: '/data' }] } });
    expect(await failureOf(world.engine.removeVolume(name, signal()))).toMatchObject({ kind: 'conflict' });
    await world.engine.removeContainer(id, signal());
    await world.engine.removeVolume(name, signal());
    await world.engine.removeVolume(name, signal());
    expect((await look(world)).volumes.map((volume) => volume.name)).not.toContain(name);
  });
}
