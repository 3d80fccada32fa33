import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What the engine wants to know to log in to one registry. Never logged, never shown. */
export interface RegistryAuth {
  readonly username?: string;
  readonly password?: string;
  readonly identitytoken?: string;
  readonly serveraddress: string;
}

/** The key of Docker Hub in `config.json` and in X-Registry-Config. */
const HUB = 'https://index.docker.io/v1/';

/**
 * Logins from `config.json` of `docker login`, by registry. Only `auths` is read: credential helpers are
 * programs of the user's session, which a daemon has no business to run. A file that is missing or broken
 * means no login; the registry's answer then says so.
 */
export async function readRegistryAuths(configDirectory: string): Promise<ReadonlyMap<string, RegistryAuth>> {
  const auths = new Map<string, RegistryAuth>();
  const text = await readFile(join(configDirectory, 'config.json'), 'utf8').catch(() => '{}');
  for (const [key, entry] of Object.entries(parseAuths(text))) {
    const auth = readEntry(key, entry);
    if (auth !== undefined) auths.set(registryKey(key), auth);
  }
  return auths;
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
}

function parseAuths(text: string): Readonly<Record<string, AuthEntry | null>> {
  try {
    const config = JSON.parse(text) as { auths?: Record<string, AuthEntry | null> | null } | null;
    return config?.auths ?? {};
  } catch {
    return {};
  }
}

function readEntry(key: string, entry: AuthEntry | null): RegistryAuth | undefined {
  const serveraddress = key;
  if (typeof entry?.identitytoken === 'string' && entry.identitytoken !== '') {
    return { identitytoken: entry.identitytoken, serveraddress };
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
