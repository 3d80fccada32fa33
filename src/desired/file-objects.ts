import { posix } from 'node:path';
import type { ComposeFileObject, ComposeFileReference } from '../compose/model.ts';
import type { MountConfig } from '../model/container.ts';
import type { InjectedFile } from '../model/desired.ts';
import { ownValue } from '../model/own-value.ts';
import type { ServiceContext } from './context.ts';
import { sortedBy } from './defined.ts';
import { keyedDigest, sha256 } from './hash.ts';

type Kind = 'configs' | 'secrets';

/** Where a config or secret lands when the service does not say (Compose specification). */
const DEFAULT_DIRECTORY: Readonly<Record<Kind, string>> = { configs: '/', secrets: '/run/secrets' };
const DEFAULT_MODE = 0o444;

export interface FilePlan {
  /** Configs and secrets from files of the host: read-only binds. */
  readonly mounts: readonly MountConfig[];
  /** Inline ones, those from variables and those from encrypted files: put into the container before its first start. */
  readonly injected: readonly InjectedFile[];
  /** By target, a digest of what the file says: part of the hash, so that new content makes new containers. */
  readonly digests: Readonly<Record<string, string>>;
}

interface Use {
  readonly kind: Kind;
  readonly reference: ComposeFileReference;
  readonly object: ComposeFileObject;
  readonly target: string;
  /** Of the reference: `services.web.secrets[0]`. */
  readonly path: string;
}

/** The configs and secrets of a service. */
export function filePlan(context: ServiceContext): FilePlan {
  const uses = [...usesOf(context, 'configs'), ...usesOf(context, 'secrets')];
  const mounts: MountConfig[] = [];
  const injected: InjectedFile[] = [];
  const digests: Record<string, string> = {};
  for (const use of uses) {
    const content = use.object.file === undefined ? undefined : decrypted(context, use.object.file);
    if (content === 'failed') continue;
    if (use.object.file !== undefined && content === undefined) {
      mounts.push({ Type: 'bind', Source: use.object.file, Target: use.target, ReadOnly: true });
      digests[use.target] = fileDigest(context, use, use.object.file);
      continue;
    }
    const file = injectedFile(context, use, content);
    if (file === undefined) continue;
    injected.push(file);
    digests[use.target] = contentDigest(context, file.secret, sha256(file.content));
  }
  checkPlaces(context, uses, injected);
  return { mounts, injected: sortedBy(injected, ({ target }) => target), digests };
}

function usesOf(context: ServiceContext, kind: Kind): readonly Use[] {
  return (context.service[kind] ?? []).flatMap((reference, index) => {
    const path = `${context.path}.${kind}[${index}]`;
    const object = ownValue(context.request.project[kind], reference.source);
    if (object === undefined) {
      context.report.error(path, {
        code: 'UnknownReference',
        message: `there is no ${kind === 'configs' ? 'config' : 'secret'} ${reference.source}`,
        hint: `declare it under ${kind}`,
      });
      return [];
    }
    const given = reference.target ?? reference.source;
    const target = posix.resolve(DEFAULT_DIRECTORY[kind], given);
    return [{ kind, reference, object, target, path }];
  });
}

/** The key is used for secrets only: configs are no secret, and their hash survives a lost key. */
function contentDigest(context: ServiceContext, isSecret: boolean, digest: string): string {
  return isSecret ? keyedDigest(context.request.secretKey, digest) : digest;
}

function fileDigest(context: ServiceContext, use: Use, file: string): string {
  const { files, report } = context;
  const { uid, gid, mode } = use.reference;
  if ((uid ?? gid ?? mode) !== undefined) {
    report.warn(use.path, {
      code: 'IgnoredAttribute',
      message: 'uid, gid and mode have no effect on a file of the host, which keeps its own',
      hint: 'set them on the file itself',
    });
  }
  const isDirectory = files.kind(file) === 'directory';
  const digest = isDirectory ? files.digestContext(file, undefined) : files.digestFile(file);
  if (digest === undefined) {
    report.error(use.path, {
      code: 'FileUnreadable',
      message: `${file} of ${use.kind}.${use.reference.source} cannot be read`,
      hint: 'create the file, or correct its path',
    });
  }
  return contentDigest(context, use.kind === 'secrets', digest ?? '');
}

