// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Compose has templates of its own
import { describe, expect, it } from 'vitest';
import {
  hasVariable,
  isSecretName,
  isWrittenOut,
  looksSecret,
  secretDefaults,
  secretOptions,
} from '../../../src/lint/secrets.ts';

describe('names of secrets', () => {
  it.each([
    'PASSWORD',
    'POSTGRES_PASSWORD',
    'PGPASSWORD',
    'MYSQL_PWD',
    'DB_PASS',
    'JWT_SECRET',
    'SECRET_KEY_BASE',
    'apiKey',
    'OPENAI_API_KEY',
    'AWS_SECRET_ACCESS_KEY',
    'GITHUB_TOKEN',
    'app.password',
    'ADMIN_PASSWORD2',
  ])('%s is one', (name) => expect(isSecretName(name)).toBe(true));

  it.each([
    'PWD',
    'POSTGRES_PASSWORD_FILE',
    'TOKEN_URL',
    'PASSWORD_MIN_LENGTH',
    'MAX_TOKENS',
    'TOKENS_PER_MINUTE',
    'TOKEN_EXPIRY',
    'SECRET_BACKEND',
    'SECRET_NAME',
    'ALLOW_EMPTY_PASSWORD',
    'MYSQL_RANDOM_ROOT_PASSWORD',
    'AWS_ACCESS_KEY_ID',
    'COMPASS',
    'KEYBOARD',
    'TOKENIZERS_PARALLELISM',
    'PASSENGER_COUNT',
  ])('%s is none', (name) => expect(isSecretName(name)).toBe(false));
});

describe('values of secrets', () => {
  it.each(['hunter2', 'a$$b', 'correct horse'])('%s is written out', (value) =>
    expect(isWrittenOut(value)).toBe(true),
  );

  it.each(['', 'true', '123', '/run/secrets/x', '${PASSWORD}', '$PASSWORD', '$$PASSWORD', '<change me>'])(
    '%s is not',
    (value) => expect(isWrittenOut(value)).toBe(false),
  );

  it('tells a variable from a doubled dollar', () => {
    expect([hasVariable('a${B}'), hasVariable('$B'), hasVariable('a$$B'), hasVariable('5$')]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it.each([
    `sk-${'a1'.repeat(20)}`,
    `ghp_${'a'.repeat(36)}`,
    'AKIAIOSFODNN7EXAMPLE',
    'postgres://app:hunter2@db:5432/app',
    'redis://:hunter2@cache',
    '-----BEGIN RSA PRIVATE KEY-----',
  ])('%s is known by its form', (text) => expect(looksSecret(text)).toBe(true));

  it.each([
    'postgres://app:${PASSWORD}@db/app',
    'http://gateway:8000/a@b',
    'sk-this-is-a-name-of-some-thing-only',
    'https://example.org',
    'nginx:1.27',
  ])('%s is not', (text) => expect(looksSecret(text)).toBe(false));

  it('finds a default that is a secret', () => {
    expect(secretDefaults('MODE', 'x${DB_PASSWORD:-hunter2}y')).toEqual(['DB_PASSWORD']);
    expect(secretDefaults('PASSWORD', '${PW-hunter2}')).toEqual(['PW']);
    expect(secretDefaults('PASSWORD', '${PW:-}${PW:?set it}')).toEqual([]);
    expect(secretDefaults('MODE', '${MODE:-fast}')).toEqual([]);
  });

  it('finds options that are given a secret', () => {
    expect(secretOptions('redis-server --requirepass hunter2 --port 6379')).toEqual(['requirepass']);
    expect(secretOptions('app --api-token="abc123" --token-file /x --password $$PW')).toEqual(['api-token']);
    expect(secretOptions('redis-cli -h cache -a hunter2 ping')).toEqual(['a']);
    expect(secretOptions('redis-cli -a $$PW ping; app --password')).toEqual([]);
  });

  it('is done with any text soon, however it is made', () => {
    const words = ['sk-', 'eyJ-', 'a.', '--password', 'glpat-', '|| true ', '_max', 'a(', '${A:-', '://a:'];
    for (const word of words) {
      const long = word.repeat(1_000_000 / word.length);
      expect(() => [
        looksSecret(long),
        secretOptions(long),
        isSecretName(long),
        secretDefaults(long, long),
      ]).not.toThrow();
    }
  }, 20_000);
});
