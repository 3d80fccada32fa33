import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readPolicy } from '../../../src/bin/policy-file.ts';
import { Failure } from '../../../src/model/failure.ts';
import { DEFAULT_POLICY } from '../../../src/policy/configuration.ts';

const TEXT = 'apiVersion: stackctl.io/v1alpha1\nkind: PolicyConfiguration\ndefaults: {enforce: baseline}\n';
const isRoot = process.geteuid?.() === 0;

function place() {
  const directory = mkdtempSync(join(tmpdir(), 'stackctl-policy-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const file = join(directory, 'policy.yaml');
  writeFileSync(file, TEXT, { mode: 0o644 });
  return { directory, file, manifests: [join(directory, 'manifests')] };
}

function refusal(options: Parameters<typeof readPolicy>[0]): string {
  try {
    readPolicy(options);
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    expect(thrown.kind).toBe('invalid');
    return thrown.message;
  }
  throw new Error('it was taken');
}

describe('the file of a policy', () => {
  it('is read when only its owner may write it', () => {
    const { file, manifests } = place();
    expect(readPolicy({ file, manifests }).defaults).toEqual({ enforce: 'baseline' });
    expect(readPolicy({ file: undefined, manifests })).toEqual(DEFAULT_POLICY);
  });

  it.each([0o664, 0o646, 0o666])('is refused with the mode %o', (mode) => {
    const { file, manifests } = place();
    chmodSync(file, mode);
    expect(refusal({ file, manifests })).toContain('others may write to it');
  });

  it('is refused in a directory where others may put another in its place', () => {
    const { directory, file, manifests } = place();
    chmodSync(directory, 0o777);
    expect(refusal({ file, manifests })).toContain(`others may write to its directory ${directory}`);
    chmodSync(directory, 0o1777);
    expect(readPolicy({ file, manifests }).defaults).toEqual({ enforce: 'baseline' });
  });

  it.runIf(isRoot)('is refused when it is somebody else’s', () => {
    const { file, manifests } = place();
    chownSync(file, 12_345, 0);
    expect(refusal({ file, manifests })).toContain('it belongs to user 12345');
  });

  it('is refused where manifests are watched, also by way of a link', () => {
    const { directory, file, manifests } = place();
    expect(refusal({ file, manifests: [directory] })).toContain('where manifests are watched');
    const link = join(directory, 'link.yaml');
    const watched = join(directory, 'manifests');
    mkdirSync(watched);
    writeFileSync(join(watched, 'policy.yaml'), TEXT);
    symlinkSync(join(watched, 'policy.yaml'), link);
    expect(refusal({ file: link, manifests })).toContain('where manifests are watched');
  });

  it('is refused when it is missing, or no file', () => {
    const { directory, manifests } = place();
    expect(refusal({ file: join(directory, 'none.yaml'), manifests })).toContain('ENOENT');
    expect(refusal({ file: directory, manifests: [] })).toContain('it is not a file');
  });

  it('is refused when anything in it is wrong, and all of that is told with its place', () => {
    const { file, manifests } = place();
    writeFileSync(file, `${TEXT}exemption: {}\nsources: {git: {enforce: all}}\n`);
    const message = refusal({ file, manifests });
    expect(message).toContain(`${file}:4:1: unknown field "exemption"`);
    expect(message).toContain(`${file}:5:26: expected`);
  });
});
