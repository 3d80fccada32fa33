import type { ContainerInspectInfo } from 'dockerode';
import { expect } from 'vitest';
import type { Condition, ConditionType, ServiceStatus, StackEvent } from '../../src/model/status.ts';
import { type Identity, identityOf, inspectOf } from './engine-view.ts';
import { eventually } from './eventually.ts';
import type { Ran, World } from './stackctld.ts';

/** One stack that a test applies: what is done with it, and what its user and the engine show of it. */
export class TestStack {
  readonly name: string;
  readonly #world: World;

  constructor(world: World, name: string) {
    this.name = name;
    this.#world = world;
  }

  /** `stackctl apply` of this Compose text. */
  async apply(text: string, ...more: string[]): Promise<Ran> {
    const path = await this.#world.file(`${this.name}/compose.yaml`, `name: ${this.name}\n${text}`);
    return this.#world.ctl('apply', '-f', path, '--timeout', '60s', ...more);
  }

  /** The same of what has to work. */
  async applied(text: string): Promise<void> {
    const ran = await this.apply(text);
    expect(ran.code, ran.stderr).toBe(0);
  }

  /** The same of what is not waited for. */
  async applying(text: string): Promise<void> {
    const ran = await this.apply(text, '--wait=false');
    expect(ran.code, ran.stderr).toBe(0);
  }

  container(service: string): string {
    return `${this.name}-${service}-1`;
  }

  inspect(service: string): Promise<ContainerInspectInfo> {
    return this.#world.docker.getContainer(this.container(service)).inspect();
  }

  identity(service: string): Promise<Identity> {
    return identityOf(this.#world.docker, this.container(service));
  }

  /** False as well when there is no such container. */
  async isRunning(service: string): Promise<boolean> {
    return (await inspectOf(this.#world.docker, this.container(service)))?.State.Running === true;
  }

  untilRunning(service: string): Promise<true> {
    return this.#until(`${service} runs`, async () => ((await this.isRunning(service)) ? true : undefined));
  }

  async service(name: string): Promise<ServiceStatus | undefined> {
    return (await this.#world.status(this.name))?.services.find((service) => service.name === name);
  }

  async condition(type: ConditionType): Promise<Condition | undefined> {
    return (await this.#world.status(this.name))?.conditions.find((condition) => condition.type === type);
  }

  /** Waits until a service is in this state, and what is said about it matches. */
  untilService(name: string, state: string, message = /(?:)/): Promise<ServiceStatus> {
    return this.#until(`${name} is ${state}, with ${message}`, async () => {
      const service = await this.service(name);
      return service?.state === state && message.test(service.message) ? service : undefined;
    });
  }

  untilCondition(type: ConditionType, reason: string, message = /(?:)/): Promise<Condition> {
    return this.#until(`${type} says ${reason}, with ${message}`, async () => {
      const condition = await this.condition(type);
      return condition?.reason === reason && message.test(condition.message) ? condition : undefined;
    });
  }

  /** Waits until an event of this reason tells of an object, and answers what it tells. */
  untilEvent(reason: string, object: string, message = /(?:)/): Promise<StackEvent> {
    return this.#until(`an event ${reason} of ${object}, with ${message}`, async () =>
      (await this.#world.events(this.name)).find(
        (event) => event.reason === reason && event.object === object && message.test(event.message),
      ),
    );
  }

  /** Names of its containers, of any state, and their ids. */
  async ids(): Promise<Readonly<Record<string, string>>> {
    const filters = { label: [`io.stackctl.stack=${this.name}`] };
    const all = await this.#world.docker.listContainers({ all: true, filters });
    return Object.fromEntries(all.map(({ Id, Names }) => [Names[0]?.slice(1) ?? '', Id]));
  }

  async delete(): Promise<void> {
    const ran = await this.#world.ctl('delete', this.name, '--volumes', '--ignore-not-found');
    expect(ran.code, ran.stderr).toBe(0);
  }

  /** With the status in the failure: what a user would look at. */
  #until<Answer>(what: string, ask: () => Promise<Answer | undefined>): Promise<Answer> {
    return eventually(what, ask, { withinMs: 60_000, everyMs: 100 }).catch(async (error: Error) => {
      const { stdout } = await this.#world.ctl('describe', 'stack', this.name);
      throw new Error(`${error.message}\n${stdout}`);
    });
  }
}
