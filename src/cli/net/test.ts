import { modelOf } from '../../isolation/model.ts';
import { checkPolicies, type PolicyCheck, problemsOf } from '../../isolation/policy.ts';
import { Failure } from '../../model/failure.ts';
import type { Context } from '../command.ts';
import { reportSetProblems } from '../local-manifests.ts';
import { renderDocument } from '../output/document.ts';
import { renderJunit } from './junit.ts';
import { readNetworking } from './sight.ts';

export type TestFormat = 'table' | 'wide' | 'json' | 'yaml' | 'junit';

/** Holds manifests to the policies among them. Exit 0: all is as expected, 1: it is not. */
export async function testPolicies(
  filenames: readonly string[],
  { engine, format }: { readonly engine: string; readonly format: TestFormat },
  context: Context,
): Promise<number> {
  const { topology, policies, sets } = await readNetworking(filenames, engine, context);
  if (policies.length === 0) {
    throw new Failure('invalid', 'there is no ReachabilityPolicy among the manifests', {
      hint: 'write one beside them: docs/isolation.md shows how',
    });
  }
  const checks = checkPolicies(modelOf(topology), policies);
  const failed = checks.filter(({ failures }) => failures.length > 0).length;
  if (format === 'junit') await context.stdout.write(renderJunit(checks));
  else if (format === 'json' || format === 'yaml') {
    await context.stdout.write(await renderDocument(format, { passed: failed === 0, checks }));
  } else {
    const [first] = sets;
    if (first !== undefined) await reportSetProblems(problemsOf(checks), first, context);
    await context.stdout.write(render(checks, failed, context));
  }
  return failed === 0 ? 0 : 1;
}

function render(checks: readonly PolicyCheck[], failed: number, { colors }: Context): string {
  const lines = checks.map(({ policy, title, failures }) => {
    const mark = failures.length === 0 ? colors.good('ok') : colors.bad('FAILED');
    return `${mark} ${policy}: ${title}`;
  });
  return [...lines, '', `${checks.length} checked, ${failed} failed`, ''].join('\n');
}
