import { expect } from 'vitest';
import type { World } from './stackctld.ts';

export const plain = (name: string, more = '') => `
name: ${name}
services:
  web:
    image: stackctl.local/busybox:1
    restart: unless-stopped
${more}`;

/** It works so many seconds after its start. */
export const slow = (name: string, afterS = 1) =>
  plain(
    name,
    `    command: [sh, -c, "sleep ${afterS}; touch /tmp/works; exec pause"]
    healthcheck: {test: [CMD, test, -e, /tmp/works], interval: 1s, timeout: 1s, retries: 60}`,
  );

/** The stacks that one file of tests applies, and what the engine shows of them. */
export class AppliedStacks {
  readonly #world: World;
  readonly #names: string[] = [];
  #count = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** A name that no other test has. */
  newName(): string {
    this.#count += 1;
    const name = `a${this.#world.unique}${this.#count}`;
    this.#names.push(name);
    return name;
  }

  /** Applies a stack that is there then, ready. */
  async applied(text: (name: string) => string): Promise<{ stack: string; path: string }> {
    const stack = this.newName();
    const path = await this.#world.file(`${stack}/compose.yaml`, text(stack));
    expect(await this.#world.ctl('apply', '-f', path)).toMatchObject({ code: 0 });
    return { stack, path };
  }

  /** Deletes those of a test that is over: an engine's address pools have room for 16 to 31 networks only. */
  async deleteAll(): Promise<void> {
    const names = this.#names.splice(0);
    if (names.length > 0) await this.#world.ctl('delete', ...names, '--volumes', '--ignore-not-found');
  }

  async containers(stack: string) {
    const live = await this.#world.docker.listContainers({ all: true, filters: ofStack(stack) });
    return live.map(({ Id, Names, State }) => ({ id: Id, name: Names[0]?.slice(1) ?? '', state: State }));
  }

  async volumes(stack: string): Promise<readonly string[]> {
    const { Volumes } = await this.#world.docker.listVolumes({ filters: ofStack(stack) });
    return (Volumes ?? []).map(({ Name }) => Name);
  }

  async networks(stack: string): Promise<readonly string[]> {
    return (await this.#world.docker.listNetworks({ filters: ofStack(stack) })).map(({ Name }) => Name);
  }

  /** Runs a command that must not change the engine, and asserts that it did not. */
  async withoutWrites<Answer>(act: () => Promise<Answer>): Promise<Answer> {
    const before = this.#world.proxy.writes().length;
    const answer = await act();
    expect(this.#world.proxy.writes().slice(before)).toEqual([]);
    return answer;
  }
}

const ofStack = (stack: string) => ({ label: [`io.stackctl.stack=${stack}`] });
