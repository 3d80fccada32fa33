import { describe, expect, it } from 'vitest';
import { formatPosition } from '../../../src/model/problem.ts';
import { admissionFor, DEFAULT_POLICY, parsePolicy } from '../../../src/policy/configuration.ts';

const HEAD = 'apiVersion: stackctl.io/v1alpha1\nkind: PolicyConfiguration\n';

function levels(text: string | undefined, stack = 'web') {
  const policy = text === undefined ? DEFAULT_POLICY : parsePolicy('policy.yaml', HEAD + text).policy;
  if (policy === undefined) throw new Error('the policy is wrong');
  return (['directory', 'applied', 'git'] as const).map((source) => {
    const { enforce, warn } = admissionFor(policy, stack, source);
    return `${source}: ${enforce}, ${warn}`;
  });
}

function faults(text: string): readonly string[] {
  const { policy, problems } = parsePolicy('policy.yaml', text);
  expect(policy).toBeUndefined();
  return problems.map(({ code, at }) => `${code} ${formatPosition(at)}`);
}

describe('what a stack is held to', () => {
  it('is little in a directory and by apply, and baseline from Git, when the operator says nothing', () => {
    const nothing = [
      'directory: privileged, baseline',
      'applied: privileged, baseline',
      'git: baseline, baseline',
    ];
    expect(levels(undefined)).toEqual(nothing);
    expect(levels('')).toEqual(nothing);
    expect(levels('exemptions: {stacks: [other]}')).toEqual(nothing);
  });

  it('is said for all, and for a kind of source', () => {
    expect(levels('defaults: {enforce: baseline}\nsources: {applied: {warn: restricted}}')).toEqual([
      'directory: baseline, baseline',
      'applied: baseline, restricted',
      'git: baseline, baseline',
    ]);
    expect(levels('defaults: {enforce: privileged}\nsources: {git: {enforce: restricted}}')).toEqual([
      'directory: privileged, baseline',
      'applied: privileged, baseline',
      'git: restricted, baseline',
    ]);
  });

  it('is nothing for an exempt stack', () => {
    const text = 'defaults: {enforce: restricted, warn: restricted}\nexemptions: {stacks: [web]}';
    expect(new Set(levels(text).map((each) => each.split(': ')[1]))).toEqual(
      new Set(['privileged, privileged']),
    );
    expect(levels(text, 'db')).toContain('git: restricted, restricted');
  });
});

describe('a policy that is wrong', () => {
  it('is none, and says all that is wrong with its place', () => {
    const text = `${HEAD}defaults: {enforce: base, audit: baseline}\nsources: {svn: {}}\nexemptions: {stacks: [A b]}\n`;
    expect(faults(text)).toEqual([
      'InvalidValue policy.yaml:3:21',
      'UnknownField policy.yaml:3:27',
      'UnknownField policy.yaml:4:11',
      'InvalidValue policy.yaml:5:23',
    ]);
  });

  it.each([
    ['', ['EmptyFile policy.yaml:1:1']],
    ['[]', ['WrongType policy.yaml:1:1']],
    ['apiVersion: stackctl.io/v1alpha1\nkind: Stack\n', ['InvalidValue policy.yaml:2:7']],
    ['apiVersion: v2\nkind: PolicyConfiguration\n', ['InvalidValue policy.yaml:1:13']],
    [`${HEAD}---\n${HEAD}`, ['TooManyDocuments policy.yaml:4:1']],
    [`${HEAD}defaults: {enforce: baseline\n`, ['InvalidYaml policy.yaml:4:1']],
    [`${HEAD}defaults: {}\ndefaults: {}\n`, ['DuplicateKey policy.yaml:4:1']],
  ])('%j', (text, expected) => {
    expect(faults(text)).toEqual(expected);
  });
});
