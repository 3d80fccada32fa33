import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { askCredentialHelper } from '../../../../src/engine/docker/credential-helper.ts';
import { asFailure, type Failure } from '../../../../src/model/failure.ts';
import { eventually } from '../../../support/eventually.ts';

const SECRET = 'hunter2';
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'stackctl-helper-'));
  vi.stubEnv('PATH', `${directory}${delimiter}${process.env['PATH'] ?? ''}`);
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true, force: true });
});

function helper(name: string, script: string, mode = 0o755): string {
  const path = join(directory, `docker-credential-${name}`);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, mode);
  return name;
}

async function failureOf(name: string, patienceMs?: number): Promise<Failure> {
  const failure = await askCredentialHelper(name, 'registry.example', patienceMs).then(
    (login) => {
      throw new Error(`it answered ${JSON.stringify(login)}`);
    },
    (thrown: unknown) => asFailure(thrown),
  );
  expect(failure.kind).toBe('refused');
  expect(`${failure.message} ${failure.hint}`).not.toContain(SECRET);
  return failure;
}

test('it is asked with `get` and the registry on stdin, and answers JSON', async () => {
  const name = helper(
    'good',
    `[ "$*" = get ] || exit 9
read -r server
printf '{"ServerURL":"%s","Username":"me at %s","Secret":"${SECRET}"}' "$server" "$server"`,
  );
  expect(await askCredentialHelper(name, 'registry:5000')).toEqual({
    username: 'me at registry:5000',
    secret: SECRET,
  });
});

test('one that answers without reading its question is fine', async () => {
  const name = helper('deaf', `exec <&-; echo '{"Username":"me","Secret":"${SECRET}"}'`);
  expect(await askCredentialHelper(name, 'registry.example')).toEqual({ username: 'me', secret: SECRET });
});

test('one that knows no login is no failure', async () => {
  const name = helper('empty', 'echo "credentials not found in native keychain"; exit 1');
  expect(await askCredentialHelper(name, 'registry.example')).toBeUndefined();
});

test.each([
  ['failing', `echo ${SECRET}; echo ${SECRET} >&2; exit 3`, 'exit code 3'],
  ['killed', `echo ${SECRET}; kill -9 $$`, 'exit code none'],
  ['babbling', `echo 'no JSON: ${SECRET}'`, 'did not answer with a login'],
  ['halved', `echo '{"Username":"${SECRET}"}'`, 'did not answer with a login'],
  ['null', 'echo null', 'did not answer with a login'],
  [
    'endless',
    `while :; do echo ${SECRET}${SECRET}${SECRET}${SECRET}${SECRET}${SECRET}; done`,
    'answers more',
  ],
])('one that is %s is named, and what it printed is not told', async (name, script, told) => {
  const { message } = await failureOf(helper(name, script));
  expect(message).toContain(`docker-credential-${name}`);
  expect(message).toContain(told);
});

test('one that is not there is named', async () => {
  const { message, hint } = await failureOf('no-such-helper');
  expect(message).toMatchInlineSnapshot(
    `"credential helper docker-credential-no-such-helper for registry.example cannot be run (ENOENT)"`,
  );
  expect(hint).toMatchInlineSnapshot(
    `"install docker-credential-no-such-helper into the PATH of stackctld, or take it out of docker's config.json"`,
  );
});

test('one that may not be run is named', async () => {
  const { message } = await failureOf(helper('locked', 'exit 0', 0o644));
  expect(message).toContain('docker-credential-locked for registry.example cannot be run (EACCES)');
});

test('one that hangs is ended in time, with all that it began', async () => {
  const pidFile = join(directory, 'pid');
  const name = helper('hanging', `sleep 1000 & echo $! >'${pidFile}'; wait`);
  const { message } = await failureOf(name, 1_500);
  expect(message).toBe(
    'credential helper docker-credential-hanging did not answer for registry.example in 1.5 s',
  );
  const pid = readFileSync(pidFile, 'utf8').trim();
  const hasEnded = () =>
    !existsSync(`/proc/${pid}`) || readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  await eventually('what it began has ended', () => (hasEnded() ? true : undefined), { withinMs: 10_000 });
});

test.each(['../evil', 'a/b', 'a b', ''])('%j is no name of a helper', async (name) => {
  expect((await failureOf(name)).message).toContain('is no program');
});
