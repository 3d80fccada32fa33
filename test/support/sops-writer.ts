import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { armor, Encrypter, generateIdentity, identityToRecipient } from 'age-encryption';
import { parse, stringify } from 'yaml';

/** Writes files as `sops` does, for age recipients; it shares no code with what reads them. */
export class SopsWriter {
  readonly #recipients: readonly string[];

  constructor(...recipients: readonly string[]) {
    this.#recipients = recipients;
  }

  async dotenv(values: Readonly<Record<string, string>>): Promise<string> {
    const file = new Sealing();
    const lines = Object.entries(values).map(([key, value]) => `${key}=${file.seal(value, [key])}`);
    const block = await this.#block(file);
    const age = block.age.flatMap(({ recipient, enc }, index) => [
      `sops_age__list_${index}__map_enc=${enc.replaceAll('\n', '\\n')}`,
      `sops_age__list_${index}__map_recipient=${recipient}`,
    ]);
    const rest = Object.entries(block).flatMap(([key, value]) =>
      key === 'age' ? [] : [`sops_${key}=${String(value)}`],
    );
    return [...lines, ...age, ...rest, ''].join('\n');
  }

  async binary(content: string | Uint8Array): Promise<string> {
    const file = new Sealing();
    const data = file.seal(content, ['data']);
    return JSON.stringify({ data, sops: await this.#block(file) }, undefined, '\t');
  }

  /** Encrypts the values below keys that fit; all, when there is no pattern. */
  async yaml(text: string, pattern?: string): Promise<string> {
    const file = new Sealing();
    const visit = (value: unknown, keys: readonly string[]): unknown => {
      if (Array.isArray(value)) return value.map((item) => visit(item, keys));
      if (typeof value === 'object' && value !== null) {
        return Object.fromEntries(
          Object.entries(value).map(([key, each]) => [key, visit(each, [...keys, key])]),
        );
      }
      const isSealed = pattern === undefined || keys.some((key) => new RegExp(pattern).test(key));
      if (isSealed) return file.seal(value, keys);
      file.pass(value);
      return value;
    };
    const sealed = visit(parse(text), []) as object;
    const rule = pattern === undefined ? {} : { encrypted_regex: pattern };
    const block = stringify({ sops: { ...(await this.#block(file)), ...rule } }, { lineWidth: 0 });
    const quoted = block.replace(/(lastmodified: )(\S+)/, '$1"$2"');
    return stringify(sealed, { lineWidth: 0 }) + quoted;
  }

  async #block(file: Sealing) {
    const lastmodified = '2026-01-01T00:00:00Z';
    const age = await Promise.all(
      this.#recipients.map(async (recipient) => {
        const encrypter = new Encrypter();
        encrypter.addRecipient(recipient);
        return { recipient, enc: armor.encode(await encrypter.encrypt(file.dataKey)) };
      }),
    );
    return { age, lastmodified, mac: file.mac(lastmodified), version: '3.10.0' };
  }
}

class Sealing {
  readonly dataKey = randomBytes(32);
  readonly #hash = createHash('sha512');

  seal(value: unknown, keys: readonly string[]): string {
    this.pass(value);
    const type = { boolean: 'bool', number: Number.isInteger(value) ? 'int' : 'float' }[
      typeof value as 'boolean' | 'number'
    ];
    return this.#encrypt(bytesOf(value), `${keys.join(':')}:`, type ?? 'str');
  }

  pass(value: unknown): void {
    if (value !== null) this.#hash.update(bytesOf(value));
  }

  mac(lastModified: string): string {
    return this.#encrypt(Buffer.from(this.#hash.digest('hex').toUpperCase()), lastModified, 'str');
  }

  #encrypt(bytes: Uint8Array, bound: string, type: string): string {
    if (bytes.length === 0) return '';
    const iv = randomBytes(32);
    const cipher = createCipheriv('aes-256-gcm', this.dataKey, iv);
    cipher.setAAD(Buffer.from(bound));
    const data = Buffer.concat([cipher.update(bytes), cipher.final()]).toString('base64');
    const tag = cipher.getAuthTag().toString('base64');
    return `ENC[AES256_GCM,data:${data},iv:${iv.toString('base64')},tag:${tag},type:${type}]`;
  }
}

function bytesOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (typeof value === 'boolean') return Buffer.from(value ? 'True' : 'False');
  return Buffer.from(String(value));
}

/** A new identity in a file of its own, and who writes for it. */
export async function newAgeKey(path: string) {
  const identity = await generateIdentity();
  const recipient = await identityToRecipient(identity);
  await writeFile(path, `# public key: ${recipient}\n${identity}\n`, { mode: 0o600 });
  return { path, identity, recipient, sops: new SopsWriter(recipient) };
}
