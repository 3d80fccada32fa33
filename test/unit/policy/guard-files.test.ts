import { describe, expect, it } from 'vitest';
import { resolveWish } from '../../../src/controller/wish.ts';
import { NO_PLACES, type PolicyLevel } from '../../../src/model/admission.ts';
import type { Files } from '../../../src/model/files.ts';
import { formatPosition } from '../../../src/model/problem.ts';
import { inMemory } from '../compose/loading-fixture.ts';
import { findOne } from '../manifest/in-memory.ts';

const ENGINE = {
  id: 'e',
  version: '28.5.2',
  apiVersion: '1.51',
  swarmActive: false,
  rootDirectory: '/var/lib/docker',
};

/** A stack in `/stacks/web`, and what was opened to resolve it. */
function wishOf(text: string, enforce: PolicyLevel) {
  const manifest = findOne({ 'web/compose.yaml': text });
  const opened: string[] = [];
  const memory = inMemory({ '/srv/secret': 'password\n', '/stacks/web/own.env': 'A=1' });
  const files: Files = {
    ...memory,
    readText: (path) => {
      opened.push(path);
      return memory.readText(path);
    },
    digestContext: (path) => {
      opened.push(path);
      return 'digest';
    },
    digestFile: (path) => {
      opened.push(path);
      return 'digest';
    },
  };
  const admission = { enforce, warn: 'privileged', places: NO_PLACES } as const;
  const { problems } = resolveWish(manifest, { engine: ENGINE, admission }, files);
  return { opened, problems };
}

describe('what lies outside of a stack that is held to baseline', () => {
  it.each([
    ['an env file', 'services: {web: {image: a, env_file: /srv/secret}}'],
    ['a file that is included', 'include: [/srv/secret]'],
    ['a file that is extended', 'services: {web: {extends: {file: /srv/secret, service: x}}}'],
    ['a build context', 'services: {web: {build: /srv}}'],
    ['a secret', 'services: {web: {image: a, secrets: [s]}}\nsecrets: {s: {file: /srv/secret}}'],
  ])('is not opened: %s', (_what, text) => {
    const { opened, problems } = wishOf(text, 'baseline');
    expect(opened.filter((path) => path.startsWith('/srv'))).toEqual([]);
    expect(problems.length).toBeGreaterThan(0);
    for (const problem of problems)
      expect(problem).toMatchObject({ code: 'PolicyViolation', severity: 'error' });
    expect(wishOf(text, 'privileged').opened.filter((path) => path.startsWith('/srv'))).not.toEqual([]);
  });

  it('is told with the place that refers to it', () => {
    const { problems } = wishOf('services: {web: {image: a, env_file: /srv/secret}}', 'baseline');
    const [problem] = problems;
    expect(problem?.message).toContain('(host-file)');
    expect(formatPosition(problem?.at)).toBe('/stacks/web/compose.yaml:1:38');
  });

  it('keeps nothing of its own back', () => {
    const { problems } = wishOf('services: {web: {image: a, env_file: own.env, build: .}}', 'baseline');
    expect(problems).toEqual([]);
  });

  it('leaves a missing file a missing file', () => {
    const { problems } = wishOf('services: {web: {image: a, env_file: /srv/none}}', 'baseline');
    expect(problems.map(({ code }) => code)).toEqual(['FileNotFound']);
  });
});
