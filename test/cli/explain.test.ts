import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Field, fieldOf, findField } from '../../src/cli/field-docs.ts';
import { readKindSchemas } from '../../src/cli/kind-schemas.ts';
import { CliHarness } from './harness.ts';

let cli: CliHarness;
beforeAll(async () => {
  cli = await CliHarness.start();
});
afterAll(() => cli.stop());

test('explain prints what a field means and which fields are in it', async () => {
  await cli.expectGolden(
    'explain',
    await cli.run('explain stack'),
    await cli.run('explain stack.spec.services.healthcheck'),
    await cli.run('explain Stacks.spec.driftDetection.mode'),
    await cli.run('explain st.spec.services.build'),
    await cli.run('explain stack.spec.networks --recursive'),
    await cli.run('explain stack.spec.dependsOn', { terminal: true }),
  );
});

test('explain says what may have been meant by a path that leads nowhere', async () => {
  await cli.expectGolden(
    'explain-failures',
    await cli.run('explain stack.spec.services.helthcheck'),
    await cli.run('explain stack.spec.services.web.image'),
    await cli.run('explain stack.spec.suspend.really'),
    await cli.run('explain stak.spec'),
    await cli.run('explain stack.spec stack.metadata'),
  );
});

test('explain of something else says with what a path begins', async () => {
  const { exit, stderr } = await cli.run('explain pods.spec');
  expect(exit).toBe(1);
  expect(stderr).toMatch(/^error: there is no kind "pods"\nhint: a path begins with one of .*\bstack\b/);
});

test('explain without a path lists every kind that has a schema', async () => {
  const { stdout } = await cli.run('explain');
  for (const { singular, kind, group, version } of await readKindSchemas()) {
    expect(stdout).toMatch(new RegExp(`^${singular} +${kind} +${group}/${version} +\\S`, 'm'));
  }
});

test('every field of every kind can be explained, and of a stack each says what it means', async () => {
  const silent: string[] = [];
  const visit = (root: Field, field: Field, path: readonly string[]): void => {
    expect(findField(root, path)).toBe(field);
    if (field.description === '') silent.push([root.name, ...path].join('.'));
    for (const each of field.fields) visit(root, each, [...path, each.name]);
  };
  for (const { singular, schema } of await readKindSchemas()) {
    const root = fieldOf(singular, schema);
    visit(root, root, []);
  }
  expect(silent.filter((path) => path.startsWith('stack.'))).toEqual([]);
});

test('a schema that has itself in it is followed no further than need be', () => {
  const schema: Record<string, unknown> = { type: 'object', properties: {} };
  schema['properties'] = { inner: schema };
  const field = fieldOf('thing', schema);
  expect(
    findField(
      field,
      Array.from({ length: 10 }, () => 'inner'),
    ),
  ).toMatchObject({ name: 'inner', type: 'Object' });
});
