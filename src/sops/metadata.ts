/** One data key, encrypted for one age recipient. */
export interface AgeKey {
  readonly recipient: string;
  /** An age file, armored. */
  readonly enc: string;
}

/** Which values are encrypted: those below a key that fits, or all but those. */
export interface SealingRule {
  readonly by: 'suffix' | 'regex';
  readonly pattern: string;
  readonly encrypts: 'matching' | 'others';
}

/** What the `sops` block of a file says. */
export interface SopsMetadata {
  readonly mac: string;
  /** Authenticates the MAC, as it is written. */
  readonly lastModified: string;
  readonly age: readonly AgeKey[];
  /** Key services that hold the data key too: `pgp`, `kms`. */
  readonly otherServices: readonly string[];
  readonly rule: SealingRule;
  readonly macOnlyEncrypted: boolean;
}

export type ReadMetadata =
  | { readonly ok: true; readonly metadata: SopsMetadata }
  | {
      readonly ok: false;
      readonly code: 'SopsBroken' | 'SopsUnsupported';
      readonly message: string;
      readonly hint: string;
    };

const SERVICES = ['pgp', 'kms', 'gcp_kms', 'hckms', 'azure_kv', 'hc_vault'] as const;
const COMMENT_RULES = ['encrypted_comment_regex', 'unencrypted_comment_regex'] as const;
const RULES = {
  unencrypted_suffix: { by: 'suffix', encrypts: 'others' },
  encrypted_suffix: { by: 'suffix', encrypts: 'matching' },
  unencrypted_regex: { by: 'regex', encrypts: 'others' },
  encrypted_regex: { by: 'regex', encrypts: 'matching' },
} as const;
const DEFAULT_RULE: SealingRule = { by: 'suffix', encrypts: 'others', pattern: '_unencrypted' };
/** Each is tried with each identity. */
const MAX_RECIPIENTS = 256;

/** Reads the block as plain values: nested as in YAML, or flattened as in dotenv and INI (`age__list_0__map_enc`). */
export function readMetadata(block: unknown): ReadMetadata {
  if (!isRecord(block)) return broken('its sops block is no mapping');
  const fields = unflatten(block);
  const { mac, lastmodified: lastModified } = fields;
  if (typeof mac !== 'string' || typeof lastModified !== 'string') {
    return broken('its sops block has no mac, or no lastmodified');
  }
  const groups = listOf(fields['key_groups']);
  if (groups.length > 1) {
    return unsupported(
      `its key is split among ${groups.length} key groups (Shamir)`,
      'encrypt it for one group: sops groups delete, or a .sops.yaml without key_groups',
    );
  }
  const comment = COMMENT_RULES.find((name) => isGiven(fields[name]));
  if (comment !== undefined) {
    return unsupported(`${comment} is not supported`, 'choose what is encrypted with encrypted_regex');
  }
  const rules = Object.entries(RULES).filter(([name]) => isGiven(fields[name]));
  if (rules.length > 1) {
    return broken(`its sops block has ${rules.map(([name]) => name).join(' and ')}, where one is allowed`);
  }
  const [rule] = rules.map(([name, kind]): SealingRule => ({ ...kind, pattern: String(fields[name]) }));
  const holders = [fields, ...groups.filter(isRecord)];
  const age = holders.flatMap((holder) => listOf(holder['age']).flatMap(ageKey));
  if (age.length > MAX_RECIPIENTS) return broken(`it has more than ${MAX_RECIPIENTS} age recipients`);
  const metadata: SopsMetadata = {
    mac,
    lastModified,
    age,
    otherServices: SERVICES.filter((name) => holders.some((holder) => listOf(holder[name]).length > 0)),
    rule: rule ?? DEFAULT_RULE,
    macOnlyEncrypted: String(fields['mac_only_encrypted'] ?? 'false').toLowerCase() === 'true',
  };
  return { ok: true, metadata };
}

type Fields = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isGiven = (value: unknown): boolean => typeof value === 'string' && value !== '';

/** Flattened lists are mappings by index. */
function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return isRecord(value) ? Object.values(value) : [];
}

function ageKey(entry: unknown): readonly AgeKey[] {
  if (!isRecord(entry)) return [];
  const { recipient, enc } = entry;
  return typeof recipient === 'string' && typeof enc === 'string' ? [{ recipient, enc }] : [];
}

/** Keys that are not flattened stay as they are. */
function unflatten(block: Fields): Fields {
  const root: Record<string, unknown> = Object.create(null);
  for (const [key, value] of Object.entries(block)) {
    const steps = key.split(/__(?:map|list)_/);
    let into = root;
    for (const step of steps.slice(0, -1)) {
      const next = into[step];
      const child: Record<string, unknown> = isRecord(next) ? next : Object.create(null);
      into[step] = child;
      into = child;
    }
    into[steps.at(-1) ?? key] = value;
  }
  return root;
}

const broken = (message: string): ReadMetadata => ({
  ok: false,
  code: 'SopsBroken',
  message,
  hint: 'encrypt it again with sops; a part of it may be missing',
});

const unsupported = (message: string, hint: string): ReadMetadata => ({
  ok: false,
  code: 'SopsUnsupported',
  message,
  hint,
});
