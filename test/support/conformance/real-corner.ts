import { request as httpRequest, type IncomingMessage } from 'node:http';
import { createDockerEngine } from '../../../src/engine/docker/docker-engine.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import type { StackName } from '../../../src/model/names.ts';
import { eventually } from '../eventually.ts';
import { SILENT } from '../lab.ts';
import type { Profile } from '../simulated/objects.ts';
import { type Answer, type Corner, type HeardEvent, NO_ANSWER } from './corner.ts';
import { type ApiRequest, requestFor } from './docker-requests.ts';
import { Names } from './names.ts';
import type { DockerOperation, EngineOperation } from './operation.ts';

/** What can be done to the engine itself. Only one of our own is ever restarted. */
export interface EngineControl {
  restart(operation: EngineOperation): Promise<void>;
}

export interface RealCornerOptions {
  /** `unix:///path` or `tcp://host:port` */
  readonly host: string;
  readonly stack: StackName;
  readonly instance: string;
  readonly image: string;
  /** Of its ports and subnets, where several corners are used at the same time. */
  readonly place?: number;
  readonly control?: EngineControl;
  /** Removes what a test run left. */
  readonly sweep: () => Promise<unknown>;
}

/** Of a pause that meets a probe. */
const MOST_TRIES = 10;

interface WireEvent {
  readonly Type: string;
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes?: Readonly<Record<string, string>> };
}

/** A corner of a Docker Engine: the port is our adapter, a person's hand is plain HTTP. */
export class RealCorner implements Corner {
  readonly profile: Profile;
  readonly names: Names;
  readonly engine: Engine;
  readonly other: Engine;
  readonly #options: RealCornerOptions;
  readonly #apiVersion: string;
  readonly #ids = new Set<string>();
  readonly #marks = new Set<string>();
  #events: HeardEvent[] = [];
  #stream: IncomingMessage | undefined;
  #isDone = false;

  private constructor(options: RealCornerOptions, apiVersion: string) {
    const { host, instance } = options;
    this.#options = options;
    this.#apiVersion = apiVersion;
    this.profile = apiVersion === '1.41' ? '20.10' : '28';
    this.names = new Names(options, options.place);
    this.engine = createDockerEngine({ host, instance, log: SILENT });
    this.other = createDockerEngine({ host, instance: `${instance}-other`, log: SILENT });
  }

  static async create(options: RealCornerOptions): Promise<RealCorner> {
    const probe = createDockerEngine({ host: options.host, instance: options.instance, log: SILENT });
    const { apiVersion } = await probe.connect(new AbortController().signal);
    const corner = new RealCorner(options, apiVersion);
    await corner.#listen();
    return corner;
  }

  async docker(operation: DockerOperation): Promise<Answer> {
    const request = requestFor(this.names, this.#apiVersion, operation);
    const answer = await this.#ask(request);
    if (operation.docker !== 'run' || answer.id === undefined) return answer;
    const started = await this.#call({ method: 'POST', path: `/containers/${answer.id}/start` });
    return { ...started, id: answer.id };
  }

  async restart(operation: EngineOperation): Promise<void> {
    const { control } = this.#options;
    if (control === undefined) throw new Error('this engine is not ours to restart');
    this.#stream?.destroy();
    await control.restart(operation);
    this.#events = [];
    await this.#listen();
  }

  events(): readonly HeardEvent[] {
    return this.#events.filter(({ kind, name }) => kind !== 'volume' || this.#isOurVolume(name));
  }

  /** One without a name is known once a container of ours was seen with it. */
  #isOurVolume(name: string): boolean {
    return name.startsWith(`${this.names.stack}_`) || this.names.isKnown(name);
  }

  forgetEvents(): void {
    this.#events = [];
  }

  /** Whoever compares looks again until it is as expected. */
  async settle(): Promise<void> {}

  async dispose(): Promise<void> {
    this.#isDone = true;
    this.#stream?.destroy();
    await this.#options.sweep();
    for (const volume of await this.#leftVolumes())
      await this.#call({ method: 'DELETE', path: `/volumes/${volume}` });
    for (const image of await this.#leftImages())
      await this.#call({
        method: 'DELETE',
        path: `/images/${encodeURIComponent(image)}`,
        query: { force: true },
      });
  }

