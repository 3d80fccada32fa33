import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { OURS } from '../../src/model/labels.ts';
import { SMALL_IMAGE } from '../support/lab.ts';
import type { World } from '../support/stackctld.ts';
import type { Dice } from './dice.ts';
import { tagAs } from './images.ts';

/** What an agent may lay its hands on. */
export interface AgentPrey {
  readonly world: World;
  readonly stacks: readonly string[];
  /** Somebody else's network, to attach containers to. */
  readonly foreignNetwork: string;
  /** A tag that a service uses. */
  readonly ownTag: string;
  /** A host port that a service publishes. */
  readonly port: number;
}

type Operation = (agent: Agent) => Promise<unknown>;

const OPERATIONS: Readonly<Record<string, Operation>> = {
  'rm -f': async (agent) => (await agent.container()).remove({ force: true, v: false }),
  stop: async (agent) => (await agent.container()).stop({ t: 0 }),
  kill: async (agent) => (await agent.container()).kill(),
  restart: async (agent) => (await agent.container()).restart({ t: 0 }),
  pause: async (agent) => (await agent.container()).pause(),
  rename: async (agent) =>
    (await agent.container()).rename({ name: `${agent.stack()}-mine-${agent.number()}` }),
  update: async (agent) =>
    (await agent.container()).update({ Memory: 48 * 2 ** 20, MemorySwap: 48 * 2 ** 20 }),
  'network disconnect': async (agent) =>
    (await agent.network()).disconnect({ Container: (await agent.container()).id, Force: true }),
  'network connect': async (agent) =>
    agent.docker.getNetwork(agent.prey.foreignNetwork).connect({ Container: (await agent.container()).id }),
  'network rm': async (agent) => {
    const network = await agent.network();
    const { Containers } = (await network.inspect()) as { Containers: Record<string, unknown> };
    for (const Container of Object.keys(Containers)) await network.disconnect({ Container, Force: true });
    await network.remove();
  },
  'volume rm': async (agent) => {
    const volume = await agent.volume();
    // Refused while anybody uses it. Otherwise it is lost by this hand, and by no other.
    await agent.docker.getVolume(volume).remove();
    agent.removedVolumes.add(volume);
  },
  'container prune': (agent) =>
    agent.docker.pruneContainers({ filters: { label: [`stackctl-test-run=${agent.prey.world.instance}`] } }),
  'image untag': async ({ docker, prey }) => {
    await docker.getImage(prey.ownTag).remove({ force: false, noprune: true });
    await sleep(300);
    await tagAs(docker, SMALL_IMAGE, prey.ownTag);
  },
  'a container with our labels': async (agent) => {
    const { Config } = await (await agent.container()).inspect();
    const name = `${agent.stack()}-copy-${agent.number()}`;
    const copy = await agent.docker.createContainer({
      name,
      Image: SMALL_IMAGE,
      Cmd: ['sleep', '600'],
      StopSignal: 'SIGKILL',
      Labels: Config.Labels,
    });
    await copy.start();
  },
  'a container with our name': async (agent) => {
    const container = await agent.container();
    const { Name } = await container.inspect();
    await container.remove({ force: true, v: false });
    await agent.obstruct({ name: Name.slice(1) });
  },
  'a port stolen': async (agent) => {
    const { port } = agent.prey;
    for (const { Id, Ports } of await agent.docker.listContainers())
      if (Ports.some(({ PublicPort }) => PublicPort === port))
        await agent.docker.getContainer(Id).remove({ force: true, v: false });
    await agent.obstruct({ port });
  },
};

/** Somebody with docker who does everything that is not to be done, again and again, on the stacks of a world. */
export class Agent {
  readonly prey: AgentPrey;
  readonly docker: Docker;
  /** Volumes that it has removed itself. */
  readonly removedVolumes = new Set<string>();
  /** How often it did what. */
  readonly done = new Map<string, number>();
  readonly #dice: Dice;
  readonly #obstacles: Docker.Container[] = [];

  constructor(prey: AgentPrey, dice: Dice) {
    this.prey = prey;
    this.docker = prey.world.docker;
    this.#dice = dice;
  }

  /** One thing. What the engine refuses, because the daemon was quicker or it makes no sense, is not done. */
  async act(): Promise<void> {
    const name = this.#dice.pick(Object.keys(OPERATIONS));
    try {
      await OPERATIONS[name]?.(this);
      this.done.set(name, (this.done.get(name) ?? 0) + 1);
    } catch (error) {
      if ((error as { statusCode?: number }).statusCode === undefined && !(error instanceof NothingThere))
        throw error;
    }
    // Nobody keeps standing in the way for ever, or back-off would be all there is to see.
    if (this.#obstacles.length > 1) await this.rest();
  }

  /** Takes its own things away and puts the tag back: from now on nobody is in the way. */
  async rest(): Promise<void> {
    for (const obstacle of this.#obstacles.splice(0))
      await obstacle.remove({ force: true }).catch(ignoreRefusal);
    await tagAs(this.docker, SMALL_IMAGE, this.prey.ownTag);
  }

  number(): number {
    return this.#dice.whole(0, 999);
  }

  stack(): string {
    return this.#dice.pick(this.prey.stacks);
  }

  /** Any container of a stack, as long as there is one. */
  async container(): Promise<Docker.Container> {
    const filters = { label: [`${OURS.stack}=${this.stack()}`] };
    const all = await this.docker.listContainers({ all: true, filters });
    return this.docker.getContainer(this.#any(all.map(({ Id }) => Id)));
  }

  async network(): Promise<Docker.Network> {
    const filters = { label: [`${OURS.stack}=${this.stack()}`] };
    return this.docker.getNetwork(
      this.#any((await this.docker.listNetworks({ filters })).map(({ Id }) => Id)),
    );
  }

  async volume(): Promise<string> {
    const filters = { label: [`${OURS.stack}=${this.stack()}`] };
    const { Volumes } = await this.docker.listVolumes({ filters });
    return this.#any((Volumes ?? []).map(({ Name }) => Name));
  }

  #any(names: readonly string[]): string {
    if (names.length === 0) throw new NothingThere();
    return this.#dice.pick([...names].sort());
  }

  /** Puts something of somebody else's in the way, until it rests. */
  async obstruct({ name, port }: { name?: string; port?: number }): Promise<void> {
    const container = await this.docker.createContainer({
      ...(name === undefined ? {} : { name }),
      Image: SMALL_IMAGE,
      Cmd: ['sleep', '600'],
      StopSignal: 'SIGKILL',
      Labels: { 'stackctl-test-run': this.prey.world.instance },
      ExposedPorts: { '80/tcp': {} },
      HostConfig: { PortBindings: port === undefined ? {} : { '80/tcp': [{ HostPort: String(port) }] } },
    });
    this.#obstacles.push(container);
    await container.start();
  }
}

/** There is nothing of the kind at this moment. */
class NothingThere extends Error {}

function ignoreRefusal(error: { statusCode?: number }): void {
  if (error.statusCode === undefined) throw error;
}