/** What an encrypted file said before; undefined for one that is not. */
function decrypted({ files, report }: ServiceContext, file: string): Uint8Array | 'failed' | undefined {
  if (files.kind(file) !== 'file') return undefined;
  const read = files.readText(file);
  if (read.ok) return read.content;
  if (read.problem === undefined) return undefined;
  report.add(read.problem);
  return 'failed';
}

type Content = Pick<InjectedFile, 'content' | 'encoding'>;

function injectedFile(
  context: ServiceContext,
  use: Use,
  decryptedContent: Uint8Array | undefined,
): InjectedFile | undefined {
  const text = decryptedContent === undefined ? contentOf(context, use) : asContent(decryptedContent);
  if (text === undefined) return undefined;
  const owner = [use.reference.uid ?? '0', use.reference.gid ?? '0'].map(Number);
  const mode = use.reference.mode === undefined ? DEFAULT_MODE : Number.parseInt(use.reference.mode, 8);
  const [uid = 0, gid = 0] = owner;
  if (![uid, gid, mode].every((number) => Number.isSafeInteger(number) && number >= 0)) {
    context.report.error(use.path, {
      code: 'InvalidValue',
      message: 'uid and gid must be numbers, and mode an octal number',
      hint: 'write uid: "1000", mode: 0440',
    });
    return undefined;
  }
  const secret = use.kind === 'secrets' || decryptedContent !== undefined;
  return { target: use.target, ...text, uid, gid, mode, secret };
}

/** What is no text travels as Base64. */
function asContent(bytes: Uint8Array): Content {
  const buffer = Buffer.from(bytes);
  const content = buffer.toString('utf8');
  if (Buffer.from(content).equals(buffer)) return { content };
  return { content: buffer.toString('base64'), encoding: 'base64' };
}

function contentOf(context: ServiceContext, use: Use): Content | undefined {
  const { kind, object, reference } = use;
  const name = `${kind}.${reference.source}`;
  // Reported by the table of capabilities.
  if (object.external === true) return undefined;
  const content = object.content ?? ownValue(context.request.contents, name);
  if (content === undefined) {
    context.report.error(use.path, {
      code: 'MissingValue',
      message:
        object.environment === undefined
          ? `${name} has no content`
          : `the variable ${object.environment} of ${name} is not set`,
      hint: 'give it a file, or set the variable in env or envFile of the stack',
    });
    return undefined;
  }
  if (content === '' && kind === 'secrets') {
    context.report.error(use.path, {
      code: 'EmptySecret',
      message: `${name} is empty`,
      hint: 'set its variable, or take the secret out',
    });
    return undefined;
  }
  return { content };
}

/** A place that something else takes, and content that the engine could not put there. */
function checkPlaces(context: ServiceContext, uses: readonly Use[], injected: readonly InjectedFile[]): void {
  const { service, report } = context;
  const tmpfsTargets = [
    ...(service.tmpfs ?? []).map((entry) => entry.split(':')[0] ?? entry),
    ...(service.volumes ?? []).filter(({ type }) => type === 'tmpfs').map(({ target }) => target),
  ];
  const taken = new Set((service.volumes ?? []).map(({ target }) => target));
  for (const { target, path } of uses) {
    if (taken.has(target)) {
      report.error(path, {
        code: 'DuplicateMountTarget',
        message: `${target} is mounted twice`,
        hint: 'give one of them another target',
      });
    }
    taken.add(target);
    if (!injected.some((file) => file.target === target)) continue;
    if (service.read_only === true) {
      report.error(path, {
        code: 'Unsupported',
        message: `${target} cannot be put into a container whose root is read-only: the engine refuses it`,
        hint: 'give it as a file that is not encrypted, which is mounted, or take read_only away',
      });
    }
    const above = tmpfsTargets.find((directory) => target.startsWith(`${directory.replace(/\/$/, '')}/`));
    if (above !== undefined) {
      report.error(path, {
        code: 'Unsupported',
        message: `${target} would vanish under the tmpfs at ${above}`,
        hint: 'give it another target, or give it as a file that is not encrypted, which is mounted',
      });
    }
  }
}