  /** Volumes that the engine made by itself bear no label of ours. */
  async #leftVolumes(): Promise<readonly string[]> {
    const { body } = await this.#send({ method: 'GET', path: '/volumes' });
    const { Volumes } = body as { readonly Volumes: readonly { readonly Name: string }[] | null };
    return (Volumes ?? []).map(({ Name }) => Name).filter((name) => this.#isOurVolume(name));
  }

  async #leftImages(): Promise<readonly string[]> {
    const { body } = await this.#send({ method: 'GET', path: '/images/json' });
    return (body as readonly { readonly RepoTags?: readonly string[] | null }[])
      .flatMap(({ RepoTags }) => RepoTags ?? [])
      .filter((tag) => tag.startsWith(this.names.image('').slice(0, -':1'.length)));
  }

  /** A process that starts another, as a probe does, can often not be frozen: that is chance, and asked again. */
  async #ask(request: ApiRequest): Promise<Answer> {
    for (let tries = 1; ; tries += 1) {
      const answer = await this.#call(request).catch((thrown: NodeJS.ErrnoException) => {
        if (thrown.code !== 'ECONNRESET') throw thrown;
        return NO_ANSWER;
      });
      if (!answer.words.includes('unable to freeze') || tries === MOST_TRIES) return answer;
    }
  }

  async #call(request: ApiRequest): Promise<Answer> {
    const { status, body } = await this.#send(request);
    const { message = '', Id } = (body ?? {}) as { readonly message?: string; readonly Id?: string };
    if (Id !== undefined) this.#ids.add(Id);
    return { status, words: message, ...(Id === undefined ? {} : { id: Id }) };
  }

  async #send(request: ApiRequest): Promise<{ readonly status: number; readonly body: unknown }> {
    const response = await this.#open(request);
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('utf8').trim();
    return { status: response.statusCode ?? 0, body: text === '' ? undefined : JSON.parse(text) };
  }

  #open({ method, path, query = {}, body }: ApiRequest): Promise<IncomingMessage> {
    const given = Object.entries(query).filter(([, value]) => value !== undefined);
    const search = new URLSearchParams(Object.fromEntries(given.map(([key, value]) => [key, String(value)])));
    const { host } = this.#options;
    const where = host.startsWith('unix://')
      ? { socketPath: host.slice('unix://'.length) }
      : { host: new URL(host).hostname, port: new URL(host).port };
    return new Promise((resolve, reject) => {
      const sent = httpRequest(
        {
          ...where,
          agent: false,
          method,
          path: `/v${this.#apiVersion}${path}?${search}`,
          headers: body === undefined ? {} : { 'content-type': 'application/json' },
        },
        resolve,
      );
      sent.on('error', reject);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  async #listen(): Promise<void> {
    const filters = JSON.stringify({ type: ['container', 'network', 'volume', 'image'] });
    const stream = await this.#open({ method: 'GET', path: '/events', query: { filters } });
    this.#stream = stream;
    let rest = '';
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.#hear(JSON.parse(line) as WireEvent);
    });
    stream.on('error', () => undefined);
    stream.on('close', () => {
      if (!this.#isDone && this.#stream === stream)
        this.#events.push({ kind: 'stream', action: 'broke', name: '' });
    });
    await this.#heardSomething();
  }

  /** An engine that has answered may still need a moment until it tells of what happens: until then, again. */
  async #heardSomething(): Promise<void> {
    const Name = this.#mark;
    await eventually('the engine tells of a volume', async () => {
      await this.#call({ method: 'POST', path: '/volumes/create', body: { Name } });
      await this.#call({ method: 'DELETE', path: `/volumes/${Name}` });
      return this.#marks.has('destroy') ? true : undefined;
    });
    this.#marks.clear();
  }

  get #mark(): string {
    return `${this.names.stack}_mark`;
  }

  #hear({ Type: kind, Action: action, Actor: { ID, Attributes = {} } }: WireEvent): void {
    const { name = ID, container } = Attributes;
    if (action.startsWith('exec_')) return;
    if (name === this.#mark) {
      this.#marks.add(action);
      return;
    }
    const { stack } = this.names;
    const isOurs = [name, ID].some(
      (each) => each.startsWith(`${stack}_`) || each.startsWith(`${stack}-`) || each.includes(`/${stack}-`),
    );
    const isOfOurs = container !== undefined && this.#ids.has(container);
    if (kind === 'container' && isOurs) this.#ids.add(ID);
    if (isOurs || isOfOurs || kind === 'volume') this.#events.push({ kind, action, name });
  }
}
