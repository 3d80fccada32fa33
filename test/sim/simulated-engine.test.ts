import { describe } from 'vitest';
import { stackName } from '../../src/model/names.ts';
import type { ContractWorld, Outside } from '../support/contract/world.ts';
import { engineContract } from '../support/engine-contract.ts';
import type { Profile } from '../support/simulated/objects.ts';
import { SimulatedEngine } from '../support/simulated-engine.ts';

const IMAGE = 'app:1';

/** What a person does, in the contract's words. */
function outside(engine: SimulatedEngine): Outside {
  const { hands, world } = engine;
  const nameOf = (id: string) => world.container(id)?.name ?? id;
  return {
    runForeign: async (name, options = {}) =>
      hands.run(name, {
        image: options.image ?? IMAGE,
        ...(options.labels === undefined ? {} : { labels: options.labels }),
        ports: (options.hostPorts ?? []).map((port) => `${port}:80`),
        networks: options.network === undefined ? {} : { [options.network]: {} },
      }),
    createForeignNetwork: async (name, labels = {}) => hands.createNetwork(name, { labels }),
    createForeignVolume: async (name) => hands.createVolume(name),
    pause: async (id) => hands.pause(nameOf(id)),
    kill: async (id) => hands.stop(nameOf(id)),
    remove: async (id) => hands.rm(nameOf(id)),
    commit: async (id, ref) => {
      world.addImage(ref, { content: ref, labels: world.container(id)?.labels ?? {} });
    },
    isRunning: async (id) => world.container(id)?.state === 'running',
  };
}

function contractWorld(profile: Profile): ContractWorld {
  const engine = new SimulatedEngine({ profile, writeMs: 1 });
  engine.world.addImage(IMAGE);
  return {
    stack: stackName('demo'),
    instance: engine.instance,
    image: IMAGE,
    engine,
    outside: outside(engine),
    engineAs: (instance) => new SimulatedEngine({ instance, world: engine.world }),
    dispose: async () => {},
  };
}

describe('the simulated engine keeps the contract of a real one', () => {
  engineContract('profile 28', () => contractWorld('28'));
  engineContract('profile 20.10', () => contractWorld('20.10'));
});
