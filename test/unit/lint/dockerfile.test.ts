// biome-ignore-all lint/suspicious/noTemplateCurlyInString: a Dockerfile has templates of its own
import { describe, expect, it } from 'vitest';
import { parseDockerfile, userOf } from '../../../src/lint/dockerfile.ts';

const TEXT = [
  '# syntax=docker/dockerfile:1',
  'ARG BASE=python:3.12',
  '',
  'FROM --platform=linux/amd64 ${BASE} AS Build',
  'USER builder:builder',
  'RUN apt-get update && \\',
  '    # a comment between',
  '    apt-get install -y gcc',
  'RUN <<END',
  'FROM is no instruction here',
  'END',
  '',
  'from build',
  'COPY . .',
  'FROM scratch as last',
  'COPY --from=build /app /app',
].join('\n');

describe('a Dockerfile', () => {
  const dockerfile = parseDockerfile('/app/Dockerfile', TEXT);

  it('is taken apart into stages and instructions, each with its line', () => {
    expect(dockerfile.head.map(({ name, text }) => `${name} ${text}`)).toEqual(['ARG BASE=python:3.12']);
    expect(dockerfile.stages.map(({ base, as, from }) => [base, as, from.at.line])).toEqual([
      ['${BASE}', 'build', 4],
      ['build', undefined, 13],
      ['scratch', 'last', 15],
    ]);
    expect(dockerfile.stages[0]?.instructions.map(({ name, at }) => `${name} ${at.line}`)).toEqual([
      'USER 5',
      'RUN 6',
      'RUN 9',
    ]);
    expect(dockerfile.stages[0]?.instructions[1]?.text).toMatch(/update && +apt-get install -y gcc$/);
  });

  it('runs as the user of its last stage, or of the one that this is made from', () => {
    const users = dockerfile.stages.map((stage) => userOf(dockerfile, stage));
    expect(users).toEqual(['builder:builder', 'builder:builder', undefined]);
  });

  it('ends at the stage that is asked for', () => {
    expect(parseDockerfile('/app/Dockerfile', TEXT, 'build').last?.from.at.line).toBe(4);
    expect(dockerfile.last?.from.at.line).toBe(15);
  });

  it('is never refused', () => {
    expect(parseDockerfile('/app/Dockerfile', 'RUN x\nFROM\nUSER\nfoo bar \\').stages).toHaveLength(1);
    expect(parseDockerfile('/app/Dockerfile', '').last).toBeUndefined();
  });
});
