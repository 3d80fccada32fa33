import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asFailure, type Failure } from '../../model/failure.ts';
import { askCredentialHelper } from './credential-helper.ts';

/** What the engine wants to know to log in to one registry. Never logged, never shown. */
export interface RegistryAuth {
  readonly username?: string;
  readonly password?: string;
  readonly identitytoken?: string;
  readonly registrytoken?: string;
  readonly serveraddress: string;
}

/** The key of Docker Hub in `config.json` and in X-Registry-Config. */
const HUB = 'https://index.docker.io/v1/';
/** The user name with which a helper says that its secret is an identity token. */
const TOKEN_USER = '<token>';

/**
 * The login for one registry as `docker login` left it in `config.json`: from the registry's own credential helper
 * (`credHelpers`), else from that of all (`credsStore`), else, or when the helper knows none, from `auths`. Throws when
 * a helper cannot be asked.
 */
export async function readRegistryAuth(
  configDirectory: string,
  registry: string,
  ask = askCredentialHelper,
): Promise<RegistryAuth | undefined> {
  return loginOf(await readLogins(configDirectory), registry, ask);
}

/**
 * All logins that `config.json` names a registry for: a build may need any of them. A helper that cannot be asked for
 * one leaves out that one.
 */
export async function readRegistryAuths(
  configDirectory: string,
  onFailure: (failure: Failure) => void,
  ask = askCredentialHelper,
): Promise<ReadonlyMap<string, RegistryAuth>> {
  const logins = await readLogins(configDirectory);
  const registries = [...new Set([...logins.auths.keys(), ...logins.helpers.keys()])];
  const found = await Promise.all(
    registries.map(async (registry) => {
      try {
        const auth = await loginOf(logins, registry, ask);
        return auth === undefined ? [] : [[registry, auth] as const];
      } catch (thrown) {
        onFailure(asFailure(thrown));
        return [];
      }
    }),
  );
  return new Map(found.flat());
}

/** The registry an image reference points to, as a key of `readRegistryAuths`. */
export function registryOf(imageRef: string): string {
  const [first = '', ...rest] = imageRef.split('/');
  const isHost = rest.length > 0 && (first.includes('.') || first.includes(':') || first === 'localhost');
  return isHost ? registryKey(first) : HUB;
}

/** For the headers X-Registry-Auth and X-Registry-Config: URL-safe base64 of the JSON, padded. */
export function authHeader(value: object): string {
  const base64 = Buffer.from(JSON.stringify(value)).toString('base64');
  return base64.replaceAll('+', '-').replaceAll('/', '_');
}

function registryKey(key: string): string {
  if (key === HUB) return HUB;
  const host = key.replace(/^https?:\/\//, '').split('/')[0] ?? key;
  return /^(index\.|registry-1\.)?docker\.io$/.test(host) ? HUB : host;
}

interface AuthEntry {
  readonly auth?: unknown;
  readonly username?: unknown;
  readonly password?: unknown;
  readonly identitytoken?: unknown;
  readonly registrytoken?: unknown;
}

/** `config.json`, by registry. */
interface Logins {
  /** Also registries without a login here: where a helper has it, `docker login` leaves an empty entry. */
  readonly auths: ReadonlyMap<string, RegistryAuth | undefined>;
  readonly helpers: ReadonlyMap<string, string>;
  /** Of all registries that have no helper of their own. */
  readonly store: string | undefined;
}

/** A file that is missing or broken means no login; the registry's answer then says so. */
async function readLogins(configDirectory: string): Promise<Logins> {
  const text = await readFile(join(configDirectory, 'config.json'), 'utf8').catch(() => '{}');
  const { auths, credHelpers, credsStore } = parseConfig(text);
  return {
    auths: new Map(
      Object.entries(auths ?? {}).map(([key, entry]) => [registryKey(key), readEntry(key, entry)]),
    ),
    helpers: new Map(
      Object.entries(credHelpers ?? {}).flatMap(([key, name]) =>
        typeof name === 'string' && name !== '' ? [[registryKey(key), name] as const] : [],
      ),
    ),
    store: typeof credsStore === 'string' && credsStore !== '' ? credsStore : undefined,
  };
}

interface ConfigFile {
  readonly auths?: Readonly<Record<string, AuthEntry | null>> | null;
  readonly credHelpers?: Readonly<Record<string, unknown>> | null;
  readonly credsStore?: unknown;
}

function parseConfig(text: string): ConfigFile {
  try {
    return (JSON.parse(text) as ConfigFile | null) ?? {};
  } catch {
    return {};
  }
}

async function loginOf(
  logins: Logins,
  registry: string,
  ask: typeof askCredentialHelper,
): Promise<RegistryAuth | undefined> {
  const helper = logins.helpers.get(registry) ?? logins.store;
  const answer = helper === undefined ? undefined : await ask(helper, registry);
  if (answer === undefined) return logins.auths.get(registry);
  const serveraddress = registry;
  return answer.username === TOKEN_USER
    ? { identitytoken: answer.secret, serveraddress }
    : { username: answer.username, password: answer.secret, serveraddress };
}

function readEntry(key: string, entry: AuthEntry | null): RegistryAuth | undefined {
  const serveraddress = key;
  if (typeof entry?.identitytoken === 'string' && entry.identitytoken !== '') {
    return { identitytoken: entry.identitytoken, serveraddress };
  }
  if (typeof entry?.registrytoken === 'string' && entry.registrytoken !== '') {
    return { registrytoken: entry.registrytoken, serveraddress };
  }
  if (typeof entry?.username === 'string' && typeof entry.password === 'string') {
    return { username: entry.username, password: entry.password, serveraddress };
  }
  if (typeof entry?.auth !== 'string') return undefined;
  const pair = Buffer.from(entry.auth, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  if (colon < 1) return undefined;
  return {
    username: pair.slice(0, colon),
    password: pair.slice(colon + 1).replace(/\0+$/, ''),
    serveraddress,
  };
}
