import { expect, test } from 'vitest';
import { explain } from '../../../src/isolation/explain.ts';
import { modelOf } from '../../../src/isolation/model.ts';
import { member, net, topology } from '../../support/topologies.ts';

const NETWORKS = [net('back', { stack: 'shop', internal: true }), net('theirs', { stack: 'project' })];
const DB = member('shop/db/1', { networks: ['back'] });

function ask(stranger: ReturnType<typeof member>, to = 'shop/db/1') {
  const declared = modelOf(topology(NETWORKS, [DB, stranger]));
  const observed = modelOf(topology(NETWORKS, [{ ...DB, containerId: 'd' }, stranger]));
  const from = { kind: 'member', id: stranger.id } as const;
  return explain({ from, to: { kind: 'member', id: to }, port: undefined, declared, observed });
}

test("somebody else's container on a network of a stack is named, with how to take it off", () => {
  const { differences, changes } = ask(member('guest', { networks: ['back'], containerId: 'g' }));
  expect(differences).toEqual(['guest is in no manifest, and is on back of stack shop']);
  expect(changes[0]).toContain('`docker network disconnect back guest`');
});

test('whoever is on a network of its own project alone is no guest', () => {
  const own = member('project/web/1', { networks: ['theirs'], containerId: 'w' });
  expect(ask(own)).toMatchObject({ differences: [] });
});
